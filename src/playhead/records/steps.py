"""Steps of a video's processing, counted so that a file that kills its worker each time is parked."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.records.database import Row, Transaction
from playhead.records.tables import steps


async def begin(tx: Transaction, project_id: UUID, video_id: UUID, name: str) -> tuple[int, int]:
    """Count one more attempt at a step.

    Returns:
        How often it was begun, this time included, and how often it ended with an error.
    """
    row = upsert(steps).values(
        video_id=video_id, name=name, project_id=project_id, attempts=1, begun_at=func.clock_timestamp()
    )
    counted = await tx.connection.execute(
        row.on_conflict_do_update(
            index_elements=["video_id", "name"],
            set_={"attempts": steps.c.attempts + 1, "begun_at": func.clock_timestamp()},
        ).returning(steps.c.attempts, steps.c.failures)
    )
    attempts, failures = counted.one()
    return int(attempts), int(failures)


async def unended(tx: Transaction, video_id: UUID, name: str) -> int:
    """How many attempts at a step have had no end: those that run now, and those whose worker died."""
    found = await tx.connection.execute(
        select(steps.c.attempts - steps.c.failures).where(steps.c.video_id == video_id, steps.c.name == name)
    )
    return int(found.scalar_one_or_none() or 0)


async def troubled(tx: Transaction, video_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """The steps of these videos that did not go well at once: how often each was begun and failed, and why."""
    found = await tx.connection.execute(
        select(steps.c.video_id, steps.c.name, steps.c.attempts, steps.c.failures, steps.c.last_error)
        .where(steps.c.video_id.in_(video_ids), (steps.c.failures > 0) | (steps.c.attempts > 1))
        .order_by(steps.c.video_id, steps.c.begun_at, steps.c.name)
    )
    by_video: dict[UUID, list[Row]] = {}
    for row in found:
        by_video.setdefault(row.video_id, []).append(dict(row._mapping))
    return by_video


async def fail(tx: Transaction, video_id: UUID, name: str, error: str) -> int:
    """Note that a step ended with an error; how often that has happened now."""
    counted = await tx.connection.execute(
        update(steps)
        .where(steps.c.video_id == video_id, steps.c.name == name)
        .values(failures=steps.c.failures + 1, last_error=error)
        .returning(steps.c.failures)
    )
    return int(counted.scalar_one_or_none() or 0)


async def forgive(tx: Transaction, video_id: UUID, name: str) -> None:
    """Take back an attempt that was stopped from outside."""
    await tx.connection.execute(
        update(steps)
        .where(steps.c.video_id == video_id, steps.c.name == name, steps.c.attempts > 0)
        .values(attempts=steps.c.attempts - 1)
    )
