"""A local file as the index reader wants it."""

from __future__ import annotations

import asyncio
import mmap
import os
from pathlib import Path

MAPPED = 8 << 20
"""Bytes that are mapped at once: to map a film in smaller pieces takes a fifth longer to walk through it."""


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

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._mapped, self._mapped_from = memoryview(b""), 0

    async def read(self, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer only where the file ends."""
        await asyncio.sleep(0)  # or nobody could end a reader that is never held up by anything else
        return self._read(start, length)

    def read_now(self, start: int, length: int) -> memoryview:
        """The same at once, as it lies in memory and not copied. What follows is brought from the disk meanwhile.

        Of what is looked at only here and there, copying is a third of the work. Where the file became shorter while
        it is looked at, the process would die: no source ever does.
        """
        before = start - self._mapped_from
        if before < 0 or before + length > len(self._mapped):
            self._mapped, self._mapped_from = self._map(start, max(length, MAPPED)), start
            before = 0
        return self._mapped[before : before + length]

    def _map(self, start: int, length: int) -> memoryview:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, start + length, length, os.POSIX_FADV_WILLNEED)
            length = min(length, os.fstat(descriptor).st_size - start)
            if length <= 0:
                return memoryview(b"")
            before = start % mmap.ALLOCATIONGRANULARITY
            lies = mmap.mmap(
                descriptor, before + length, mmap.MAP_SHARED, mmap.PROT_READ, offset=start - before
            )
        finally:
            os.close(descriptor)
        return memoryview(lies)[before:]
