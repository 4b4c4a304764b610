"""Counts, for health and metrics."""

from __future__ import annotations

from sqlalchemy import func, select, text

from playhead.records.database import Transaction
from playhead.records.tables import videos


async def alive(tx: Transaction) -> None:
    """Ask the database anything at all; raises when it is away."""
    await tx.connection.execute(select(1))


async def videos_by_status(tx: Transaction) -> list[tuple[str, int]]:
    """How many videos there are in each state."""
    found = await tx.connection.execute(
        select(videos.c.status, func.count()).where(videos.c.replaces.is_(None)).group_by(videos.c.status)
    )
    return [(str(status), int(number)) for status, number in found]


async def jobs_by_queue(tx: Transaction) -> list[tuple[str, str, int]]:
    """How many jobs wait or run, by queue and state."""
    found = await tx.connection.execute(
        text(
            "SELECT queue_name, status::text, count(*) FROM procrastinate_jobs"
            " WHERE status IN ('todo', 'doing') GROUP BY queue_name, status"
        )
    )
    return [(str(queue), str(state), int(number)) for queue, state, number in found]
