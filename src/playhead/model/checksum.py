"""The checksum of a whole file, as its sender declares it before the first byte is sent.

    sha-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:

The first is how `sha256sum` shows it, behind the algorithm's name; the second is RFC 9530's, as in `Repr-Digest`.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode

from playhead.model.errors import PlayheadError

_SPELLING = re.compile(r"sha-256(?:=:(?P<quoted>[^:]+):|:(?P<plain>[^:]+))", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-fA-F]{64}")


def sha256_in(text: str) -> bytes:
    """The SHA-256, 32 bytes, that a declared checksum says; in hexadecimal or Base64.

    Raises:
        PlayheadError: `invalid_request` for anything else.
    """
    found = _SPELLING.fullmatch(text.strip())
    value = (found["quoted"] or found["plain"]).strip() if found is not None else ""
    if _HEX.fullmatch(value):
        return bytes.fromhex(value)
    try:
        digest = b64decode(value, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not even ASCII
        digest = b""
    if len(digest) != 32:
        raise PlayheadError(
            "invalid_request",
            "The checksum must be sha-256: and the SHA-256 in hexadecimal or Base64.",
            field="checksum",
        )
    return digest


def spelled(sha256: bytes) -> str:
    """The same as text, in hexadecimal."""
    return f"sha-256:{sha256.hex()}"


def require(sha256: bytes, found: bytes) -> None:
    """Hold what arrived against what was declared.

    Raises:
        PlayheadError: `checksum_mismatch`.
    """
    if found != sha256:
        raise PlayheadError("checksum_mismatch", f"{spelled(found)} arrived; {spelled(sha256)} was declared.")
