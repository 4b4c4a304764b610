"""What becomes of a transaction that the database cannot carry out now."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from uuid import uuid4

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from tests.records.conftest import Shop


@pytest.mark.parametrize("state", ["53100", "53200", "57P01", "08006"])
async def test_what_may_pass_is_no_fault_of_ours(shop: Shop, state: str) -> None:
    """The disk is full, the memory is, it goes down, the connection fails: a step does not count it as an attempt."""
    raised = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(PlayheadError) as caught:
        async with shop.records.transaction() as tx:
            await tx.connection.execute(text(raised))
    assert caught.value.code == "database_unavailable"


_LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


async def test_what_is_made_is_told_once_it_can_be_seen(shop: Shop) -> None:
    undone, done = uuid4(), uuid4()

    async def asked(what: str) -> int:
        async with shop.records.transaction() as tx:
            return len((await tx.connection.execute(text(f"SELECT {what} {_LISTENING}"))).all())

    async with aclosing(shop.records.told()) as told:
        hearing = asyncio.create_task(anext(told))
        while not await asked("1"):
            await asyncio.sleep(0.01)
        async with shop.records.transaction() as tx:
            await tx.tell(undone)
            await tx.connection.rollback()
        async with shop.records.transaction() as tx:
            await tx.tell(done)
            assert not hearing.done()
        assert await hearing == done
        hearing = asyncio.create_task(anext(told))
        await asked("pg_terminate_backend(pid)")
        with pytest.raises(PlayheadError, match="database_unavailable"):
            await hearing
