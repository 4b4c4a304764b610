"""Renditions, the pieces they are made of, and the images taken from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update

from playhead.model.errors import PlayheadError
from playhead.model.plan import Plan
from playhead.model.states import Status
from playhead.records import objects
from playhead.records.database import Row, Transaction
from playhead.records.tables import images, pieces, renditions, videos
from playhead.records.videos import AUDIO_KIND, VIDEO_KIND

AUDIO = "audio"
"""The resolution's name of the one sound rendition."""


async def lay_out(tx: Transaction, video: Row, info: dict[str, Any], plan: Plan, plan_row: dict[str, Any]) -> None:
    """Write the plan down: sizes and notes on the renditions, and one row per piece to be made."""
    await tx.connection.execute(
        update(videos).where(videos.c.id == video["id"]).values(info=info, plan=plan_row)
    )
    owned = {"project_id": video["project_id"], "video_id": video["id"]}
    wanted = []
    for planned in plan.renditions:
        found = await tx.connection.execute(
            update(renditions)
            .where(renditions.c.video_id == video["id"], renditions.c.resolution == planned.resolution)
            .values(width=planned.width, height=planned.height, note=planned.note)
            .returning(renditions.c.id)
        )
        # A resolution deleted before planning has no row any more, and gets no pieces.
        wanted += [
            {"rendition_id": rendition_id, "chunk": chunk.number, **owned}
            for rendition_id in found.scalars()
            for chunk in plan.chunks
        ]
    if plan.audio is not None:
        audio_id = uuid4()
        await tx.connection.execute(
            insert(renditions).values(
                id=audio_id, kind=AUDIO_KIND, resolution=AUDIO, status=Status.PROCESSING, **owned
            )
        )
        wanted.append({"rendition_id": audio_id, "chunk": 0, **owned})
    if wanted:
        await tx.connection.execute(insert(pieces), wanted)


async def of_videos(tx: Transaction, video_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Every rendition of the videos, sound included, with `pieces_done` and `pieces_planned`."""
    done = (
        select(
            pieces.c.rendition_id,
            func.count().label("planned"),
            func.count(pieces.c.done_at).label("done"),
        )
        .where(pieces.c.video_id.in_(video_ids))
        .group_by(pieces.c.rendition_id)
        .subquery()
    )
    found = await tx.connection.execute(
        select(
            renditions,
            func.coalesce(done.c.done, 0).label("pieces_done"),
            func.coalesce(done.c.planned, 0).label("pieces_planned"),
        )
        .outerjoin(done, done.c.rendition_id == renditions.c.id)
        .where(renditions.c.video_id.in_(video_ids))
        .order_by(renditions.c.created_at, renditions.c.id)
    )
    by_video: dict[UUID, list[Row]] = {video_id: [] for video_id in video_ids}
    for row in found:
        by_video[row.video_id].append(dict(row._mapping))
    return by_video


async def images_of(tx: Transaction, video_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """Thumbnails by rendition id, in the order they were asked for."""
    found = await tx.connection.execute(
        select(images).where(images.c.video_id.in_(video_ids)).order_by(images.c.rendition_id, images.c.number)
    )
    by_rendition: dict[UUID, list[Row]] = {}
    for row in found:
        by_rendition.setdefault(row.rendition_id, []).append(dict(row._mapping))
    return by_rendition


async def missing_in_chunk(tx: Transaction, video_id: UUID, chunk: int) -> list[Row]:
    """Renditions that still lack their piece of this chunk, the sound's left out."""
    found = await tx.connection.execute(
        select(renditions)
        .join(pieces, pieces.c.rendition_id == renditions.c.id)
        .where(
            pieces.c.video_id == video_id,
            pieces.c.chunk == chunk,
            pieces.c.done_at.is_(None),
            renditions.c.kind == VIDEO_KIND,
            renditions.c.status == Status.PROCESSING,
        )
    )
    return [dict(row._mapping) for row in found]


async def publish_piece(
    tx: Transaction, rendition_id: UUID, chunk: int, *, key: str, size_bytes: int, frames: int
) -> bool:
    """Make a piece known; False when another attempt was first or the rendition is gone.

    This is the fence: whichever attempt's update finds the piece undone has won, and all others leave no trace.
    """
    won = await tx.connection.execute(
        update(pieces)
        .where(pieces.c.rendition_id == rendition_id, pieces.c.chunk == chunk, pieces.c.done_at.is_(None))
        .values(key=key, size_bytes=size_bytes, frames=frames, done_at=func.clock_timestamp())
    )
    if won.rowcount == 0:
        await objects.doom(tx, [key])
        return False
    await objects.keep(tx, [key])
    return True


async def pieces_of(tx: Transaction, rendition_id: UUID) -> list[Row]:
    """A rendition's pieces in the timeline's order, made or not."""
    found = await tx.connection.execute(
        select(pieces).where(pieces.c.rendition_id == rendition_id).order_by(pieces.c.chunk)
    )
    return [dict(row._mapping) for row in found]


async def complete(tx: Transaction, video_id: UUID) -> list[UUID]:
    """Renditions whose pieces are all made, the sound's too, and that wait to be joined."""
    missing = select(pieces.c.rendition_id).where(pieces.c.video_id == video_id, pieces.c.done_at.is_(None))
    sound_missing = select(pieces.c.chunk).where(
        pieces.c.video_id == video_id,
        pieces.c.done_at.is_(None),
        pieces.c.rendition_id.in_(
            select(renditions.c.id).where(renditions.c.video_id == video_id, renditions.c.kind == AUDIO_KIND)
        ),
    )
    found = await tx.connection.execute(
        select(renditions.c.id).where(
            renditions.c.video_id == video_id,
            renditions.c.kind == VIDEO_KIND,
            renditions.c.status == Status.PROCESSING,
            renditions.c.id.in_(select(pieces.c.rendition_id).where(pieces.c.video_id == video_id)),
            renditions.c.id.not_in(missing),
            ~sound_missing.exists(),
        )
    )
    return list(found.scalars())


async def publish(
    tx: Transaction,
    rendition: Row,
    *,
    key: str,
    size_bytes: int,
    etag: str,
    thumbnails: Sequence[tuple[float, str]],
) -> bool:
    """Make a finished rendition known, with its thumbnails as (seconds, key); False when it already ended."""
    won = await tx.connection.execute(
        update(renditions)
        .where(renditions.c.id == rendition["id"], renditions.c.status == Status.PROCESSING)
        .values(
            status=Status.READY, key=key, size_bytes=size_bytes, etag=etag, ready_at=func.clock_timestamp()
        )
    )
    keys = [key, *(image for _, image in thumbnails)]
    if won.rowcount == 0:
        await objects.doom(tx, keys)
        return False
    await objects.keep(tx, keys)
    for number, (at_seconds, image) in enumerate(thumbnails):
        await tx.connection.execute(
            insert(images).values(
                rendition_id=rendition["id"],
                number=number,
                project_id=rendition["project_id"],
                video_id=rendition["video_id"],
                at_seconds=at_seconds,
                key=image,
            )
        )
    return True


async def fail(tx: Transaction, rendition_ids: Sequence[UUID], error: PlayheadError) -> None:
    """End renditions with a named error and give up their pieces."""
    ended = await tx.connection.execute(
        update(renditions)
        .where(renditions.c.id.in_(rendition_ids), renditions.c.status == Status.PROCESSING)
        .values(status=Status.FAIL, error_code=error.code, error_detail=error.detail or None)
        .returning(renditions.c.video_id, renditions.c.resolution)
    )
    for video_id, resolution in ended.all():
        await objects.doom_slots(tx, video_id, f"piece/{resolution}/")


async def find(tx: Transaction, rendition_id: UUID, *, project_id: UUID | None = None) -> Row | None:
    """One rendition's row, or None."""
    query = select(renditions).where(renditions.c.id == rendition_id)
    if project_id is not None:
        query = query.where(renditions.c.project_id == project_id)
    row = (await tx.connection.execute(query)).one_or_none()
    return dict(row._mapping) if row else None


async def by_resolution(tx: Transaction, video_id: UUID, resolution: str) -> Row | None:
    """A video's rendition of that name, or None."""
    found = await tx.connection.execute(
        select(renditions).where(renditions.c.video_id == video_id, renditions.c.resolution == resolution)
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def remove(tx: Transaction, rendition: Row) -> None:
    """Delete a rendition; its stored objects are swept right after."""
    for kind in ("piece", "rendition", "thumbnail"):
        await objects.doom_slots(tx, rendition["video_id"], f"{kind}/{rendition['resolution']}/")
    await tx.connection.execute(delete(renditions).where(renditions.c.id == rendition["id"]))

