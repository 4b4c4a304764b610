"""Partials: files that will be put together into one, as tus's clients send them side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.records import quotas
from playhead.records.database import Row, Transaction, among
from playhead.records.tables import partials, uploads

MOST_WAITING = 10_000
"""How many of a project may wait to be put together: each is a row and a folder, however small."""

_EXPIRED = (partials.c.expires_at < func.clock_timestamp()).label("expired")
_BECOMING = partials.c.upload_id.in_(select(uploads.c.id).where(uploads.c.state == UploadState.WAITING))
"""Those whose upload does not have their bytes yet, however long ago they came."""


async def create(
    tx: Transaction,
    project_id: UUID,
    *,
    grant_id: UUID | None,
    size: int,
    tus_metadata: str,
    expires_in: timedelta,
) -> Row:
    """A new partial of `size` bytes, which count as used from here on.

    It is let in where a video could be created now: whoever may not have one is told before a byte is sent.

    Raises:
        PlayheadError: `quota_exceeded`, `rate_limited`.
    """
    await quotas.admit(tx, project_id, size, creates=0)
    # The project's row is locked by now: of those who want the last place, one gets it.
    if (await _waiting(tx, partials.c.project_id == project_id))[0] >= MOST_WAITING:
        raise PlayheadError(
            "quota_exceeded", f"{MOST_WAITING} parts of this project wait for others already."
        )
    await quotas.count(tx, project_id, stored=size)
    made = await tx.connection.execute(
        insert(partials)
        .values(
            id=uuid4(),
            project_id=project_id,
            grant_id=grant_id,
            size=size,
            reserved_bytes=size,
            tus_metadata=tus_metadata,
            expires_at=func.clock_timestamp() + expires_in,
        )
        .returning(partials)
    )
    return dict(made.one()._mapping)


async def find(tx: Transaction, partial_id: UUID) -> Row | None:
    """One partial, or None; `expired` tells whether its time is over by the database's clock."""
    row = (
        await tx.connection.execute(select(partials, _EXPIRED).where(partials.c.id == partial_id))
    ).one_or_none()
    return dict(row._mapping) if row else None


async def lock(tx: Transaction, partial_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """These partials, those that there are, locked in an order in which nobody waits for each other."""
    found = await tx.connection.execute(
        select(partials, _EXPIRED)
        .where(partials.c.id.in_(partial_ids))
        .order_by(partials.c.id)
        .with_for_update()
    )
    return {row.id: dict(row._mapping) for row in found}


async def let_go(tx: Transaction, project_id: UUID, partial_ids: Sequence[UUID]) -> None:
    """Give back what they have reserved: the upload that they become reserves it next. They must be locked."""
    reserved = await tx.connection.execute(
        select(func.coalesce(func.sum(partials.c.reserved_bytes), 0)).where(partials.c.id.in_(partial_ids))
    )
    await quotas.count(tx, project_id, stored=-int(reserved.scalar_one()))
    await tx.connection.execute(
        update(partials).where(partials.c.id.in_(partial_ids)).values(reserved_bytes=0)
    )


async def belong(tx: Transaction, partial_ids: Sequence[UUID], upload_id: UUID) -> None:
    """Note what they became parts of."""
    await tx.connection.execute(
        update(partials).where(partials.c.id.in_(partial_ids)).values(upload_id=upload_id)
    )


async def of_grant(tx: Transaction, grant_id: UUID) -> tuple[int, int]:
    """How many wait under a grant, and how large they are together, in bytes."""
    return await _waiting(tx, partials.c.grant_id == grant_id)


async def _waiting(tx: Transaction, which: ColumnElement[bool]) -> tuple[int, int]:
    found = await tx.connection.execute(
        select(func.count(), func.coalesce(func.sum(partials.c.size), 0)).where(
            which, partials.c.upload_id.is_(None), ~_EXPIRED.element
        )
    )
    number, size = found.one()
    return int(number), int(size)


async def waiting(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids, which may be very many, are partials whose bytes are still wanted."""
    found = await tx.connection.execute(
        select(partials.c.id).where(
            among(partials.c.id, ids), (partials.c.upload_id.is_(None) & ~_EXPIRED.element) | _BECOMING
        )
    )
    return set(found.scalars())


async def remove(tx: Transaction, partial_id: UUID) -> None:
    """Forget a partial, and give back what it has reserved."""
    await _remove(tx, partials.c.id == partial_id)


async def remove_overdue(tx: Transaction, limit: int) -> list[UUID]:
    """Forget those whose time is over, as `remove`, but for those just being put together; their ids."""
    is_left = partials.c.upload_id.is_(None) | ~_BECOMING
    overdue = select(partials.c.id).where(_EXPIRED.element, is_left).limit(limit)
    return await _remove(tx, partials.c.id.in_(overdue))


async def _remove(tx: Transaction, which: ColumnElement[bool]) -> list[UUID]:
    gone = await tx.connection.execute(
        delete(partials)
        .where(which)
        .returning(partials.c.id, partials.c.project_id, partials.c.reserved_bytes)
    )
    rows, freed = gone.all(), Counter[UUID]()
    for row in rows:
        freed[row.project_id] += row.reserved_bytes
    for project_id, reserved in sorted(freed.items()):  # in an order in which nobody waits for each other
        await quotas.count(tx, project_id, stored=-reserved)
    return [row.id for row in rows]
