"""A stored file as the index readers want it, and a window on it that saves them requests."""

from __future__ import annotations

from typing import Protocol

READ_AHEAD = 4096
"""Bytes asked for when only a header is wanted: what it announces mostly comes with it in one request."""


class Bytes(Protocol):
    """A stored file that can be read in ranges."""

    @property
    def size(self) -> int:
        """The size of the whole file in bytes."""

    async def read(self, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer only where the file ends.

        Raises:
            PlayheadError: `source_missing`, `storage_unavailable`.
        """


class Window:
    """The last bytes read, so that a header and what follows it cost one request."""

    def __init__(self, source: Bytes) -> None:
        self.size = source.size
        self._source = source
        self._start = 0
        self._held = b""

    async def take(self, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`, fewer only where the file ends, or is shorter than it said.

        Raises:
            PlayheadError: what the file's `read` raises.
        """
        length = max(0, min(length, self.size - start))
        if length and not self._start <= start <= start + length <= self._start + len(self._held):
            wanted = min(max(length, READ_AHEAD), self.size - start)
            self._held, self._start = await self._source.read(start, wanted), start
        return self._held[start - self._start : start - self._start + length] if length else b""
