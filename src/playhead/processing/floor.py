"""The floor of a workshop: steps share it, but for those that are suspected of killing their worker.

What kills a worker, such as a file that takes all of the machine's memory, takes every step along that runs beside
it, and from outside nobody can tell which of them it was. So a step that has been begun more than once without an end
gets the floor to itself: if the worker dies again, it was this one, and the others have lost nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Floor:
    """Where the steps of one worker process run."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._running = 0
        self._suspects = 0
        """That run, or wait for the others to end; nobody else begins meanwhile."""

    @asynccontextmanager
    async def place(self, *, alone: bool) -> AsyncIterator[None]:
        """Run the block beside others, or alone as soon as those have ended."""
        if alone:
            await self._enter_alone()
        else:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._suspects)
                self._running += 1
        try:
            yield
        finally:
            async with self._changed:
                self._running -= 1
                self._suspects -= alone
                self._changed.notify_all()

    async def _enter_alone(self) -> None:
        async with self._changed:
            self._suspects += 1
            try:
                await self._changed.wait_for(lambda: not self._running)
            except BaseException:
                self._suspects -= 1
                self._changed.notify_all()
                raise
            self._running += 1
