"""Waiting for what is being made: one look at the records for all who wait for the same, and never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playhead.model.errors import PlayheadError

T = TypeVar("T")

LOOK_EVERY = 0.25
"""Seconds between two looks of who is not told that there is something to see."""


@dataclass
class _Thing:
    """What somebody waits for."""

    looking: asyncio.Task[Any]
    told: asyncio.Event
    waiting: int = 0


@dataclass
class WaitingRoom:
    """Where viewers wait. It has room for `things` different things, for any number of viewers each.

    A thing is looked for as long as somebody waits for it, and by no one but the first of them. When there is
    no room, what was asked for longest ago makes it: who waits for that is told to come back. Those who ask
    now still want it, and those who asked first may have given up, or gone on to another place.
    """

    things: int
    _open: dict[Hashable, _Thing] = field(default_factory=dict, init=False)

    async def wait(
        self,
        name: Hashable,
        look: Callable[[], Awaitable[T | None]],
        within: float,
        leaving: asyncio.Future[None] | None = None,
    ) -> T:
        """What `look` finds, once it finds something.

        Args:
            name: of the thing; who waits for the same name gets what the first one's `look` finds.
            look: None means not yet; an exception ends the waiting of all.
            within: seconds this viewer waits.
            leaving: done when this viewer is gone.

        Raises:
            PlayheadError: `not_ready` when others need the room, it takes too long, or the viewer is gone.
        """
        thing = self._open.pop(name, None)
        if thing is None:
            while len(self._open) >= self.things:
                self._open.pop(next(iter(self._open))).looking.cancel()
            told = asyncio.Event()
            thing = _Thing(asyncio.create_task(_looked(look, told)), told)
        self._open[name] = thing  # behind all others, for it was asked for last
        thing.waiting += 1
        try:
            ends = {thing.looking} if leaving is None else {thing.looking, leaving}
            await asyncio.wait(ends, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            if not thing.looking.done():
                raise PlayheadError("not_ready")
            if thing.looking.cancelled():
                raise PlayheadError("not_ready", "Too much is being made at the moment.")
            found: T = thing.looking.result()
            return found
        finally:
            thing.waiting -= 1
            if not thing.waiting and self._open.get(name) is thing:
                del self._open[name]
                thing.looking.cancel()

    def tell(self, part: Hashable) -> None:
        """Have all those look at once whose thing's name has this part in it."""
        for name, thing in self._open.items():
            if isinstance(name, tuple) and part in name:
                thing.told.set()


async def _looked(look: Callable[[], Awaitable[T | None]], told: asyncio.Event) -> T:
    while True:
        told.clear()  # before the look: what is told meanwhile may have come too late for it
        if (found := await look()) is not None:
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await told.wait()
