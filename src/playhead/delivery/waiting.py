"""Waiting for what is being made: one look at the records for all who wait for the same, and never for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playhead.model.errors import PlayheadError

T = TypeVar("T")

FIRST_LOOK = 0.05
LAST_LOOK = 0.25
"""Seconds between two looks; they grow, so that what takes long is not asked for a hundred times."""
GROWTH = 1.05


@dataclass
class _Thing:
    """What somebody waits for."""

    looking: asyncio.Task[Any]
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
            thing = _Thing(asyncio.create_task(_looked(look)))
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


async def _looked(look: Callable[[], Awaitable[T | None]]) -> T:
    pause = FIRST_LOOK
    while (found := await look()) is None:
        await asyncio.sleep(pause)
        pause = min(LAST_LOOK, pause * GROWTH)
    return found
