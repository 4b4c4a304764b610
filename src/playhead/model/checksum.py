"""The checksums of a whole file, as its sender declares them.

    sha-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:
    crc64nvme:rosUhgp5mIg=
    crc64nvme:rosUhgp5mIg=, sha-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

The first is how `sha256sum` shows it, behind the algorithm's name; the second is RFC 9530's, as in `Repr-Digest`; the
third is how S3 writes it in `x-amz-checksum-crc64nvme`: the Base64 of its eight bytes, the highest first.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from playhead.model.errors import PlayheadError

CRC64NVME_BYTES = 8
CRC_HEADER = "x-amz-checksum-crc64nvme"
"""Where S3 expects the CRC64NVME of what is sent, in Base64."""
_SIZES = {"sha-256": 32, "crc64nvme": CRC64NVME_BYTES}
"""Bytes of each checksum, by the name that it goes by."""
_SPELLING = re.compile(
    r"(?P<name>sha-256|crc64nvme)(?:=:(?P<quoted>[^:]+):|:(?P<plain>[^:]+))", re.IGNORECASE
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


@dataclass(frozen=True)
class Checksums:
    """Those of one file; None for what nobody has said or looked at."""

    sha256: bytes | None = None
    crc64nvme: bytes | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.sha256 is not None or self.crc64nvme is not None


NO_CHECKSUMS = Checksums()


def checksums_in(text: str) -> Checksums:
    """What a declared checksum says: one of them or both with a comma between, each in hexadecimal or Base64.

    Raises:
        PlayheadError: `invalid_request` for anything else.
    """
    values: dict[str, bytes] = {}
    for each in text.split(","):
        found = _SPELLING.fullmatch(each.strip())
        name = found["name"].lower() if found is not None else ""
        value = (
            _value((found["quoted"] or found["plain"]).strip(), _SIZES[name]) if found is not None else None
        )
        if value is None or name in values:
            raise PlayheadError(
                "invalid_request",
                "The checksum must be sha-256: or crc64nvme: and its value in hexadecimal or Base64, or both with "
                "a comma between.",
                field="checksum",
            )
        values[name] = value
    return Checksums(values.get("sha-256"), values.get("crc64nvme"))


def spelled(checksums: Checksums) -> str | None:
    """The same as text: SHA-256 in hexadecimal, CRC64NVME in Base64; None where there are none."""
    told = []
    if checksums.sha256 is not None:
        told.append(f"sha-256:{checksums.sha256.hex()}")
    if checksums.crc64nvme is not None:
        told.append(f"crc64nvme:{b64encode(checksums.crc64nvme).decode()}")
    return ", ".join(told) or None


def require(declared: Checksums, found: Checksums) -> None:
    """Hold what arrived against what was declared, as far as both are known.

    Raises:
        PlayheadError: `checksum_mismatch`.
    """
    if None not in (declared.sha256, found.sha256) and declared.sha256 != found.sha256:
        wanted, got = Checksums(sha256=declared.sha256), Checksums(sha256=found.sha256)
    elif None not in (declared.crc64nvme, found.crc64nvme) and declared.crc64nvme != found.crc64nvme:
        wanted, got = Checksums(crc64nvme=declared.crc64nvme), Checksums(crc64nvme=found.crc64nvme)
    else:
        return
    raise PlayheadError("checksum_mismatch", f"{spelled(got)} arrived; {spelled(wanted)} was declared.")


def crc64nvme_in(text: str) -> bytes | None:
    """The CRC64NVME that S3 writes so; None for anything else."""
    return base64_in(text, CRC64NVME_BYTES)


def _value(text: str, size: int) -> bytes | None:
    if len(text) == 2 * size and _HEX.fullmatch(text):
        return bytes.fromhex(text)
    return base64_in(text, size)


def part_headers(md5: str | None, crc64nvme: bytes | None) -> dict[str, str]:
    """The headers of a request that brings a part, and only these bytes; `md5` is in Base64."""
    headers = {} if md5 is None else {"Content-MD5": md5}
    return headers if crc64nvme is None else {**headers, CRC_HEADER: b64encode(crc64nvme).decode()}


def base64_in(text: str, size: int) -> bytes | None:
    """So many bytes, in Base64; None for anything else."""
    try:
        value = b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # ValueError: not even ASCII
        return None
    return value if len(value) == size else None
