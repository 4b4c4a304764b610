"""Around any store: what may pass is tried again, with pauses that grow and differ, so that many do not come at once.

Every method of the port may be called again with the same arguments; that is what makes this right.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import TypeVar, cast

from playhead.model.errors import PlayheadError
from playhead.storage.port import Storage

T = TypeVar("T")

TRIES = 4
FIRST_PAUSE = 0.25
"""Seconds; each further pause is up to twice as long as the one before."""


class Retried:
    """A store whose `storage_unavailable` is an answer only after `tries` of them."""

    def __init__(self, storage: Storage, *, tries: int = TRIES, first_pause: float = FIRST_PAUSE) -> None:
        self._storage = storage
        self._tries = tries
        self._first_pause = first_pause

    @property
    def is_near(self) -> bool:
        """As `Storage.is_near`."""
        return self._storage.is_near

    async def put(self, key: str, data: bytes) -> None:
        """As `Storage.put`."""
        await self._again(lambda: self._storage.put(key, data))

    async def adopt(self, key: str, path: Path) -> None:
        """As `Storage.adopt`."""
        await self._again(lambda: self._storage.adopt(key, path))

    async def size(self, key: str) -> int:
        """As `Storage.size`."""
        return await self._again(lambda: self._storage.size(key))

    async def read(self, key: str, start: int, length: int) -> bytes:
        """As `Storage.read`."""
        return await self._again(lambda: self._storage.read(key, start, length))

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """As `Storage.stream`: one that breaks off goes on where it stood."""
        end, failures = start + length, 0
        while True:
            blocks = cast(AsyncGenerator[bytes, None], self._storage.stream(key, start, end - start))
            try:
                async with aclosing(blocks):
                    async for block in blocks:
                        start, failures = start + len(block), 0
                        yield block
                return
            except PlayheadError as error:
                failures += 1
                if not _may_pass(error, failures, self._tries):
                    raise
            await _pause(failures, self._first_pause)

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """As `Storage.local`; what fails inside of the block is not tried again."""
        async with AsyncExitStack() as opened:
            yield await self._again(lambda: opened.enter_async_context(self._storage.local(key)))

    async def delete(self, key: str) -> None:
        """As `Storage.delete`."""
        await self._again(lambda: self._storage.delete(key))

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """As `Storage.keys`, all or nothing of it: a listing that broke off begins again."""

        async def listed() -> list[str]:
            return [key async for key in self._storage.keys(prefix)]

        for key in await self._again(listed):
            yield key

    async def _again(self, call: Callable[[], Awaitable[T]]) -> T:
        return await again(call, tries=self._tries, first_pause=self._first_pause)


async def again(
    call: Callable[[], Awaitable[T]], *, tries: int = TRIES, first_pause: float = FIRST_PAUSE
) -> T:
    """What `call` returns, tried again while it is `storage_unavailable`.

    Raises:
        PlayheadError: what the last try raised.
    """
    failures = 0
    while True:
        try:
            return await call()
        except PlayheadError as error:
            failures += 1
            if not _may_pass(error, failures, tries):
                raise
        await _pause(failures, first_pause)


def _may_pass(error: PlayheadError, failures: int, tries: int) -> bool:
    return error.code == "storage_unavailable" and failures < tries


async def _pause(failures: int, first_pause: float) -> None:
    longest = first_pause * 2 ** (failures - 1)
    await asyncio.sleep(random.uniform(longest / 2, longest))
