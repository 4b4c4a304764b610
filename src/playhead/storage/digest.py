"""Checksums of a local file, read once from end to end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import anycrc

from playhead.model.checksum import CRC64NVME_BYTES, Checksums

_STEP = 64 * 1024 * 1024
"""Bytes per turn in a thread: a tenth of a second, after which whoever was cancelled stops reading."""
_BLOCK = 1024 * 1024
_CRC64NVME = anycrc.Model("CRC64-NVME")


class Crc64Nvme:
    """The CRC that S3 keeps of whole objects: CRC-64/NVME, with `hashlib`'s methods."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Count more bytes in."""
        self._value = _CRC64NVME.calc(data, self._value)

    def digest(self) -> bytes:
        """Of all bytes so far: eight, the highest first."""
        return self._value.to_bytes(CRC64NVME_BYTES, "big")


async def sha256_of(path: Path) -> bytes:
    """The 32 bytes of its SHA-256.

    Raises:
        OSError: the file cannot be read.
    """
    found = hashlib.sha256()
    await _read(path, found.update)
    return found.digest()


async def checksums_of(path: Path, like: Checksums) -> Checksums:
    """Those of its checksums that `like` has.

    Raises:
        OSError: the file cannot be read.
    """
    sha256, crc64nvme = hashlib.sha256(), Crc64Nvme()
    wanted: list[Callable[[bytes], None]] = [sha256.update] if like.sha256 is not None else []
    wanted += [crc64nvme.update] if like.crc64nvme is not None else []

    def update(block: bytes) -> None:
        for each in wanted:
            each(block)

    await _read(path, update)
    return Checksums(
        None if like.sha256 is None else sha256.digest(),
        None if like.crc64nvme is None else crc64nvme.digest(),
    )


async def _read(path: Path, update: Callable[[bytes], None]) -> None:
    with await asyncio.to_thread(path.open, "rb") as file:
        while await asyncio.to_thread(_more, file, update):
            pass


def _more(file: BinaryIO, update: Callable[[bytes], None]) -> bool:
    """Count the next stretch in; False at the end."""
    for _ in range(_STEP // _BLOCK):
        block = file.read(_BLOCK)
        if not block:
            return False
        update(block)
    return True
