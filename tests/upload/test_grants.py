"""Who a token or a key belongs to, on a real database."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import Urls
from playhead.records import grants, projects
from playhead.records.database import Records
from playhead.upload.grants import Grants

SIGNER = Signer(["n" * 32])
URLS = Urls("http://127.0.0.1", SIGNER)


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[Grants]:
    records = Records(database_url)
    yield Grants(records, SIGNER)
    await records.close()


async def granted(reader: Grants) -> tuple[UUID, UUID]:
    async with reader.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        row = await grants.create(
            tx,
            project_id,
            resolutions=None,
            is_public=None,
            metadata=None,
            max_bytes=7,
            max_uploads=None,
            expires_in=timedelta(hours=1),
        )
    return project_id, row["id"]


async def refused(reader: Grants, token: str) -> str:
    with pytest.raises(PlayheadError) as caught:
        await reader.by_token(token)
    return caught.value.code


async def test_a_token_opens_its_grant_until_it_is_over(reader: Grants) -> None:
    project_id, grant_id = await granted(reader)
    now = int(time.time())
    token = URLS.grant_token(grant_id, now + 60)
    assert URLS.grant(token) == f"http://127.0.0.1/u/{token}"
    caller = await reader.by_token(token)
    assert caller.project_id == project_id
    assert caller.grant is not None
    assert caller.grant["max_bytes"] == 7
    assert await refused(reader, URLS.grant_token(grant_id, now - 1)) == "url_expired"
    async with reader.records.transaction() as tx:
        await grants.revoke(tx, project_id, grant_id)
    assert await refused(reader, token) == "url_expired"


async def test_no_other_token_opens_anything(reader: Grants) -> None:
    _, grant_id = await granted(reader)
    later = int(time.time()) + 60
    own = URLS.grant_token(grant_id, later)
    others = [
        "",
        own[:-1],
        f"{uuid4().hex}{own[32:]}",
        f"{grant_id.hex}.{SIGNER.sign('upload', grant_id.hex, later)}",
        f"{grant_id.hex}.{Signer(['o' * 32]).sign('grant', grant_id.hex, later)}",
    ]
    assert {await refused(reader, token) for token in others} == {"url_invalid"}
    assert await refused(reader, URLS.grant_token(uuid4(), later)) == "url_expired"


async def test_a_key_opens_its_project(reader: Grants) -> None:
    async with reader.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        await projects.add_key(tx, project_id, "mine", "ph_mine")
    caller = await reader.by_key({"x-api-key": "ph_mine"})
    assert (caller.project_id, caller.grant) == (project_id, None)
    for headers in ({}, {"x-api-key": "ph_other"}):
        with pytest.raises(PlayheadError) as caught:
            await reader.by_key(headers)
        assert caught.value.code == "invalid_key"
