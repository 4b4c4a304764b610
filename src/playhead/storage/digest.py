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

    def update(self, data: bytes | bytearray, /) -> None:
        """Count more bytes in."""
        self._value = _CRC64NVME.calc(data, self._value)

    def digest(self) -> bytes:
        """Of all bytes so far: eight, the highest first."""
        return self._value.to_bytes(CRC64NVME_BYTES, "big")


class Counting:
    """Those checksums that `like` has, of bytes that come bit by bit."""

    def __init__(self, like: Checksums) -> None:
        self._sha256 = None if like.sha256 is None else hashlib.sha256()
        self._crc64nvme = None if like.crc64nvme is None else Crc64Nvme()

    def update(self, data: bytes | bytearray) -> None:
        """Count more bytes in."""
        if self._sha256 is not None:
            self._sha256.update(data)
        if self._crc64nvme is not None:
            self._crc64nvme.update(data)

    def found(self) -> Checksums:
        """Of all bytes so far."""
        return Checksums(
            None if self._sha256 is None else self._sha256.digest(),
            None if self._crc64nvme is None else self._crc64nvme.digest(),
        )


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
    counting = Counting(like)
    await _read(path, counting.update)
    return counting.found()


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
