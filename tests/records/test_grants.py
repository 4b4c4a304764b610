"""Grants on a real database: counted however many ask at once, over when their time is, or when revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from playhead.records import grants, projects
from playhead.records.database import Records, Row


@pytest.fixture
async def records(database_url: str) -> AsyncIterator[Records]:
    opened = Records(database_url)
    yield opened
    await opened.close()


async def made(records: Records, seconds: float = 60, **limits: Any) -> tuple[UUID, Row]:
    given: dict[str, Any] = dict.fromkeys(
        ("resolutions", "is_public", "metadata", "max_bytes", "max_uploads")
    )
    async with records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        row = await grants.create(
            tx, project_id, **{**given, **limits}, expires_in=timedelta(seconds=seconds)
        )
    return project_id, row


async def spend(records: Records, grant: Row) -> bool:
    async with records.transaction() as tx:
        return await grants.spend(tx, grant["id"])


async def test_no_more_uploads_than_it_allows_however_many_ask_at_once(records: Records) -> None:
    _, grant = await made(records, max_uploads=3)
    spent = await asyncio.gather(*(spend(records, grant) for _ in range(12)))
    assert sum(spent) == 3
    _, unlimited = await made(records)
    assert all([await spend(records, unlimited) for _ in range(5)])


async def test_what_was_undone_does_not_count(records: Records) -> None:
    _, grant = await made(records, max_uploads=1)

    async def spend_and_fail() -> None:
        async with records.transaction() as tx:
            assert await grants.spend(tx, grant["id"])
            raise LookupError

    with pytest.raises(LookupError):
        await spend_and_fail()
    assert await spend(records, grant)


async def test_it_is_over_when_revoked_and_only_its_project_can(records: Records) -> None:
    project_id, grant = await made(records)
    async with records.transaction() as tx:
        assert await grants.working(tx, grant["id"]) is not None
        assert not await grants.revoke(tx, uuid4(), grant["id"])
        assert await grants.working(tx, grant["id"]) is not None
        for _ in range(2):
            assert await grants.revoke(tx, project_id, grant["id"])
        assert await grants.working(tx, grant["id"]) is None
    assert not await spend(records, grant)


async def test_it_is_over_when_its_time_is(records: Records) -> None:
    _, grant = await made(records, seconds=-1)
    assert not await spend(records, grant)
    async with records.transaction() as tx:
        assert await grants.working(tx, grant["id"]) is None
