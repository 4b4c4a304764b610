"""Pieces and the tracks they add up to: laid out by the plan, published one by one, joined at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model.errors import PlayheadError
from playhead.model.plan import AUDIO, Plan, is_sound
from playhead.model.states import Status
from playhead.records import left_out, objects, stretches
from playhead.records.database import Row, Transaction
from playhead.records.left_out import Part
from playhead.records.tables import images, pieces, renditions, videos


async def lay_out(
    tx: Transaction, video: Row, info: dict[str, Any], plan: Plan, plan_row: dict[str, Any]
) -> None:
    """Write the plan down: sizes and notes on the renditions, and one row per piece to be made."""
    await tx.connection.execute(
        update(videos).where(videos.c.id == video["id"]).values(info=info, plan=plan_row)
    )
    wanted: dict[str, int] = {} if plan.audio is None else {AUDIO: 1}
    wanted |= {sound.track: 1 for sound in plan.other_sounds}
    for planned in plan.renditions:
        answered = await tx.connection.execute(
            update(renditions)
            .where(renditions.c.video_id == video["id"], renditions.c.resolution == planned.resolution)
            .values(track=planned.track, width=planned.width, height=planned.height, note=planned.note)
        )
        # A resolution that was deleted before planning has no row any more, and gets no pieces.
        if answered.rowcount:
            wanted[planned.track] = len(plan.chunks)
    for track, count in wanted.items():  # a film has a thousand: the server counts them itself
        numbers = select(
            literal(video["id"]),
            literal(video["project_id"]),
            literal(track),
            func.generate_series(0, count - 1),
        )
        await tx.connection.execute(
            insert(pieces).from_select(["video_id", "project_id", "track", "chunk"], numbers)
        )
    await tx.tell(video["id"])


async def missing_tracks(tx: Transaction, video_id: UUID, chunk: int) -> list[str]:
    """Tracks that some rendition still waits for and that lack their piece of this chunk; sound left out."""
    found = await tx.connection.execute(
        select(pieces.c.track)
        .join(
            renditions, (renditions.c.video_id == pieces.c.video_id) & (renditions.c.track == pieces.c.track)
        )
        .where(
            pieces.c.video_id == video_id,
            pieces.c.chunk == chunk,
            pieces.c.done_at.is_(None),
            renditions.c.status == Status.PROCESSING,
        )
        .distinct()
    )
    return list(found.scalars())


async def missing_sounds(tx: Transaction, video_id: UUID) -> list[str]:
    """The sound tracks that are planned but not made yet, in order."""
    found = await tx.connection.execute(
        select(pieces.c.track)
        .where(pieces.c.video_id == video_id, pieces.c.track.startswith(AUDIO), pieces.c.done_at.is_(None))
        .order_by(pieces.c.track)
    )
    return list(found.scalars())


async def forgo(tx: Transaction, video: Row, track: str, error: PlayheadError) -> None:
    """Leave a sound track out that cannot be encoded: players are told of it no more."""
    gone = await tx.connection.execute(
        delete(pieces).where(
            pieces.c.video_id == video["id"], pieces.c.track == track, pieces.c.done_at.is_(None)
        )
    )
    if gone.rowcount:
        await left_out.note(tx, video, Part.SOUND, error, track)
    await stretches.give_up(tx, video["id"], track)


async def publish(
    tx: Transaction, video_id: UUID, track: str, chunk: int, *, key: str, size_bytes: int, frames: int
) -> bool:
    """Make a piece known; False when another attempt was first or nobody wants it any more.

    This is the fence: whichever attempt's update finds the piece undone has won; all others leave no trace.
    """
    # The sound is everybody's.
    waiting = exists().where(
        renditions.c.video_id == video_id,
        renditions.c.status == Status.PROCESSING,
        or_(literal(is_sound(track)), renditions.c.track == track),
    )
    won = await tx.connection.execute(
        update(pieces)
        .where(
            pieces.c.video_id == video_id,
            pieces.c.track == track,
            pieces.c.chunk == chunk,
            pieces.c.done_at.is_(None),
            waiting,
        )
        .values(key=key, size_bytes=size_bytes, frames=frames, done_at=func.clock_timestamp())
    )
    if won.rowcount == 0:
        await objects.doom(tx, [key])
        return False
    await objects.keep(tx, [key])
    await tx.tell(video_id)
    if is_sound(track):
        await stretches.give_up(tx, video_id, track)
    return True


async def of_track(tx: Transaction, video_id: UUID, track: str) -> list[Row]:
    """A track's pieces in the timeline's order, made or not."""
    found = await tx.connection.execute(
        select(pieces).where(pieces.c.video_id == video_id, pieces.c.track == track).order_by(pieces.c.chunk)
    )
    return [dict(row._mapping) for row in found]


async def complete_tracks(tx: Transaction, video_id: UUID) -> list[str]:
    """Tracks whose pieces are all made, all sound too, and that renditions still wait for."""
    if await missing_sounds(tx, video_id):
        return []
    waiting = (
        select(renditions.c.track)
        .where(
            renditions.c.video_id == video_id,
            renditions.c.status == Status.PROCESSING,
            renditions.c.track.is_not(None),
        )
        .distinct()
    )
    found = await tx.connection.execute(
        select(pieces.c.track)
        .where(pieces.c.video_id == video_id, pieces.c.track.in_(waiting))
        .group_by(pieces.c.track)
        .having(func.count() == func.count(pieces.c.done_at))
    )
    return list(found.scalars())


async def finish_track(
    tx: Transaction,
    video: Row,
    track: str,
    *,
    key: str,
    size_bytes: int,
    etag: str,
    thumbnails: Sequence[tuple[float, str]],
) -> bool:
    """Make a finished track known to every rendition it answers; False when none waited for it any more.

    `thumbnails` are (seconds, key). The pieces are given up: the finished MP4 holds their bytes.
    """
    won = await tx.connection.execute(
        update(renditions)
        .where(
            renditions.c.video_id == video["id"],
            renditions.c.track == track,
            renditions.c.status == Status.PROCESSING,
        )
        .values(
            status=Status.READY, key=key, size_bytes=size_bytes, etag=etag, ready_at=func.clock_timestamp()
        )
    )
    keys = [key, *(image for _, image in thumbnails)]
    if won.rowcount == 0:
        await objects.doom(tx, keys)
        return False
    await objects.keep(tx, keys)
    await objects.doom_slots(tx, video["id"], f"piece/{track}/", grace=objects.READERS_GRACE)
    for number, (at_seconds, image) in enumerate(thumbnails):
        values = {"at_seconds": at_seconds, "key": image}
        await tx.connection.execute(
            upsert(images)
            .values(
                video_id=video["id"], track=track, number=number, project_id=video["project_id"], **values
            )
            .on_conflict_do_update(index_elements=["video_id", "track", "number"], set_=values)
        )
    return True
