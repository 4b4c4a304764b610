"""What is read at one moment: a change in between shows wholly or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from playhead.records import renditions, videos
from tests.records.conftest import Shop


async def test_it_sees_nothing_of_what_changes_meanwhile(shop: Shop) -> None:
    video_id = await shop.video("144p")
    async with shop.records.moment() as tx:
        assert (await videos.get(tx, video_id))["filename"]
        async with shop.records.transaction() as other:
            for row in (await renditions.of_videos(other, [video_id]))[video_id]:
                await renditions.remove(other, row)
        assert len((await renditions.of_videos(tx, [video_id]))[video_id]) == 1
    async with shop.records.moment() as tx:
        assert (await renditions.of_videos(tx, [video_id]))[video_id] == []


async def test_it_changes_nothing(shop: Shop) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with shop.records.moment() as tx:
            await tx.connection.execute(text("DELETE FROM videos"))
    async with shop.records.transaction() as tx:  # and the next one with that connection may
        await tx.connection.execute(text("DELETE FROM videos"))
