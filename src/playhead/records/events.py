"""The event log. An event is appended in the transaction that changes what it speaks of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, any_, delete, exists, func, insert, literal, or_, select

from playhead.model import jobs
from playhead.model.events import formats_telling
from playhead.records.database import Transaction
from playhead.records.tables import deliveries, events, videos, webhooks

PRUNED_AT_ONCE = 1000


async def append(
    tx: Transaction, project_id: UUID, video_id: UUID, event_type: str, data: dict[str, Any] | None = None
) -> int:
    """Append an event and enqueue its delivery to every webhook of the project that wants it.

    Returns:
        The event's number, growing with time; 0 of a remake, of which nothing is told but how it ends.
    """
    remade = exists().where(videos.c.id == video_id, videos.c.replaces.is_not(None))
    told = select(
        *(
            literal(value, type_=column.type)
            for column, value in (
                (events.c.project_id, project_id),
                (events.c.video_id, video_id),
                (events.c.type, event_type),
                (events.c.data, data or {}),
            )
        )
    ).where(~remade)
    added = await tx.connection.execute(
        insert(events).from_select(["project_id", "video_id", "type", "data"], told).returning(events.c.id)
    )
    event_id = int(added.scalar_one_or_none() or 0)
    if not event_id:
        return 0
    wanting = await tx.connection.execute(
        select(webhooks.c.id).where(
            webhooks.c.project_id == project_id,
            # A format without a message for this event is owed nothing.
            webhooks.c.format.in_(formats_telling(event_type)),
            or_(webhooks.c.events.is_(None), literal(event_type, Text) == any_(webhooks.c.events)),
        )
    )
    for webhook_id in wanting.scalars().all():
        delivery = await tx.connection.execute(
            insert(deliveries)
            .values(project_id=project_id, webhook_id=webhook_id, event_id=event_id, next_at=func.now())
            .returning(deliveries.c.id)
        )
        await tx.defer(jobs.deliver(int(delivery.scalar_one())))
    return event_id


async def prune(tx: Transaction, kept_for: timedelta, limit: int = PRUNED_AT_ONCE) -> int:
    """Forget what happened longer ago than that, and how it was delivered; how many events that were.

    Among the `limit` oldest only, so that looking for them takes no longer the more there are. What a webhook is
    still owed stays.
    """
    oldest = select(events.c.id).order_by(events.c.id).limit(limit)
    owed = exists().where(deliveries.c.event_id == events.c.id, deliveries.c.next_at.is_not(None))
    gone = await tx.connection.execute(
        delete(events).where(events.c.id.in_(oldest), events.c.created_at < func.now() - kept_for, ~owed)
    )
    return gone.rowcount
