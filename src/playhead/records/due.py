"""What is due, derived from rows alone: the reconciler's eyes.

If every row of the job table were deleted, these queries would name all the lost work again.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text

from playhead.model import jobs
from playhead.model.jobs import Job
from playhead.model.states import Status
from playhead.records import captions, left_out
from playhead.records import pieces as pieces_records
from playhead.records.database import Transaction
from playhead.records.left_out import Part
from playhead.records.tables import pieces, renditions, videos

_BUSY = text(
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND queueing_lock IS NOT NULL"
)


async def busy_names(tx: Transaction) -> set[str]:
    """Names of the jobs that wait or run now."""
    return set((await tx.connection.execute(_BUSY)).scalars())


async def processing(tx: Transaction, limit: int) -> list[UUID]:
    """Videos under way, in the order of their turns."""
    found = await tx.connection.execute(
        select(videos.c.id)
        .where(videos.c.status == Status.PROCESSING)
        .order_by(videos.c.turn, videos.c.completed_at)
        .limit(limit)
    )
    return list(found.scalars())


async def jobs_of(tx: Transaction, video_id: UUID) -> list[Job]:
    """Every job a video under way still needs before it can be ready; none of one not begun, or deleted just now.

    The video does not end before the transaction does: what ends it takes back the jobs that are enqueued here.
    """
    found = await tx.connection.execute(
        select(videos.c.plan.is_not(None), videos.c.poster_key.is_not(None), videos.c.turn)
        .where(videos.c.id == video_id)
        .with_for_update(read=True, key_share=True)
    )
    row = found.one_or_none()
    if row is None:
        return []
    planned, has_poster, turn = row
    if turn is None:
        return []
    if not planned:
        return [jobs.inspect(video_id, turn)]
    due = []
    if not has_poster and not await left_out.has(tx, video_id, Part.POSTER):
        due.append(jobs.poster(video_id, turn))
    if await captions.are_due(tx, video_id):
        due.append(jobs.captions(video_id, turn))
    due += [jobs.audio(video_id, track, turn) for track in await pieces_records.missing_sounds(tx, video_id)]
    missing = await tx.connection.execute(
        select(pieces.c.chunk)
        .join(
            renditions, (renditions.c.video_id == pieces.c.video_id) & (renditions.c.track == pieces.c.track)
        )
        .where(
            pieces.c.video_id == video_id,
            pieces.c.done_at.is_(None),
            renditions.c.status == Status.PROCESSING,
        )
        .distinct()
        .order_by(pieces.c.chunk)
    )
    due += [jobs.chunk(video_id, number, turn) for number in missing.scalars()]
    complete = await pieces_records.complete_tracks(tx, video_id)
    return due + [jobs.finalise(video_id, track, turn) for track in complete]


async def take_back(tx: Transaction, video_id: UUID) -> None:
    """Take what waits for a video under way off the queue, since the video ends.

    A film of two hours has almost a thousand jobs, and workers would take one after the other to find it over.
    """
    await tx.take_back([job.name for job in await jobs_of(tx, video_id)])
