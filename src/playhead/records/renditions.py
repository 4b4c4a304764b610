"""Renditions as they were asked for, and how each stands."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update

from playhead.model.errors import PlayheadError
from playhead.model.states import Status
from playhead.records import objects
from playhead.records.database import Row, Transaction
from playhead.records.tables import images, pieces, renditions


async def of_videos(tx: Transaction, video_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Every rendition of the videos, with `pieces_done` and `pieces_planned` of its track."""
    made = (
        select(
            pieces.c.video_id,
            pieces.c.track,
            func.count().label("planned"),
            func.count(pieces.c.done_at).label("done"),
        )
        .where(pieces.c.video_id.in_(video_ids))
        .group_by(pieces.c.video_id, pieces.c.track)
        .subquery()
    )
    found = await tx.connection.execute(
        select(
            renditions,
            func.coalesce(made.c.done, 0).label("pieces_done"),
            func.coalesce(made.c.planned, 0).label("pieces_planned"),
        )
        .outerjoin(made, (made.c.video_id == renditions.c.video_id) & (made.c.track == renditions.c.track))
        .where(renditions.c.video_id.in_(video_ids))
        .order_by(renditions.c.created_at, renditions.c.id)
    )
    by_video: dict[UUID, list[Row]] = {video_id: [] for video_id in video_ids}
    for row in found:
        by_video[row.video_id].append(dict(row._mapping))
    return by_video


async def images_of(tx: Transaction, video_ids: Sequence[UUID]) -> dict[tuple[UUID, str], list[Row]]:
    """Thumbnails by video and track, in the order they were asked for."""
    found = await tx.connection.execute(
        select(images)
        .where(images.c.video_id.in_(video_ids))
        .order_by(images.c.video_id, images.c.track, images.c.number)
    )
    by_track: dict[tuple[UUID, str], list[Row]] = {}
    for row in found:
        by_track.setdefault((row.video_id, row.track), []).append(dict(row._mapping))
    return by_track


async def find(tx: Transaction, rendition_id: UUID, *, project_id: UUID | None = None) -> Row | None:
    """One rendition's row, or None when there is none (in that project)."""
    query = select(renditions).where(renditions.c.id == rendition_id)
    if project_id is not None:
        query = query.where(renditions.c.project_id == project_id)
    row = (await tx.connection.execute(query)).one_or_none()
    return dict(row._mapping) if row else None


async def fail(tx: Transaction, video_id: UUID, tracks: Sequence[str], error: PlayheadError) -> None:
    """End the renditions of these tracks with a named error and give up their pieces."""
    await tx.connection.execute(
        update(renditions)
        .where(
            renditions.c.video_id == video_id,
            renditions.c.track.in_(tracks),
            renditions.c.status == Status.PROCESSING,
        )
        .values(status=Status.FAIL, error_code=error.code, error_detail=error.detail or None)
    )
    for track in tracks:
        await objects.doom_slots(tx, video_id, f"piece/{track}/")


async def remove(tx: Transaction, rendition: Row) -> None:
    """Delete a rendition. What only it was made of is swept right after; the video must be locked."""
    await tx.connection.execute(delete(renditions).where(renditions.c.id == rendition["id"]))
    video_id, track = rendition["video_id"], rendition["track"]
    if track is None:
        return
    shared = await tx.connection.execute(
        select(func.count()).where(renditions.c.video_id == video_id, renditions.c.track == track)
    )
    if shared.scalar_one():
        return
    await tx.connection.execute(delete(pieces).where(pieces.c.video_id == video_id, pieces.c.track == track))
    await tx.connection.execute(delete(images).where(images.c.video_id == video_id, images.c.track == track))
    for kind in ("piece", "rendition", "thumbnail"):
        await objects.doom_slots(tx, video_id, f"{kind}/{track}/")
