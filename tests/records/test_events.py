"""Events are kept for as long as the operator wants, and longer where a webhook is still owed one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from playhead.model.events import EventType
from playhead.records import events, webhooks
from playhead.records.database import Transaction
from playhead.records.tables import deliveries
from playhead.records.tables import events as event_rows
from tests.records.conftest import Shop, told

MONTH = timedelta(days=30)


async def _aged(tx: Transaction, ages: dict[int, int]) -> None:
    """Make events as old as that, in days."""
    for event_id, days in ages.items():
        await tx.connection.execute(
            update(event_rows)
            .where(event_rows.c.id == event_id)
            .values(created_at=func.now() - timedelta(days=days))
        )


async def _hooked(shop: Shop, tx: Transaction) -> None:
    await webhooks.add(
        tx, shop.project_id, name="a", url="https://a.example", format="standard", wanted=None, secret="s"
    )


async def _happened(shop: Shop, tx: Transaction, video_id: UUID) -> int:
    return await events.append(tx, shop.project_id, video_id, EventType.READY)


async def test_events_are_forgotten_when_they_are_old_and_told(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        await _hooked(shop, tx)
        delivered, given_up, owed, young = [await _happened(shop, tx, video_id) for _ in range(4)]
        await _aged(tx, {delivered: 31, given_up: 31, owed: 31, young: 29})
        owing = await tx.connection.execute(select(deliveries.c.event_id, deliveries.c.id))
        numbers = {row.event_id: row.id for row in owing}
        await webhooks.settle(tx, numbers[delivered], delivered=True, again_in=None)
        await webhooks.settle(tx, numbers[given_up], delivered=False, again_in=None)
        await webhooks.settle(tx, numbers[owed], delivered=False, again_in=timedelta(hours=10))
    async with shop.records.transaction() as tx:
        assert await events.prune(tx, MONTH) == 2
    async with shop.records.transaction() as tx:
        kept = [row["id"] for row in await told(tx, shop.project_id)]
        assert [each for each in kept if each >= delivered] == [owed, young]
        assert set((await tx.connection.execute(select(deliveries.c.event_id))).scalars()) == {owed, young}
        assert await events.prune(tx, MONTH) == 0


async def test_of_many_some_are_forgotten_at_a_time_the_oldest_first(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        first, second, third = [await _happened(shop, tx, video_id) for _ in range(3)]
        await _aged(tx, dict.fromkeys(range(1, third + 1), 40))
        assert await events.prune(tx, MONTH, limit=second) == second
        assert [row["id"] for row in await told(tx, shop.project_id)] == [third]
        assert first < second
