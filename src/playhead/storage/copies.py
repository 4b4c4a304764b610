"""Local copies of objects in a remote store, kept for a while: the jobs of one video fetch its source once.

One `Copies` per worker process. Whoever asks for an object that is just being fetched waits for that fetch.
Copies that nobody has open go, those first that nobody has asked for longest, once they are too many.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playhead.model.errors import PlayheadError
from playhead.storage.port import Storage


@dataclass
class _Copy:
    fetched: asyncio.Task[Path]
    given_back: AsyncExitStack = field(default_factory=AsyncExitStack)
    size: int = 0
    users: int = 0


class Copies:
    """The store itself, but for `local`. Copies take at most `capacity` bytes, beside those in use."""

    def __init__(self, storage: Storage, capacity: int) -> None:
        self.put, self.size, self.read, self.stream = storage.put, storage.size, storage.read, storage.stream
        self.delete, self.keys, self.adopt = storage.delete, storage.keys, storage.adopt
        self.is_near = storage.is_near
        self._storage = storage
        self._capacity = capacity
        self._kept: OrderedDict[str, _Copy] = OrderedDict()

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """As `Storage.local`; the copy stays for whoever asks next."""
        copy = self._kept.get(key)
        if copy is None:
            copy = self._begin(key)
        copy.users += 1
        self._kept.move_to_end(key)
        try:
            # Shielded: that one who waits goes away does not take it from the others.
            path = await asyncio.shield(copy.fetched)
            yield path
        finally:
            copy.users -= 1
            await self._shrink(self._capacity)

    async def close(self) -> None:
        """Give all copies back that nobody has open."""
        await self._shrink(0)

    def _begin(self, key: str) -> _Copy:
        copy = _Copy(asyncio.ensure_future(self._fetch(key)))
        self._kept[key] = copy

        def settle(done: asyncio.Task[Path]) -> None:
            if (done.cancelled() or done.exception() is not None) and self._kept.get(key) is copy:
                del self._kept[key]  # a failure is not kept

        copy.fetched.add_done_callback(settle)
        return copy

    async def _fetch(self, key: str) -> Path:
        try:
            return await self._open(key)
        except PlayheadError as error:
            if error.code != "storage_full":
                raise
        await self._shrink(0)
        return await self._open(key)

    async def _open(self, key: str) -> Path:
        copy = self._kept[key]
        size = await self._storage.size(key)
        await self._shrink(self._capacity - size)
        path = await copy.given_back.enter_async_context(self._storage.local(key))
        copy.size = size
        return path

    async def _shrink(self, capacity: int) -> None:
        """Give back the oldest idle copies until all are within `capacity` bytes."""
        for key in list(self._kept):
            if sum(each.size for each in self._kept.values()) <= max(0, capacity):
                return
            copy = self._kept.get(key)
            if copy is not None and not copy.users and copy.fetched.done():
                del self._kept[key]
                await copy.given_back.aclose()
