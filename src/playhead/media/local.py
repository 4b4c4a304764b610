"""A local file as the index reader wants it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


class LocalBytes:
    """Ranged reads of a file on this machine, each in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size

    async def read(self, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer only where the file ends."""
        return await asyncio.to_thread(self._read, start, length)

    def _read(self, start: int, length: int) -> bytes:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, length, start)
        finally:
            os.close(descriptor)


class HeldBytes(LocalBytes):
    """The same for who has a thread of its own: a reading holds it up, and nothing is handed to others.

    Two hours of film are read in thousands of pieces: to hand each over takes as long as to read it.
    """

    async def read(self, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer only where the file ends."""
        await asyncio.sleep(0)  # or nobody could end a reader that is never held up by anything else
        return self._read(start, length)

    def read_now(self, start: int, length: int) -> bytes:
        """The same at once. What follows is being brought from the disk meanwhile."""
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, start + length, length, os.POSIX_FADV_WILLNEED)
            return os.pread(descriptor, length, start)
        finally:
            os.close(descriptor)
