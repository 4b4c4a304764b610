"""What is shown of each video, remembered for a moment: players ask for many segments of few videos."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from playhead.delivery import access
from playhead.delivery.presentation import Presentation, present
from playhead.delivery.shelf import Shelf
from playhead.delivery.waiting import WaitingRoom
from playhead.model.errors import PlayheadError
from playhead.model.plan import Plan
from playhead.model.urls import version
from playhead.records import playing as playing_records
from playhead.records.database import Records
from playhead.records.playing import Playing

FORMAT = 3
"""Part of every URL's version. Raise it whenever init or media segments come out with other bytes than before:
caches keep them for a year, and a player must never get parts of two kinds."""
PLAN_WITHIN = 8.0
"""Seconds a player waits for a source to be planned, when it cannot be played as it is."""
SOON, LATER = 1.0, 2.0
"""Seconds for which what was looked up of a growing and of a finished video serves other requests."""

Departing = Callable[[], AbstractAsyncContextManager[asyncio.Future[None] | None]]


class NothingStoredError(PlayheadError):
    """There is no such video, or it holds no source: it may be arriving still."""

    def __init__(self) -> None:
        super().__init__("not_found")


def version_of(source_key: str, generation: int = 1) -> str:
    """The version in the URLs of everything that is streamed of a source, each time it is made."""
    return version(f"{source_key} {FORMAT}" + (f" {generation}" if generation > 1 else ""))


@asynccontextmanager
async def staying() -> AsyncIterator[None]:
    """The departure of somebody who never leaves."""
    yield None


@dataclass(frozen=True)
class Viewer:
    """Who asks for a video."""

    video_id: UUID
    seconds_left: int | None = None
    """How long the token still works; None when there is none."""
    departing: Departing = staying
    """Opens a watch, whose future is done when the viewer has hung up."""


@dataclass(frozen=True)
class Shown:
    """What one lookup found."""

    playing: Playing
    presentation: Presentation
    until: float
    """Until when, on the monotonic clock, it serves other requests."""

    @property
    def version(self) -> str:
        """What stands behind `?v=` in the URLs of its segments."""
        return version_of(self.playing.source_key, self.playing.generation)


@dataclass
class Showing:
    """Looks up what there is to show; one per web process."""

    records: Records
    shelf: Shelf
    room: WaitingRoom
    _shown: OrderedDict[UUID, Shown] = field(default_factory=OrderedDict, init=False)

    def remembered(self, viewer: Viewer) -> Shown | None:
        """What was found a moment ago.

        Raises:
            PlayheadError: `not_found` for who may not see it.
        """
        shown = self._shown.get(viewer.video_id)
        if shown is None or shown.until <= time.monotonic():
            return None
        return _admitted(shown, viewer)

    async def now(self, viewer: Viewer) -> Shown:
        """What there is at this moment, waiting for the video to be planned if that is what it takes.

        Of a finished video, what is remembered is as good.

        Raises:
            PlayheadError: `not_found`, also for who may not see it; `not_ready`.
        """
        shown = self.remembered(viewer)
        if shown is not None and shown.playing.ready:
            return shown
        shown = await self._look(viewer)
        if shown is None:
            # Only for who may see it: the first look has judged that.
            async with viewer.departing() as leaving:
                look = partial(self._look_once_planned, viewer)
                name = ("planned", viewer.video_id)
                shown = await self.room.wait(name, look, PLAN_WITHIN, leaving)
        self._remember(shown)
        return shown

    async def _look_once_planned(self, viewer: Viewer) -> Shown | None:
        """The same as `_look`, for who has looked before: until the video is planned it would find the same."""
        async with self.records.transaction() as tx:
            if await playing_records.is_unplanned(tx, viewer.video_id):
                return None
        return await self._look(viewer)

    async def _look(self, viewer: Viewer) -> Shown | None:
        async with self.records.transaction() as tx:
            playing = await playing_records.load(tx, viewer.video_id)
        if playing is None:
            raise NothingStoredError
        access.admit(is_public=playing.is_public, has_token=viewer.seconds_left is not None)
        plan = await self._plan(playing) if playing.planned else None
        presentation = await present(playing, plan, self.shelf)
        if presentation is None:
            if playing.planned:
                raise PlayheadError("not_found")  # every rendition was deleted or has failed
            return None
        lasting = LATER if playing.ready else SOON if playing.planned else 0
        return Shown(playing, presentation, time.monotonic() + lasting)

    async def _plan(self, playing: Playing) -> Plan:
        async def read() -> Plan:
            async with self.records.transaction() as tx:
                found = await playing_records.plan(tx, playing.video_id)
            if found is None:
                raise PlayheadError("not_found")  # deleted just now
            return found

        place = ("plan", playing.source_key, playing.generation)
        return await self.shelf.kept(place, read, lambda plan: len(plan.segments))

    def _remember(self, shown: Shown) -> None:
        self._shown[shown.playing.video_id] = shown
        self._shown.move_to_end(shown.playing.video_id)
        # What is over goes at once, for it holds indexes that the shelf may have let go.
        now = time.monotonic()
        while self._shown and next(iter(self._shown.values())).until <= now:
            self._shown.popitem(last=False)


def _admitted(shown: Shown, viewer: Viewer) -> Shown:
    access.admit(is_public=shown.playing.is_public, has_token=viewer.seconds_left is not None)
    return shown
