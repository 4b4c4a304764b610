"""Clearing up: what is left of uploads that ran out of time, and of videos that are deleted."""

from __future__ import annotations

from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.records import uploads, videos
from playhead.upload.sessions import Uploads

UNKNOWN_SECONDS = 24 * 3600
"""How old something in the incoming folder must be to be deleted when no upload is known by its name."""


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
    """Fail the videos whose upload ran out of time, and delete what had arrived."""
    async with station.records.transaction() as tx:
        overdue = await uploads.overdue(tx, limit)
    for upload in overdue:
        async with station.records.transaction() as tx:
            video = await videos.find(tx, upload["video_id"], lock=True)
            await uploads.end(tx, upload["id"], UploadState.DEAD)
            if video is not None and video["status"] == Status.PENDING_UPLOAD:
                await videos.fail(tx, video, PlayheadError("upload_expired"))
        await station.incoming.discard(upload["id"])


async def clear_incoming(station: Uploads) -> None:
    """Delete what arrived for uploads that are over: a process may have died before it could do so itstation."""
    ages = await station.incoming.ids()
    async with station.records.transaction() as tx:
        states = await uploads.states(tx, list(ages))
    for upload_id, age in ages.items():
        state = states.get(upload_id)
        # One without a row may be a form that is still arriving.
        if state in (UploadState.COMPLETE, UploadState.DEAD) or (state is None and age > UNKNOWN_SECONDS):
            await station.incoming.discard(upload_id)
