"""Multiparts: files on their way straight to the store, by parts or by a form, each for one upload.

Their rows outlive the upload's: they say what is to be cleared away in the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import case, delete, exists, func, insert, or_, select, update

from playhead.model.states import UploadState
from playhead.records.database import Row, Transaction
from playhead.records.tables import multiparts, uploads

OPEN, JOINED, CLEARED = "open", "joined", "cleared"
PARTS, FORM = "parts", "form"
KEPT_FOR = timedelta(days=7)
"""How long a multipart that is over stays known after the time of its upload, for who asks once more."""

_OVER = or_(uploads.c.id.is_(None), uploads.c.state.in_((UploadState.COMPLETE, UploadState.DEAD)))
_NOW = func.clock_timestamp()
_AGE = _NOW - multiparts.c.created_at
_MAY_COME = (multiparts.c.state == JOINED) | (timedelta(days=1) > _AGE)
_LOOKS_APART = case((_MAY_COME, func.least(_AGE / 20, timedelta(minutes=5))), else_=_AGE / 20)
"""Between two looks at one: it is found when a twentieth of the time that it took to come has gone by, on the first
day within five minutes. What never comes costs few looks, however many days its upload has."""


async def create(tx: Transaction, upload: Row, kind: str, key: str, multipart_id: UUID) -> Row:
    """Write one down before the store is told of it."""
    made = await tx.connection.execute(
        insert(multiparts)
        .values(
            id=multipart_id,
            project_id=upload["project_id"],
            upload_id=upload["id"],
            video_id=upload["video_id"],
            kind=kind,
            key=key,
            state=OPEN,
        )
        .returning(multiparts)
    )
    return dict(made.one()._mapping)


async def count_open(tx: Transaction, upload_id: UUID) -> int:
    """How many an upload has that have begun, and neither ended nor were given up."""
    found = await tx.connection.execute(
        select(func.count())
        .select_from(multiparts)
        .where(
            multiparts.c.upload_id == upload_id,
            multiparts.c.state == OPEN,
            multiparts.c.attempt.is_not(None),
        )
    )
    return int(found.scalar_one())


async def newest_open(tx: Transaction, upload_id: UUID) -> Row | None:
    """The newest of an upload's by parts that has begun and may go on, or None."""
    found = await tx.connection.execute(
        select(multiparts)
        .where(
            multiparts.c.upload_id == upload_id,
            multiparts.c.kind == PARTS,
            multiparts.c.state == OPEN,
            multiparts.c.attempt.is_not(None),
        )
        .order_by(multiparts.c.created_at.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def others(tx: Transaction, upload_id: UUID, multipart_id: UUID) -> list[Row]:
    """The open ones of an upload besides this, those that have begun."""
    found = await tx.connection.execute(
        select(multiparts).where(
            multiparts.c.upload_id == upload_id,
            multiparts.c.id != multipart_id,
            multiparts.c.state == OPEN,
            multiparts.c.attempt.is_not(None),
        )
    )
    return [dict(row._mapping) for row in found]


async def alone(tx: Transaction, upload_id: UUID) -> None:
    """Wait until no other transaction, of any process, is alone with this upload; this one is until it ends.

    No lock of its rows: whoever completes it may hold those for as long as a file takes to be read.
    """
    name = func.hashtextextended(str(upload_id), 0)
    await tx.connection.execute(select(func.pg_advisory_xact_lock(name)))


def new_id() -> UUID:
    """The id of one to be."""
    return uuid4()


async def begun(tx: Transaction, multipart_id: UUID, attempt: str) -> None:
    """Note the store's name for it."""
    await _change(tx, multipart_id, attempt=attempt)


async def find(tx: Transaction, multipart_id: UUID, *, lock: bool = False) -> Row | None:
    """One row, or None."""
    query = select(multiparts).where(multiparts.c.id == multipart_id)
    row = (await tx.connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return dict(row._mapping) if row else None


async def joining(tx: Transaction, multipart_id: UUID, size: int) -> None:
    """Note how large the object is that is about to be made."""
    await _change(tx, multipart_id, size=size)


async def joined(tx: Transaction, multipart_id: UUID, size: int) -> None:
    """The object is there, whole."""
    await _change(tx, multipart_id, size=size, state=JOINED)


async def arrived(tx: Transaction, upload_id: UUID) -> Row | None:
    """The newest of an upload's that is whole, or None."""
    found = await tx.connection.execute(
        select(multiparts)
        .where(multiparts.c.upload_id == upload_id, multiparts.c.state == JOINED)
        .order_by(multiparts.c.created_at.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def open_forms(tx: Transaction, upload_id: UUID) -> list[Row]:
    """The forms of an upload that may have brought something without anybody being told, newest first."""
    found = await tx.connection.execute(
        select(multiparts)
        .where(multiparts.c.upload_id == upload_id, multiparts.c.kind == FORM, multiparts.c.state == OPEN)
        .order_by(multiparts.c.created_at.desc())
    )
    return [dict(row._mapping) for row in found]


async def unattended(tx: Transaction, limit: int) -> list[UUID]:
    """Uploads that complete by themselves and may be whole without anybody having been told.

    Those with a form that may come, and those whose last request ended before its end; of many those first that
    nobody has looked at for longest. They are noted as looked at.
    """
    found = await tx.connection.execute(
        select(multiparts.c.upload_id)
        .join(uploads, uploads.c.id == multiparts.c.upload_id)
        .where(
            uploads.c.auto_complete,
            uploads.c.state.in_((UploadState.WAITING, UploadState.RECEIVED)),
            or_((multiparts.c.kind == FORM) & (multiparts.c.state == OPEN), multiparts.c.state == JOINED),
            or_(multiparts.c.looked_at.is_(None), _NOW - multiparts.c.looked_at >= _LOOKS_APART),
        )
        .group_by(multiparts.c.upload_id)
        .order_by(func.min(multiparts.c.looked_at).nulls_first())
        .limit(limit)
    )
    ids = list(found.scalars())
    await tx.connection.execute(
        update(multiparts).where(multiparts.c.upload_id.in_(ids)).values(looked_at=_NOW)
    )
    return ids


async def over(tx: Transaction, limit: int) -> list[Row]:
    """Those whose upload is over, and which the store may still have something of."""
    found = await tx.connection.execute(
        select(multiparts)
        .outerjoin(uploads, uploads.c.id == multiparts.c.upload_id)
        .where(multiparts.c.state != CLEARED, _OVER)
        .limit(limit)
    )
    return [dict(row._mapping) for row in found]


async def cleared(tx: Transaction, multipart_ids: Sequence[UUID]) -> None:
    """The store has nothing of these any more; the oldest of all that are so are forgotten."""
    await tx.connection.execute(
        update(multiparts).where(multiparts.c.id.in_(multipart_ids)).values(state=CLEARED)
    )
    since = _NOW - KEPT_FOR
    is_known = exists().where(uploads.c.id == multiparts.c.upload_id, uploads.c.expires_at > since)
    await tx.connection.execute(
        delete(multiparts).where(multiparts.c.state == CLEARED, multiparts.c.created_at < since, ~is_known)
    )


async def _change(tx: Transaction, multipart_id: UUID, **values: object) -> None:
    await tx.connection.execute(update(multiparts).where(multiparts.c.id == multipart_id).values(**values))
