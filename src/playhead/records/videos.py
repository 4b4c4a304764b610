"""Videos: made, moved forward through their states, listed and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Text, delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB

from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.loudness import Loudness
from playhead.model.states import Status, UploadState
from playhead.records import (
    captions,
    due,
    events,
    left_out,
    objects,
    quotas,
    remaking,
    stretches,
    turns,
    uploads,
)
from playhead.records.database import Row, Transaction
from playhead.records.left_out import Part
from playhead.records.tables import renditions, videos

_LONG = literal(["chunks", "segments"], ARRAY(Text))
_TOLD = (
    *(column for column in videos.c if column is not videos.c.plan),
    videos.c.plan.op("-", return_type=JSONB)(_LONG).label("plan"),
)
"""A video's columns as its owner is told of them. A plan's lists grow with the film, to a fifth of a megabyte for two
hours, and a page shows twenty films: they stay in the database."""


async def create(
    tx: Transaction,
    project_id: UUID,
    *,
    filename: str,
    is_public: bool,
    metadata: dict[str, Any] | None,
    thumbnail_seconds: Sequence[float],
    resolutions: Sequence[str],
    loudness: str = Loudness.SOURCE,
) -> UUID:
    """Make a video that waits for its upload, with one rendition row per requested resolution."""
    video_id = uuid4()
    await quotas.count(tx, project_id, videos=1)
    await tx.connection.execute(
        insert(videos).values(
            id=video_id,
            project_id=project_id,
            filename=filename,
            is_public=is_public,
            metadata=metadata,
            thumbnail_seconds=list(thumbnail_seconds),
            loudness=loudness,
            status=Status.PENDING_UPLOAD,
        )
    )
    await tx.connection.execute(
        insert(renditions),
        [
            {
                "id": uuid4(),
                "project_id": project_id,
                "video_id": video_id,
                "resolution": resolution,
                "status": Status.PENDING_UPLOAD,
            }
            for resolution in resolutions
        ],
    )
    await events.append(tx, project_id, video_id, EventType.CREATED)
    return video_id


async def find(
    tx: Transaction, video_id: UUID, *, project_id: UUID | None = None, lock: bool = False
) -> Row | None:
    """One video's row, or None when there is none (in that project). `lock` holds it until the end.

    Asked for by project, its plan comes without `chunks` and `segments`.
    """
    query = select(videos).where(videos.c.id == video_id)
    if project_id is not None:  # whoever asks from outside never sees a remake
        query = select(*_TOLD).where(
            videos.c.id == video_id, videos.c.project_id == project_id, videos.c.replaces.is_(None)
        )
    found = await tx.connection.execute(query.with_for_update() if lock else query)
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def get(tx: Transaction, video_id: UUID, *, project_id: UUID | None = None, lock: bool = False) -> Row:
    """As `find`.

    Raises:
        PlayheadError: `not_found`; another project's video looks like none at all.
    """
    row = await find(tx, video_id, project_id=project_id, lock=lock)
    if row is None:
        raise PlayheadError("not_found", "There is no such video.")
    return row


async def is_wanted(tx: Transaction, video: Row) -> bool:
    """Whether a video, as it was when work on it began, is still being made: not deleted, failed or made anew."""
    others = videos.alias()
    replaced = select(others.c.id).where(others.c.id == videos.c.replaces)
    found = await tx.connection.execute(
        select(videos.c.id).where(
            videos.c.id == video["id"],
            videos.c.status == Status.PROCESSING,
            videos.c.generation == video["generation"],
            or_(videos.c.replaces.is_(None), replaced.exists()),
        )
    )
    return found.one_or_none() is not None


async def page(
    tx: Transaction,
    project_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None,
    status: str | None,
    is_public: bool | None,
) -> list[Row]:
    """A project's videos, newest first, older than the cursor `before`; plans come as `find` gives them."""
    query = select(*_TOLD).where(videos.c.project_id == project_id, videos.c.replaces.is_(None))
    if before is not None:
        query = query.where(tuple_(videos.c.created_at, videos.c.id) < before)
    if status is not None:
        query = query.where(videos.c.status == status)
    if is_public is not None:
        query = query.where(videos.c.is_public == is_public)
    found = await tx.connection.execute(
        query.order_by(videos.c.created_at.desc(), videos.c.id.desc()).limit(limit)
    )
    return [dict(row._mapping) for row in found]


async def keep_index(tx: Transaction, video_id: UUID, key: str) -> None:
    """Publish the stored index of a video's source."""
    await objects.keep(tx, [key])
    await tx.connection.execute(update(videos).where(videos.c.id == video_id).values(index_key=key))


async def begin_processing(tx: Transaction, video_id: UUID, *, source_key: str, source_size: int) -> Row:
    """The upload became a source: the video and its renditions are processing from here on; its row.

    `source_size` is in bytes. The video must be locked.
    """
    before = await get(tx, video_id)
    project_id: UUID = before["project_id"]
    await quotas.count(tx, project_id, stored=source_size - (before["source_size"] or 0))
    begun = await tx.connection.execute(
        update(videos)
        .where(videos.c.id == video_id)
        .values(
            status=Status.PROCESSING,
            source_key=source_key,
            source_size=source_size,
            completed_at=func.clock_timestamp(),
            turn=turns.next_of(videos, project_id, videos.c.status == Status.PROCESSING),
        )
        .returning(videos)
    )
    await tx.connection.execute(
        update(renditions).where(renditions.c.video_id == video_id).values(status=Status.PROCESSING)
    )
    return dict(begun.one()._mapping)


async def mark_playable(tx: Transaction, video: Row) -> None:
    """Note, once, that a player can be shown the video's beginning. `video` must be locked."""
    if video["playable_at"] is not None:
        return
    await tx.connection.execute(
        update(videos).where(videos.c.id == video["id"]).values(playable_at=func.clock_timestamp())
    )
    await events.append(tx, video["project_id"], video["id"], EventType.PLAYABLE)


async def publish_poster(tx: Transaction, video_id: UUID, key: str) -> bool:
    """Make the poster known; False when there is one already, or the video is over or gone."""
    won = await tx.connection.execute(
        update(videos)
        .where(videos.c.id == video_id, videos.c.poster_key.is_(None), videos.c.status == Status.PROCESSING)
        .values(poster_key=key)
    )
    return won.rowcount > 0


async def fail(tx: Transaction, video: Row, error: PlayheadError) -> bool:
    """End a video's processing with a named error; False when it had already ended.

    `video` must be locked. Everything made so far is given up; the source stays for another try.
    """
    if video["status"] not in (Status.PENDING_UPLOAD, Status.PROCESSING):
        return False
    await due.take_back(tx, video["id"])
    if video["replaces"] is not None:
        await remaking.give_up(tx, video, error)
        return True
    failed = {"status": Status.FAIL, "error_code": error.code, "error_detail": error.detail or None}
    await tx.connection.execute(update(videos).where(videos.c.id == video["id"]).values(**failed))
    await tx.connection.execute(
        update(renditions)
        .where(renditions.c.video_id == video["id"], renditions.c.status != Status.READY)
        .values(**failed)
    )
    await objects.doom_unfinished(tx, video["id"])
    await objects.doom_slots(tx, video["id"], "piece/")
    await objects.doom_slots(tx, video["id"], "sound/")
    await stretches.give_up(tx, video["id"])
    await events.append(tx, video["project_id"], video["id"], EventType.FAILED, {"code": error.code})
    return True


async def drop_source(tx: Transaction, video: Row) -> None:
    """Let a video's file go, for good. `video` must be locked."""
    await quotas.count(tx, video["project_id"], stored=-(video["source_size"] or 0))
    await tx.connection.execute(
        update(videos).where(videos.c.id == video["id"]).values(source_key=None, source_size=None)
    )
    await objects.doom(tx, [video["source_key"]])


async def settle(tx: Transaction, video: Row) -> None:
    """Move a video whose renditions have all ended to `ready` or `fail`. `video` must be locked.

    It is not ready while its poster or captions are still to be taken from its source: whoever publishes the last of
    these, or leaves it out, settles it.
    """
    if video["status"] != Status.PROCESSING:
        return
    found = await tx.connection.execute(
        select(renditions.c.status, renditions.c.error_code, renditions.c.error_detail).where(
            renditions.c.video_id == video["id"]
        )
    )
    ended = found.all()
    statuses = {row.status for row in ended}
    if Status.PROCESSING in statuses or Status.PENDING_UPLOAD in statuses:
        return
    if ended and Status.READY not in statuses:
        await fail(tx, video, PlayheadError(ended[0].error_code, ended[0].error_detail or ""))
        return
    awaited = video["poster_key"] is None and not await left_out.has(tx, video["id"], Part.POSTER)
    if awaited or await captions.are_due(tx, video["id"]):
        return
    # With every rendition deleted, nobody waits for its sound any more.
    await stretches.give_up(tx, video["id"])
    await objects.doom_unfinished(tx, video["id"])
    await objects.doom_slots(tx, video["id"], "piece/", grace=objects.READERS_GRACE)
    if video["replaces"] is not None:
        await remaking.finish(tx, video)
        return
    await tx.connection.execute(
        update(videos)
        .where(videos.c.id == video["id"])
        .values(status=Status.READY, ready_at=func.clock_timestamp())
    )
    await events.append(tx, video["project_id"], video["id"], EventType.READY)


async def remove(tx: Transaction, video: Row) -> None:
    """Delete a video's rows; its stored objects are swept right after. `video` must be locked."""
    await due.take_back(tx, video["id"])
    upload = await uploads.of_video(tx, video["id"], lock=True)
    if upload is not None:
        await uploads.end(tx, upload["id"], UploadState.DEAD)
    await quotas.count(tx, video["project_id"], videos=-1, stored=-(video["source_size"] or 0))
    await objects.doom_slots(tx, video["id"], "")
    await tx.connection.execute(delete(videos).where(videos.c.id == video["id"]))
    await events.append(tx, video["project_id"], video["id"], EventType.DELETED)
