"""Clearing up: what is left of uploads that ran out of time, and of videos that are deleted."""

from __future__ import annotations

import asyncio
from uuid import UUID

import structlog

from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.records import partials, uploads, videos
from playhead.upload import quarantine
from playhead.upload.completing import complete, complete_by_itself
from playhead.upload.sessions import Uploads

log = structlog.get_logger()

UNKNOWN_SECONDS = 24 * 3600
"""How old something in the incoming folder must be to be deleted when no upload is known by its name."""
CLEAR_EVERY = 60.0
"""Seconds between looks at what has arrived and has nobody left who would complete or delete it."""


async def delete_video(station: Uploads, video_id: UUID, *, project_id: UUID) -> None:
    """Delete a video, whatever its state, with everything that arrived for it or was made of it.

    Raises:
        PlayheadError: `not_found`.
    """
    async with station.records.transaction() as tx:
        video = await videos.get(tx, video_id, project_id=project_id, lock=True)
        upload = await uploads.of_video(tx, video_id)
        await videos.remove(tx, video)
    if upload is not None:
        await station.incoming.discard(upload["id"])


async def abandon_overdue(station: Uploads, limit: int = 100) -> None:
    """Fail the videos whose upload ran out of time, forget partials that did, and delete what had arrived."""
    async with station.records.transaction() as tx:
        overdue = await uploads.overdue(tx, limit)
        gone = await partials.remove_overdue(tx, limit)
    for partial_id in gone:
        await station.incoming.discard(partial_id)
    for upload in overdue:
        async with station.records.transaction() as tx:
            video = await videos.find(tx, upload["video_id"], lock=True)
            await uploads.end(tx, upload["id"], UploadState.DEAD)
            if video is not None and video["status"] == Status.PENDING_UPLOAD:
                await videos.fail(tx, video, PlayheadError("upload_expired"))
        await station.incoming.discard(upload["id"])


async def look_after_multiparts(station: Uploads) -> None:
    """Complete what came straight to the store without anybody telling us, and clear away what nobody needs.

    A form's sender tells nobody but the store, and one who completes may not live to see it done.
    """
    for upload in await quarantine.unattended(station):
        try:
            await complete(station, upload["video_id"], project_id=upload["project_id"])
        except PlayheadError as refusal:
            # The video has failed with it, or the store is away and it is tried again at the next look.
            log.info("an upload was not completed", upload_id=str(upload["id"]), code=refusal.code)
    await quarantine.clear(station)


async def keep_incoming_clear(station: Uploads, every: float = CLEAR_EVERY) -> None:
    """Tidy up after processes that were killed, or had no database, until cancelled; `every` is in seconds.

    Web processes take uploads and workers fetch files, each into the folder of its own machine: both run this.
    """
    while True:
        try:
            await clear_incoming(station)
        except PlayheadError as error:
            log.warning("what was left of finished uploads stays for now", code=error.code)
        except Exception:
            # Ended by something unforeseen, it would be missed only when the disk is full.
            log.exception("what was left of finished uploads stays for now")
        await asyncio.sleep(every)


async def clear_incoming(station: Uploads) -> None:
    """Finish what a process that died could not: complete what is whole, and delete what is left of what is over.

    An upload that completes by itself may have lost the process that would have done so just after its last byte.
    """
    ages = await station.incoming.ids()
    async with station.records.transaction() as tx:
        known = await uploads.standings(tx, list(ages))
        waiting = await partials.waiting(tx, list(ages))
    for upload_id, age in ages.items():
        upload = known.get(upload_id)
        if upload is not None and upload["state"] in uploads.OPEN:
            if upload["auto_complete"]:
                await _complete(station, upload_id, upload["state"])
        # One without a row may be a form that is still arriving.
        elif upload is not None or (upload_id not in waiting and age > UNKNOWN_SECONDS):
            await station.incoming.discard(upload_id)


async def _complete(station: Uploads, upload_id: UUID, state: str) -> None:
    try:
        if state == UploadState.WAITING:
            # Most of those that are open wait for days, and a look at the disk costs less than one at the row.
            held = await station.incoming.standing(upload_id)
            if held is None or not held.whole:
                return
        await complete_by_itself(station, upload_id)
    except PlayheadError as error:
        # Its video has failed by that name, or the next look tries again.
        log.info("an upload that was left whole is refused", upload=str(upload_id), code=error.code)
    except Exception:
        log.exception("an upload that was left whole is not completed", upload=str(upload_id))
