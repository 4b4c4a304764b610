"""What a project may use, and what it uses: counted in the transactions that change it.

`used_bytes` is what open uploads and partials have reserved and what the sources of its videos take; what is made of
them is not counted. Every change of it goes through `count`, called by the functions that change the rows it speaks
of, so that the counters equal a recount after any fault. A project's row is locked from then on until the end of the
transaction: of those who want the last place, one gets it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, Float, cast, extract, func, select, update

from playhead.model.errors import PlayheadError
from playhead.records.database import Row, Transaction
from playhead.records.tables import projects

UNDECLARED_BYTES = 256 * 1024 * 1024
"""What an upload of undeclared size reserves."""
LIMITS = ("max_bytes", "max_videos", "max_open_uploads", "max_creates_per_minute")
"""What can be limited; no limit is null."""

_PER_SECOND = cast(projects.c.max_creates_per_minute, Float) / 60.0
_WAITED = extract(
    "epoch", func.clock_timestamp() - func.coalesce(projects.c.creates_at, func.clock_timestamp())
)
_LEFT: ColumnElement[float] = func.least(
    cast(projects.c.max_creates_per_minute, Float),
    func.coalesce(projects.c.creates_left, projects.c.max_creates_per_minute)
    + func.greatest(_WAITED, 0) * _PER_SECOND,
)
"""Creates in the project's token bucket now: it holds those of a minute, and fills steadily."""


async def admit(tx: Transaction, project_id: UUID, reserved: int, *, creates: int = 1) -> None:
    """Let one more video with an upload of `reserved` bytes be created, in this transaction.

    With 0 `creates` it is only looked whether it could be: what is created is a part of one.

    Raises:
        PlayheadError: `quota_exceeded`, or `rate_limited` with the seconds to wait.
    """
    admitted = await tx.connection.execute(
        update(projects)
        .where(
            projects.c.id == project_id,
            _within(projects.c.max_creates_per_minute, _LEFT >= 1),
            _within(projects.c.max_bytes, projects.c.used_bytes + reserved <= projects.c.max_bytes),
            _within(projects.c.max_videos, projects.c.used_videos < projects.c.max_videos),
            _within(projects.c.max_open_uploads, projects.c.used_open_uploads < projects.c.max_open_uploads),
        )
        .values(creates_left=_LEFT - creates, creates_at=func.clock_timestamp())
    )
    if not admitted.rowcount:
        raise await _refusal(tx, project_id, reserved)


async def overrun(tx: Transaction, project_id: UUID, more: int) -> PlayheadError | None:
    """Why the project cannot keep `more` bytes than it has reserved; None when it can. Locks its row."""
    found = await tx.connection.execute(
        select(projects.c.max_bytes, projects.c.used_bytes)
        .where(projects.c.id == project_id)
        .with_for_update(key_share=True)
    )
    limit, used = found.one()
    return None if limit is None or more <= 0 or used + more <= limit else _too_many_bytes(limit)


async def count(
    tx: Transaction, project_id: UUID, *, videos: int = 0, open_uploads: int = 0, stored: int = 0
) -> None:
    """Add to what a project uses; negative numbers give it back. `stored` is in bytes."""
    await tx.connection.execute(
        update(projects)
        .where(projects.c.id == project_id)
        .values(
            used_videos=projects.c.used_videos + videos,
            used_open_uploads=projects.c.used_open_uploads + open_uploads,
            used_bytes=projects.c.used_bytes + stored,
        )
    )


async def limit(tx: Transaction, name: str, limits: Mapping[str, int | None]) -> bool:
    """Set some of a project's `LIMITS`; False when there is no project of that name."""
    values: dict[str, object] = dict(limits)
    if "max_creates_per_minute" in limits:
        values["creates_left"] = None  # a full bucket
    done = await tx.connection.execute(update(projects).where(projects.c.name == name).values(**values))
    return bool(done.rowcount)


async def usage(tx: Transaction) -> list[Row]:
    """Every project with its limits and what it uses, by name."""
    shown = [projects.c[name] for name in LIMITS]
    used = [projects.c.used_bytes, projects.c.used_videos, projects.c.used_open_uploads]
    found = await tx.connection.execute(select(projects.c.name, *shown, *used).order_by(projects.c.name))
    return [dict(row._mapping) for row in found]


def _within(limit: ColumnElement[int | None], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return limit.is_(None) | condition


async def _refusal(tx: Transaction, project_id: UUID, reserved: int) -> PlayheadError:
    found = await tx.connection.execute(
        select(projects, _LEFT.label("left")).where(projects.c.id == project_id)
    )
    row = found.one()
    if row.max_videos is not None and row.used_videos >= row.max_videos:
        return PlayheadError(
            "quota_exceeded", f"This project may have {row.max_videos} videos, and has them."
        )
    if row.max_open_uploads is not None and row.used_open_uploads >= row.max_open_uploads:
        return PlayheadError(
            "quota_exceeded", f"This project may have {row.max_open_uploads} uploads under way, and has them."
        )
    if row.max_bytes is not None and row.used_bytes + reserved > row.max_bytes:
        return _too_many_bytes(row.max_bytes)
    wait = (
        max(0.0, 1 - (row.left or 0)) * 60 / row.max_creates_per_minute if row.max_creates_per_minute else 0
    )
    return PlayheadError(
        "rate_limited",
        f"This project may create {row.max_creates_per_minute} videos a minute.",
        retry_after=max(1, math.ceil(wait)),
    )


def _too_many_bytes(limit: int) -> PlayheadError:
    return PlayheadError(
        "quota_exceeded", f"This project may keep {limit} bytes of uploaded files, and this is more."
    )
