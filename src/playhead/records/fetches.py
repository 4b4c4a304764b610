"""Fetches: files that are being brought from a URL. A row is there until its upload is over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, true, update

from playhead.records import turns
from playhead.records.database import Row, Transaction
from playhead.records.tables import fetches, uploads
from playhead.records.uploads import OPEN


async def create(tx: Transaction, project_id: UUID, video_id: UUID, url: str) -> int:
    """Note that a video's file is to be brought from `url`; its turn."""
    made = await tx.connection.execute(
        insert(fetches)
        .values(
            video_id=video_id,
            project_id=project_id,
            url=url,
            turn=turns.next_of(fetches, project_id, true()),
            next_at=func.clock_timestamp(),
        )
        .returning(fetches.c.turn)
    )
    return int(made.scalar_one())


async def find(tx: Transaction, video_id: UUID) -> Row | None:
    """A video's fetch, or None; `due` tells whether its time has come."""
    due = (fetches.c.next_at <= func.clock_timestamp()).label("due")
    found = await tx.connection.execute(select(fetches, due).where(fetches.c.video_id == video_id))
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def begin(tx: Transaction, video_id: UUID) -> int:
    """Count one more attempt; how many had no end and brought nothing, this one included."""
    counted = await tx.connection.execute(
        update(fetches)
        .where(fetches.c.video_id == video_id)
        .values(begun=fetches.c.begun + 1)
        .returning(fetches.c.begun)
    )
    return int(counted.scalar_one_or_none() or 0)


async def promise(tx: Transaction, video_id: UUID, validator: str | None) -> None:
    """Note the version of the file that is coming; None when it has no name."""
    await tx.connection.execute(
        update(fetches).where(fetches.c.video_id == video_id).values(validator=validator)
    )


async def note(tx: Transaction, video_id: UUID, upload_id: UUID, size: int) -> bool:
    """Tell how many bytes have come; False when they are not wanted any more.

    An attempt that brings something is no dead end, so those that were begun are forgotten.
    """
    told = await tx.connection.execute(
        update(uploads)
        .where(
            uploads.c.id == upload_id,
            uploads.c.state.in_(OPEN),
            uploads.c.expires_at > func.clock_timestamp(),
        )
        .values(received_size=size)
    )
    await tx.connection.execute(update(fetches).where(fetches.c.video_id == video_id).values(begun=0))
    return bool(told.rowcount)


async def again(
    tx: Transaction, video_id: UUID, *, kept: int, failures: int, after: float, error: str
) -> None:
    """An attempt ended badly: the next is due `after` so many seconds. `kept` bytes are there."""
    await tx.connection.execute(
        update(fetches)
        .where(fetches.c.video_id == video_id)
        .values(
            begun=0,
            kept_bytes=kept,
            failures=failures,
            last_error=error,
            next_at=func.clock_timestamp() + timedelta(seconds=after),
        )
    )


async def forgive(tx: Transaction, video_id: UUID) -> None:
    """Take back an attempt that was stopped from outside."""
    await tx.connection.execute(
        update(fetches)
        .where(fetches.c.video_id == video_id, fetches.c.begun > 0)
        .values(begun=fetches.c.begun - 1)
    )


async def remove(tx: Transaction, video_id: UUID) -> None:
    """The fetch is over."""
    await tx.connection.execute(delete(fetches).where(fetches.c.video_id == video_id))


async def due(tx: Transaction, limit: int) -> list[tuple[UUID, int]]:
    """Fetches whose time has come: video and turn, in the order of their turns."""
    found = await tx.connection.execute(
        select(fetches.c.video_id, fetches.c.turn)
        .where(fetches.c.next_at <= func.clock_timestamp())
        .order_by(fetches.c.turn, fetches.c.next_at)
        .limit(limit)
    )
    return [(row.video_id, row.turn) for row in found]
