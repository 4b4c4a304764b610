"""Grants on a real database: counted however many ask at once, over when their time is, or when revoked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from playhead.model.states import UploadState
from playhead.records import grants, partials, projects, uploads, videos
from playhead.records.database import Records, Row, Transaction
from playhead.records.tables import uploads as upload_rows


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


async def test_grants_are_forgotten_a_month_after_anything_could_come_of_them(records: Records) -> None:
    """In days: when each was over, and when an upload under it had to be complete; the last one is not."""
    month, used = -31 * 86_400, {}
    for name, seconds, upload_seconds, state in (
        ("unused", month, None, None),
        ("used", month, month, UploadState.COMPLETE),
        ("known", month, -29 * 86_400, UploadState.COMPLETE),
        ("open", month, month, UploadState.RECEIVED),
        ("young", -29 * 86_400, None, None),
    ):
        project_id, grant = await made(records, seconds)
        used[grant["id"]] = name
        if upload_seconds is not None:
            async with records.transaction() as tx:
                await _begun(tx, project_id, grant["id"], upload_seconds, state)
    project_id, grant = await made(records, month)
    used[grant["id"]] = "waiting"
    async with records.transaction() as tx:
        await partials.create(
            tx, project_id, grant_id=grant["id"], size=1, tus_metadata="", expires_in=timedelta(seconds=60)
        )
    async with records.transaction() as tx:
        assert await grants.prune(tx) == 2
        left = {used[grant_id] for grant_id in used if await grants.find(tx, grant_id) is not None}
        assert left == {"known", "open", "young", "waiting"}
        assert await grants.prune(tx) == 0


async def _begun(tx: Transaction, project_id: UUID, grant_id: UUID, seconds: int, state: str | None) -> None:
    asked: dict[str, Any] = {"filename": "a", "is_public": True, "metadata": None, "thumbnail_seconds": []}
    video_id = await videos.create(tx, project_id, resolutions=["144p"], **asked)
    upload = await uploads.create(
        tx,
        project_id,
        video_id,
        content_type="video/mp4",
        declared_size=1,
        expires_in=timedelta(seconds=seconds),
        grant_id=grant_id,
    )
    await tx.connection.execute(
        update(upload_rows).where(upload_rows.c.id == upload["id"]).values(state=state)
    )
