"""Answers to creating requests, kept for a day by the key their sender gave, to be given again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model.errors import PlayheadError
from playhead.records.database import Transaction
from playhead.records.tables import answers

KEPT_FOR = timedelta(hours=24)


async def claim(tx: Transaction, project_id: UUID, key: str, request: bytes) -> str | None:
    """Take a key for the request whose hash is `request`; the answer to it, when it was answered before.

    Who asks with the same key at the same time waits here until the other's transaction has ended. None means that
    the request is to be carried out, and its answer given to `keep`, in this transaction.

    Raises:
        PlayheadError: `idempotency_key_reused` when the key stands for another request.
    """
    overdue = answers.c.created_at < func.clock_timestamp() - KEPT_FOR
    row = upsert(answers).values(project_id=project_id, key=key, request=request)
    taken = await tx.connection.execute(
        row.on_conflict_do_update(
            index_elements=["project_id", "key"],
            set_={"request": request, "body": None, "created_at": func.clock_timestamp()},
            where=overdue,
        ).returning(answers.c.key)
    )
    if taken.one_or_none() is not None:
        return None
    found = await tx.connection.execute(
        select(answers.c.request, answers.c.body).where(
            answers.c.project_id == project_id, answers.c.key == key
        )
    )
    before = found.one()
    if before.request != request:
        raise PlayheadError("idempotency_key_reused")
    return str(before.body)


async def keep(tx: Transaction, project_id: UUID, key: str, body: str) -> None:
    """Keep the answer of a key that this transaction has claimed."""
    await tx.connection.execute(
        update(answers).where(answers.c.project_id == project_id, answers.c.key == key).values(body=body)
    )


async def forget(tx: Transaction, project_id: UUID, key: str) -> None:
    """Free a key: what it stood for has come to nothing."""
    await tx.connection.execute(
        delete(answers).where(answers.c.project_id == project_id, answers.c.key == key)
    )


async def clear(tx: Transaction) -> None:
    """Forget the answers that are older than a day."""
    await tx.connection.execute(
        delete(answers).where(answers.c.created_at < func.clock_timestamp() - KEPT_FOR)
    )
