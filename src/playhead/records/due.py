"""What is due, derived from rows alone: the reconciler's eyes.

If every row of the job table were deleted, these queries would name all the lost work again.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text

from playhead.model import jobs
from playhead.model.jobs import Job
from playhead.model.states import Status
from playhead.records import renditions as rendition_records
from playhead.records.database import Transaction
from playhead.records.tables import pieces, renditions, videos
from playhead.records.videos import AUDIO_KIND

_BUSY = text(
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND queueing_lock IS NOT NULL"
)


async def busy_names(tx: Transaction) -> set[str]:
    """Names of the jobs that wait or run now."""
    return set((await tx.connection.execute(_BUSY)).scalars())


async def processing(tx: Transaction, limit: int) -> list[UUID]:
    """Videos under way, longest waiting first."""
    found = await tx.connection.execute(
        select(videos.c.id)
        .where(videos.c.status == Status.PROCESSING)
        .order_by(videos.c.completed_at)
        .limit(limit)
    )
    return list(found.scalars())


async def jobs_of(tx: Transaction, video_id: UUID) -> list[Job]:
    """Every job a video under way still needs before it can be ready."""
    found = await tx.connection.execute(
        select(videos.c.plan.is_not(None), videos.c.poster_key.is_not(None)).where(videos.c.id == video_id)
    )
    planned, has_poster = found.one()
    if not planned:
        return [jobs.inspect(video_id)]
    due = [] if has_poster else [jobs.poster(video_id)]
    missing = await tx.connection.execute(
        select(renditions.c.kind, pieces.c.chunk)
        .join(pieces, pieces.c.rendition_id == renditions.c.id)
        .where(
            pieces.c.video_id == video_id,
            pieces.c.done_at.is_(None),
            renditions.c.status == Status.PROCESSING,
        )
        .distinct()
    )
    for kind, number in missing:
        due.append(jobs.audio(video_id) if kind == AUDIO_KIND else jobs.chunk(video_id, number))
    due += [jobs.finalise(video_id, rendition) for rendition in await rendition_records.complete(tx, video_id)]
    return due
