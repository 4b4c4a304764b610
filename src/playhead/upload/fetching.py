"""Bringing a file from a URL, the job: one attempt, which goes on where the last one ended.

What has come is on the disk and in the journal of `storage.arriving` several times a second, so that a server that
breaks off or a worker that dies costs little. The row in `fetches` says when the next attempt is due, and the
reconciler sees to it. It goes when the upload is over; so does the URL, which may hold a secret.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import structlog

from playhead.media.source import HEAD_BYTES
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.records import fetches, uploads, videos
from playhead.records.database import Row, Transaction
from playhead.upload.completing import complete
from playhead.upload.first_look import looked_at
from playhead.upload.part import Part
from playhead.upload.sessions import Uploads, VideoRequest
from playhead.upload.url_ingest import PROGRESS_BYTES, Offer, Wanted, pause
from playhead.upload.url_source import Strangers

NOTE_EVERY = 1.0
"""Seconds between looks at whether the upload is still wanted, which also tell how far it is."""
MAX_BEGUN = 10
"""Attempts that neither ended nor brought anything: a file that kills its worker each time is given up."""
_OURS = frozenset({"storage_full", "storage_unavailable"})
"""Not the fault of URL or server: tried again until the upload's time is over."""
_OURS_PAUSE = 60.0

log = structlog.get_logger()


class _OverError(Exception):
    """The upload is not wanted any more: deleted, expired, or someone else has ended it."""


@dataclass(frozen=True)
class Fetching:
    """What fetching works with."""

    station: Uploads
    strangers: Strangers


async def begin(station: Uploads, tx: Transaction, project_id: UUID, request: VideoRequest, url: str) -> UUID:
    """Create a video whose file is fetched from `url`, which is checked already; the video's id.

    Raises:
        PlayheadError: as `Uploads.open`.
    """
    upload = await station.open(tx, project_id, request)
    video_id: UUID = upload["video_id"]
    turn = await fetches.create(tx, project_id, video_id, url)
    await tx.defer(jobs.fetch(video_id, turn))
    return video_id


async def fetch(fetching: Fetching, video_id: UUID) -> None:
    """Make one attempt at a fetch that is due; anything else is silently over already."""
    station = fetching.station
    async with station.records.transaction() as tx:
        row, upload = await fetches.find(tx, video_id), await uploads.of_video(tx, video_id)
        if row is None or not row["due"]:
            return
        if upload is None or upload["state"] not in uploads.OPEN or upload["expired"]:
            await fetches.remove(tx, video_id)
            return
        begun = await fetches.begin(tx, video_id)
    if begun > MAX_BEGUN:
        await _give_up(station, upload, PlayheadError("attempts_exhausted"))
        return
    try:
        await _bring(fetching, row, upload)
        await complete(station, video_id, project_id=upload["project_id"])
    except _OverError:
        await station.incoming.discard(upload["id"])
        return
    except PlayheadError as error:
        if error.code == "database_unavailable":
            raise  # nothing can be written down; the reconciler brings it back
        await _failed(station, upload, error)
        return
    except asyncio.CancelledError:
        # Stopped in good order: this attempt says nothing about the file.
        async with station.records.transaction() as tx:
            await fetches.forgive(tx, video_id)
        raise
    async with station.records.transaction() as tx:
        await fetches.remove(tx, video_id)


async def _bring(fetching: Fetching, row: Row, upload: Row) -> None:
    """Bring what is missing of the file; then it is whole and on the disk."""
    incoming = fetching.station.incoming
    if await incoming.arrived(upload["id"]):
        return
    wanted = Wanted()
    held = await incoming.standing(upload["id"])
    if held is not None and row["validator"] is not None:
        wanted = Wanted(held.prefix, held.size, row["validator"])
    async with fetching.strangers.open(row["url"], wanted) as (found, blocks):
        if found.start == 0:
            await incoming.discard(upload["id"])
        await _promise(fetching.station, row, upload, found)
        progress = _Progress(fetching.station, row, upload)
        before = (
            await incoming.arriving.read(upload["id"], 0, min(found.start, HEAD_BYTES))
            if found.start
            else b""
        )
        blocks = looked_at(blocks, found.size, before)
        if found.size is None:
            limit = fetching.station.limit(single=True)  # there is no going on with it
            size = await incoming.receive(upload["id"], progress.watched(blocks), limit)
        else:
            size = found.size
            part = Part(found.start, size, size)
            arrived = await incoming.receive_part(upload["id"], part, blocks, progress.look)
            if not arrived.whole:
                raise PlayheadError(
                    "source_unreachable", "The connection broke off before the file was whole."
                )
        async with fetching.station.records.transaction() as tx:
            if not await uploads.received(tx, upload["id"], size):
                raise _OverError


async def _promise(station: Uploads, row: Row, upload: Row, found: Offer) -> None:
    """Write down what is coming, before it comes.

    Raises:
        PlayheadError: `empty_file`, `upload_too_large`, `quota_exceeded`.
    """
    if found.size == 0:
        raise PlayheadError("empty_file")
    if found.size is not None and found.size > station.limit():
        raise PlayheadError(
            "upload_too_large", f"The file has {found.size} bytes; {station.limit()} are allowed."
        )
    async with station.records.transaction() as tx:
        await fetches.promise(tx, row["video_id"], found.validator)
        if found.size is not None:
            await uploads.declare(tx, upload["id"], found.size)


class _Progress:
    """Tells how far a file is, and stops it when it is not wanted any more."""

    def __init__(self, station: Uploads, row: Row, upload: Row) -> None:
        self._station, self._row, self._upload = station, row, upload
        self._looked = time.monotonic()

    async def watched(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The blocks as they come, of a file whose size is not known."""
        came = 0
        async for block in blocks:
            came += len(block)
            yield block
            if self._is_time():
                await self._note(came)

    async def look(self) -> None:
        """After more was kept of a file that can be gone on with."""
        if self._is_time():
            held = await self._station.incoming.standing(self._upload["id"])
            await self._note(held.prefix if held is not None else 0)

    def _is_time(self) -> bool:
        if time.monotonic() - self._looked < NOTE_EVERY:
            return False
        self._looked = time.monotonic()
        return True

    async def _note(self, size: int) -> None:
        async with self._station.records.transaction() as tx:
            if not await fetches.note(tx, self._row["video_id"], self._upload["id"], size):
                raise _OverError


async def _failed(station: Uploads, upload: Row, error: PlayheadError) -> None:
    """Decide what becomes of a fetch after an attempt that ended badly."""
    video_id = upload["video_id"]
    log.warning("fetch failed", video_id=str(video_id), code=error.code, detail=error.detail)
    async with station.records.transaction() as tx:
        row, video = await fetches.find(tx, video_id), await videos.find(tx, video_id)
    # Deleted, expired, or judged and refused while completing.
    if row is None or video is None or video["status"] != Status.PENDING_UPLOAD:
        async with station.records.transaction() as tx:
            await fetches.remove(tx, video_id)
        await station.incoming.discard(upload["id"])
        return
    if error.code == "wrong_state":
        return  # another worker has taken the file over and goes on with it
    held = await station.incoming.standing(upload["id"])
    kept = held.prefix if held is not None and row["validator"] is not None else 0
    failures = 1 if kept - row["kept_bytes"] >= PROGRESS_BYTES else row["failures"] + 1
    wait = _OURS_PAUSE if error.code in _OURS else pause(failures, error)
    if wait is None:
        await _give_up(station, upload, error)
        return
    async with station.records.transaction() as tx:
        counted = row["failures"] if error.code in _OURS else failures
        await fetches.again(tx, video_id, kept=kept, failures=counted, after=wait, error=str(error))


async def _give_up(station: Uploads, upload: Row, error: PlayheadError) -> None:
    async with station.records.transaction() as tx:
        video = await videos.find(tx, upload["video_id"], lock=True)
        await uploads.end(tx, upload["id"], UploadState.DEAD)
        await fetches.remove(tx, upload["video_id"])
        if video is not None and video["status"] == Status.PENDING_UPLOAD:
            await videos.fail(tx, video, error)
    await station.incoming.discard(upload["id"])
