"""The checksum of one chunk: `Upload-Checksum` of tus 1.0, its extension for checksums."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode
from collections.abc import Callable
from typing import Protocol

from playhead.model.errors import PlayheadError


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    """CRC-32 as in zlib, its four bytes in network order."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


# Against accidents on the way, not against forgers: the URL's signature is what keeps those out.
_ALGORITHMS: dict[str, Callable[[], _Hash]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "crc32": _Crc32,
}
ALGORITHMS = ",".join(_ALGORITHMS)
"""As `Tus-Checksum-Algorithm` names them; every server has to have sha1."""


class Checksum:
    """What a chunk must add up to."""

    def __init__(self, hash: _Hash, expected: bytes) -> None:
        self._hash = hash
        self._expected = expected

    def update(self, data: bytes) -> None:
        """Count more of the chunk in."""
        self._hash.update(data)

    def verify(self) -> None:
        """Compare, once all of it came.

        Raises:
            PlayheadError: `checksum_mismatch`.
        """
        if self._hash.digest() != self._expected:
            raise PlayheadError("checksum_mismatch")


def parse(header: str | None) -> Checksum | None:
    """What an `Upload-Checksum` header asks for: an algorithm and the Base64 of its value.

    Raises:
        PlayheadError: `malformed_request`.
    """
    if header is None:
        return None
    name, _, value = header.strip().partition(" ")
    make = _ALGORITHMS.get(name.lower())
    if make is None:
        raise PlayheadError("malformed_request", f"Upload-Checksum must be one of {ALGORITHMS}.")
    try:
        return Checksum(make(), b64decode(value.strip(), validate=True))
    except ValueError:  # nor is it Base64 if it is not even ASCII
        raise PlayheadError("malformed_request", "Upload-Checksum must have a value in Base64.") from None
