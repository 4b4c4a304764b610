"""Limits of projects: reserved when an upload is created, settled at its end, never passed in a race."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.records import quotas, uploads, videos
from playhead.records.database import Row, Transaction
from tests.records.conftest import Shop


async def limited(shop: Shop, **limits: int | None) -> None:
    async with shop.records.transaction() as tx:
        assert await quotas.limit(tx, "default", limits)


async def create(shop: Shop, size: int | None = 10) -> Row:
    """What every way of creating a video does, as `Uploads.open` has it."""
    async with shop.records.transaction() as tx:
        return await create_in(tx, shop, size)


async def create_in(tx: Transaction, shop: Shop, size: int | None) -> Row:
    await quotas.admit(tx, shop.project_id, uploads.reservation(size))
    asked: dict[str, Any] = {"filename": "a.mp4", "is_public": True, "metadata": None}
    video_id = await videos.create(tx, shop.project_id, thumbnail_seconds=[], resolutions=["144p"], **asked)
    expiry = timedelta(hours=1)
    return await uploads.create(
        tx, shop.project_id, video_id, content_type="video/mp4", declared_size=size, expires_in=expiry
    )


async def refused(shop: Shop, size: int | None = 10) -> PlayheadError:
    with pytest.raises(PlayheadError) as caught:
        await create(shop, size)
    return caught.value


async def used(shop: Shop) -> tuple[int, int, int]:
    """Videos, open uploads and bytes."""
    async with shop.records.transaction() as tx:
        [row] = await quotas.usage(tx)
    return row["used_videos"], row["used_open_uploads"], row["used_bytes"]


async def remove(shop: Shop, video_id: UUID) -> None:
    async with shop.records.transaction() as tx:
        await videos.remove(tx, await videos.get(tx, video_id, lock=True))


async def complete(shop: Shop, upload: Row, size: int) -> None:
    async with shop.records.transaction() as tx:
        await videos.get(tx, upload["video_id"], lock=True)
        await uploads.end(tx, upload["id"], UploadState.COMPLETE)
        await videos.begin_processing(tx, upload["video_id"], source_key="k", source_size=size)


async def test_what_an_upload_reserves_is_settled_or_given_back(shop: Shop) -> None:
    kept, given_up, expired = [await create(shop, size) for size in (10, 20, None)]
    assert await used(shop) == (3, 3, 30 + quotas.UNDECLARED_BYTES)
    await complete(shop, kept, 9)
    assert await used(shop) == (3, 2, 29 + quotas.UNDECLARED_BYTES)
    async with shop.records.transaction() as tx:
        for _ in range(2):  # the second time there is nothing to give back
            await uploads.end(tx, expired["id"], UploadState.DEAD)
    assert await used(shop) == (3, 1, 29)
    await remove(shop, given_up["video_id"])
    assert await used(shop) == (2, 0, 9)
    await remove(shop, kept["video_id"])
    assert await used(shop) == (1, 0, 0)


async def test_a_file_that_goes_takes_no_room_any_more(shop: Shop) -> None:
    upload = await create(shop, 10)
    await complete(shop, upload, 9)
    async with shop.records.transaction() as tx:
        await videos.drop_source(tx, await videos.get(tx, upload["video_id"], lock=True))
    assert await used(shop) == (1, 0, 0)
    await remove(shop, upload["video_id"])
    assert await used(shop) == (0, 0, 0)


async def test_a_transaction_that_is_undone_has_used_nothing(shop: Shop) -> None:
    async def undone() -> None:
        async with shop.records.transaction() as tx:
            await create_in(tx, shop, 10)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await used(shop) == (0, 0, 0)


async def test_no_limit_is_the_rule(shop: Shop) -> None:
    for _ in range(30):
        await create(shop, None)
    assert (await used(shop))[0] == 30


async def test_each_limit_is_named_and_making_room_helps(shop: Shop) -> None:
    await limited(shop, max_videos=2)
    first = await create(shop)
    await create(shop)
    error = await refused(shop)
    assert (error.code, error.kind.status, "2 videos" in error.detail) == ("quota_exceeded", 403, True)
    await remove(shop, first["video_id"])
    await create(shop)
    await limited(shop, max_videos=None, max_open_uploads=2)
    assert "2 uploads under way" in (await refused(shop)).detail
    await limited(shop, max_open_uploads=None, max_bytes=100)
    assert "100 bytes" in (await refused(shop, 81)).detail
    await create(shop, 80)
    assert (await refused(shop, None)).code == "quota_exceeded"


async def test_a_file_larger_than_what_is_left_is_told_when_it_is_there(shop: Shop) -> None:
    await limited(shop, max_bytes=quotas.UNDECLARED_BYTES + 100)
    upload = await create(shop, None)
    async with shop.records.transaction() as tx:
        assert await quotas.overrun(tx, shop.project_id, 100) is None
        error = await quotas.overrun(tx, shop.project_id, 101)
        assert error is not None
        assert error.code == "quota_exceeded"
        # What it reserved was more than it takes: no limit that was lowered meanwhile undoes that.
        await quotas.limit(tx, "default", {"max_bytes": 1})
        assert await quotas.overrun(tx, shop.project_id, 5 - upload["reserved_bytes"]) is None


@pytest.mark.parametrize(
    "limits",
    [{"max_videos": 1}, {"max_open_uploads": 1}, {"max_bytes": 15}, {"max_creates_per_minute": 1}],
    ids=lambda limits: next(iter(limits)),
)
async def test_of_fifty_who_want_the_last_place_one_gets_it(shop: Shop, limits: dict[str, int]) -> None:
    await limited(shop, **limits)
    outcomes = await asyncio.gather(*(create(shop) for _ in range(50)), return_exceptions=True)
    won = [each for each in outcomes if isinstance(each, dict)]
    codes = {each.code for each in outcomes if isinstance(each, PlayheadError)}
    assert len(won) == 1
    assert codes == {"rate_limited" if "max_creates_per_minute" in limits else "quota_exceeded"}
    assert await used(shop) == (1, 1, 10)


async def test_the_bucket_holds_a_minutes_creates_and_fills_steadily(shop: Shop) -> None:
    await limited(shop, max_creates_per_minute=3)
    for _ in range(3):
        await create(shop)
    error = await refused(shop)
    assert (error.code, error.kind.status) == ("rate_limited", 429)
    assert 15 <= (error.retry_after or 0) <= 20
    await past(shop, 21)
    await create(shop)
    assert (await refused(shop)).code == "rate_limited"
    await past(shop, 3600)  # no more than it holds
    for _ in range(3):
        await create(shop)
    assert (await refused(shop)).code == "rate_limited"
    await limited(shop, max_creates_per_minute=None)
    await create(shop)


async def past(shop: Shop, seconds: int) -> None:
    """As if the last create had been that much longer ago."""
    async with shop.records.transaction() as tx:
        await tx.connection.execute(
            text("UPDATE projects SET creates_at = creates_at - make_interval(secs => :s)"), {"s": seconds}
        )


async def test_a_refusal_takes_nothing_from_the_bucket(shop: Shop) -> None:
    await limited(shop, max_creates_per_minute=1, max_videos=0)
    assert (await refused(shop)).code == "quota_exceeded"
    await limited(shop, max_videos=None)
    await create(shop)


async def test_limits_of_no_project_are_not_set(shop: Shop) -> None:
    async with shop.records.transaction() as tx:
        assert not await quotas.limit(tx, "nobody", {"max_videos": 1})
