"""Overhearing the index of a film that comes first in its file, while the rest of it is still being sent.

That of a long film takes a while to read: it is read by the time the last byte is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

OnIndex = Callable[[str, int, bytes], Coroutine[Any, Any, None]]
"""Given the key that a file is going to have, its size in bytes, and its first bytes as far as its index reaches."""

AT_ONCE = 2
"""Files that are listened to, or judged by what was heard, at a time: each is held in memory as far as its index."""
MOST_BYTES = 16 << 20
"""How far into a file an index is heard: four hours with two tracks take as much."""
_PASSED_OVER = frozenset({b"ftyp", b"free", b"skip", b"wide", b"uuid"})
"""Boxes that may stand before a `moov` which comes first (ISO/IEC 14496-12, section 6.3.4)."""
_HEADER = 8
"""Bytes of a box's header. Those of boxes beyond 4 GB are longer, which none of these is."""


class Overhearing:
    """Listens to some of the files that go by, and has `on_index` judge what it has heard."""

    def __init__(self, on_index: OnIndex) -> None:
        self._on_index = on_index
        self._held = 0
        self._judging: set[asyncio.Task[None]] = set()

    async def heard(self, blocks: AsyncIterator[bytes], key: str, size: int) -> AsyncIterator[bytes]:
        """The same blocks, which are those of a file of `size` bytes from its first byte on.

        Raises:
            Exception: whatever `blocks` raises.
        """
        ear = _Ear(min(size, MOST_BYTES)) if self._held < AT_ONCE else None
        self._held += ear is not None
        try:
            async for block in blocks:
                if ear is not None:
                    head = ear.take(block)
                    if head is not None:
                        ear = None
                        self._judge(key, size, head)
                    elif ear.is_done:
                        ear, self._held = None, self._held - 1
                yield block
        finally:
            self._held -= ear is not None

    def _judge(self, key: str, size: int, head: bytes) -> None:
        judging = asyncio.create_task(self._on_index(key, size, head))
        self._judging.add(judging)
        judging.add_done_callback(self._judged)

    def _judged(self, judging: asyncio.Task[None]) -> None:
        self._judging.discard(judging)
        self._held -= 1
        if not judging.cancelled():
            judging.exception()  # whoever plays it tries again, and is told


class _Ear:
    """Gathers the beginning of one file until its index is whole."""

    def __init__(self, most: int) -> None:
        self.is_done = False
        """Whether there is nothing more to hear."""
        self._most = most
        self._head = bytearray()
        self._box = 0
        """Where the next box begins."""

    def take(self, block: bytes) -> bytes | None:
        """Hear on; everything up to the end of the index when that has just come."""
        self._head += block
        while not self.is_done and len(self._head) >= self._box + _HEADER:
            size = int.from_bytes(self._head[self._box : self._box + 4], "big")
            kind, end = bytes(self._head[self._box + 4 : self._box + _HEADER]), self._box + size
            if size < _HEADER or end > self._most or kind not in (*_PASSED_OVER, b"moov"):
                self.is_done = True
            elif kind != b"moov":
                self._box = end
            elif len(self._head) >= end:
                self.is_done = True
                return bytes(self._head[:end])
            else:
                break
        return None
