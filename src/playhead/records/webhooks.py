"""Webhooks and the deliveries owed to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model.errors import PlayheadError
from playhead.records.database import Row, Transaction
from playhead.records.tables import deliveries, events, webhooks


async def add(
    tx: Transaction,
    project_id: UUID,
    *,
    name: str,
    url: str,
    format: str,
    wanted: list[str] | None,
    secret: str,
) -> Row:
    """Register a webhook; `wanted` names event types, None means all that its format can tell.

    Raises:
        PlayheadError: `wrong_state`, when the project has one of that name.
    """
    added = await tx.connection.execute(
        upsert(webhooks)
        .values(
            id=uuid4(),
            project_id=project_id,
            name=name,
            url=url,
            format=format,
            events=wanted,
            secret=secret,
        )
        .on_conflict_do_nothing(index_elements=["project_id", "name"])
        .returning(webhooks)
    )
    row = added.one_or_none()
    if row is None:
        raise PlayheadError("wrong_state", "There is a webhook of that name already.", field="name")
    return dict(row._mapping)


async def list_of(tx: Transaction, project_id: UUID) -> list[Row]:
    """A project's webhooks, oldest first, without their secrets."""
    found = await tx.connection.execute(
        select(
            webhooks.c.id,
            webhooks.c.name,
            webhooks.c.url,
            webhooks.c.format,
            webhooks.c.events,
            webhooks.c.created_at,
        )
        .where(webhooks.c.project_id == project_id)
        .order_by(webhooks.c.created_at)
    )
    return [dict(row._mapping) for row in found]


async def remove(tx: Transaction, project_id: UUID, webhook_id: UUID) -> bool:
    """Delete a webhook with its outstanding deliveries; whether there was one."""
    done = await tx.connection.execute(
        delete(webhooks).where(webhooks.c.project_id == project_id, webhooks.c.id == webhook_id)
    )
    return done.rowcount > 0


async def delivery(tx: Transaction, delivery_id: int) -> Row | None:
    """A delivery that is still owed, with its webhook and event."""
    found = await tx.connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.attempts,
            webhooks.c.name.label("webhook_name"),
            webhooks.c.url,
            webhooks.c.format,
            webhooks.c.secret,
            events.c.id.label("event_id"),
            events.c.type,
            events.c.data,
            events.c.video_id,
            events.c.created_at,
        )
        .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
        .join(events, events.c.id == deliveries.c.event_id)
        .where(deliveries.c.id == delivery_id, deliveries.c.next_at <= func.now())
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def settle(
    tx: Transaction, delivery_id: int, *, delivered: bool, again_in: timedelta | None, **result: Any
) -> None:
    """Write down how a delivery went; `again_in` None ends it."""
    await tx.connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.delivered_at.is_(None))
        .values(
            attempts=deliveries.c.attempts + 1,
            delivered_at=func.clock_timestamp() if delivered else None,
            next_at=None if again_in is None else func.clock_timestamp() + again_in,
            **result,
        )
    )


async def due(tx: Transaction, limit: int) -> list[int]:
    """Deliveries whose time has come."""
    found = await tx.connection.execute(
        select(deliveries.c.id)
        .where(deliveries.c.next_at <= func.now())
        .order_by(deliveries.c.next_at)
        .limit(limit)
    )
    return list(found.scalars())
