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
