"""What every step of processing works with, and the rules by which a step is tried, retried and given up."""

from __future__ import annotations

import asyncio
import errno
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog

from playhead.media import webp
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.scratch import remove
from playhead.model.errors import PlayheadError
from playhead.model.states import Status
from playhead.packaging import Limits
from playhead.processing.floor import Floor
from playhead.records import steps, videos
from playhead.records.database import Records, Row, Transaction
from playhead.storage.port import Storage

MAX_ATTEMPTS = 6
"""A step begun this often without an end has killed its worker each time: it is given up."""
SUSPECTED_AFTER = 2
"""Attempts without an end after which a step runs alone: it may have been another's fault until then."""
TRIES = 2
"""A step that fails by name is tried once more, with safer settings where there are any."""

WANTED_SECONDS = 2.0
"""How often an encode that takes long looks whether its video was deleted."""

PASSING = frozenset({"storage_unavailable", "storage_full", "database_unavailable"})
"""Not the file's fault: tried again whenever work is looked for, without counting against the video."""

T = TypeVar("T")

log = structlog.get_logger()

GiveUp = Callable[[Transaction, Row, PlayheadError], Awaitable[None]]
"""Writes down that a step has failed for good; the video's row is locked."""


@dataclass(frozen=True)
class Workshop:
    """A worker's tools."""

    records: Records
    storage: Storage
    sandbox: Sandbox
    scratch: Path
    """A folder of this worker alone; whatever is in it when a worker starts is a dead one's."""
    max_duration_seconds: float
    floor: Floor = field(default_factory=Floor)
    source_limits: Limits = field(default_factory=Limits)
    """Up to where a source is offered to players as it is."""
    events_kept_for: timedelta = timedelta(days=30)
    """When what has happened is forgotten."""
    places_ahead: int = 2
    """Encodes of first pieces at a time that may run before their films are planned."""
    ahead: set[asyncio.Task[Any]] = field(default_factory=set)
    """Those that run now."""
    first_pieces: dict[UUID, asyncio.Event] = field(default_factory=dict)
    """Films that are planned and whose first piece comes from such an encode; set once it has come, or never will."""

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Path]:
        """A fresh folder for one attempt, gone afterwards however it ends.

        Raises:
            PlayheadError: `storage_full`, when writing in the block found no space.
        """
        folder = None
        try:
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self.scratch))
            yield folder
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise PlayheadError("storage_full") from error
            raise
        finally:
            if folder is not None:
                await asyncio.to_thread(remove, folder)

    @asynccontextmanager
    async def source(self, video: Row) -> AsyncIterator[Path]:
        """A video's source as ffmpeg can read it: itself, but for an animated WebP.

        Raises:
            PlayheadError: `source_missing`; whatever that animation cannot be unpacked for.
        """
        async with self.storage.local(video["source_key"]) as path, self.readable(path) as source:
            yield source

    @asynccontextmanager
    async def readable(self, path: Path) -> AsyncIterator[Path]:
        """A local file as `source` gives it.

        Raises:
            PlayheadError: whatever an animation cannot be unpacked for.
        """
        async with self.bench() as bench:
            yield await webp.readable(path, bench, self.sandbox)


async def fail_video(tx: Transaction, video: Row, error: PlayheadError) -> None:
    """The usual way to give up: the whole video fails."""
    await videos.fail(tx, video, error)


async def attempt(
    workshop: Workshop,
    video_id: UUID,
    name: str,
    work: Callable[[Row, int], Awaitable[None]],
    give_up: GiveUp = fail_video,
) -> None:
    """Do one step of a video that is under way, alone if it is suspected; anything else is silently over already.

    `work` gets the video's row and how often this step has failed before. A failure from the error table is
    written down; when it can pass the step stays due, else, or after `TRIES`, `give_up` is called. Any
    other exception is ours, fails the job loudly, and the reconciler brings the step back; so it does one whose
    worker died, until it is given up after `MAX_ATTEMPTS`.
    """
    async with workshop.records.transaction() as tx:
        suspected = await steps.unended(tx, video_id, name) >= SUSPECTED_AFTER
    # Counted inside: whoever still waits for a place has not begun.
    async with workshop.floor.place(alone=suspected):
        await _attempt(workshop, video_id, name, work, give_up)


async def _attempt(
    workshop: Workshop,
    video_id: UUID,
    name: str,
    work: Callable[[Row, int], Awaitable[None]],
    give_up: GiveUp,
) -> None:
    async with workshop.records.transaction() as tx:
        video = await videos.find(tx, video_id, lock=True)
        if video is None or video["status"] != Status.PROCESSING:
            return
        attempts, failures = await steps.begin(tx, video["project_id"], video_id, name)
        if attempts > MAX_ATTEMPTS:
            await steps.forgive(tx, video_id, name)  # this one is not made
            detail = f"The step {name} was begun {attempts - 1} times and never came to an end."
            await give_up(tx, video, PlayheadError("attempts_exhausted", detail))
            return
    try:
        await work(video, failures)
    except PlayheadError as error:
        said = getattr(error, "__notes__", [])  # by the tool that failed
        log.warning(
            "step failed", video_id=str(video_id), step=name, code=error.code, detail=str(error), said=said
        )
        if error.code in PASSING:
            await _forgive(workshop, video, name)
        else:
            await _count(workshop, video, name, error, give_up)
    except asyncio.CancelledError:
        # Stopped in good order: this attempt says nothing about the file.
        await _forgive(workshop, video, name)
        raise


async def while_wanted(workshop: Workshop, video: Row, doing: Coroutine[Any, Any, T]) -> T:
    """Do what may take minutes for a video, such as an encode, and end it where nobody wants it any more.

    Nothing that is stored may be under way in it, for that has to come to its own end.

    Raises:
        PlayheadError: `not_found` once the video was deleted, failed or is made already; and what `doing` raises.
    """
    task = asyncio.create_task(doing)
    try:
        while not (await asyncio.wait({task}, timeout=WANTED_SECONDS))[0]:
            if not await _is_wanted(workshop, video):
                raise PlayheadError("not_found", "The video is not being made any more.")
        return await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _is_wanted(workshop: Workshop, video: Row) -> bool:
    try:
        async with workshop.records.transaction() as tx:
            return await videos.is_wanted(tx, video)
    except PlayheadError as error:
        if error.code != "database_unavailable":
            raise
        return True  # as far as is known


async def _forgive(workshop: Workshop, video: Row, name: str) -> None:
    async with workshop.records.transaction() as tx:
        if await still(tx, video) is not None:
            await steps.forgive(tx, video["id"], name)


async def _count(workshop: Workshop, video: Row, name: str, error: PlayheadError, give_up: GiveUp) -> None:
    async with workshop.records.transaction() as tx:
        current = await still(tx, video)
        if current is None or current["status"] != Status.PROCESSING:
            return
        failures = await steps.fail(tx, video["id"], name, str(error))
        if not error.kind.retriable or failures >= TRIES:
            await give_up(tx, current, error)


async def still(tx: Transaction, video: Row) -> Row | None:
    """The video as it is now, locked; None where it is gone, or begun anew since an attempt took it up as `video`."""
    current = await videos.find(tx, video["id"], lock=True)
    return current if current is not None and current["generation"] == video["generation"] else None
