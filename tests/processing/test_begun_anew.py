"""What an attempt of before learns, makes or gives up says nothing of a video that ended or began anew since."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.processing.captions import take_captions
from playhead.processing.chunks import encode_chunk
from playhead.processing.inspect import info_of, inspect
from playhead.processing.workshop import Workshop
from playhead.records import captions, due, remaking, videos
from playhead.records.database import Row
from playhead.storage.disk import Disk
from tests.media.samples import sample
from tests.records.conftest import Shop, shop

__all__ = ["shop"]

Meanwhile = Callable[[], Awaitable[None]]


class Interrupted(Disk):
    """A folder of objects, where something else happens just before one is read or written."""

    before_reading: Meanwhile | None = None
    before_writing: Meanwhile | None = None

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        happen, self.before_reading = self.before_reading, None
        if happen is not None:
            await happen()
        async with super().local(key) as path:
            yield path

    async def adopt(self, key: str, path: Path) -> None:
        await self._happen()
        await super().adopt(key, path)

    async def put(self, key: str, content: bytes) -> None:
        await self._happen()
        await super().put(key, content)

    async def _happen(self) -> None:
        happen, self.before_writing = self.before_writing, None
        if happen is not None:
            await happen()


@pytest.fixture
def storage(tmp_path: Path) -> Interrupted:
    return Interrupted(tmp_path / "storage")


@pytest.fixture
def workshop(shop: Shop, storage: Interrupted, tmp_path: Path) -> Workshop:
    tools = NoSandbox(find_tools())
    return Workshop(shop.records, storage, tools, tmp_path, 3600.0, places_ahead=0)


async def begun(shop: Shop, storage: Disk, name: str) -> UUID:
    """A video with that sample as its source."""
    source = sample(name).path().read_bytes()
    video_id = await shop.video("144p")
    await storage.put("videos/a/source/b", source)
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=len(source))
    return video_id


async def fail(shop: Shop, video_id: UUID) -> None:
    async with shop.records.transaction() as tx:
        await videos.fail(tx, await videos.get(tx, video_id, lock=True), PlayheadError("no_frames"))


async def begin_anew(shop: Shop, video_id: UUID) -> None:
    await fail(shop, video_id)
    async with shop.records.transaction() as tx:
        await remaking.begin(tx, await videos.get(tx, video_id, project_id=shop.project_id, lock=True))


async def now(shop: Shop, video_id: UUID) -> Row:
    async with shop.records.transaction() as tx:
        return await videos.get(tx, video_id)


async def told(shop: Shop, video_id: UUID) -> list[str]:
    async with shop.records.transaction() as tx:
        found = await tx.connection.execute(
            text("SELECT type FROM events WHERE video_id = :id ORDER BY id"), {"id": video_id}
        )
        return list(found.scalars())


async def test_what_was_learnt_before_is_no_plan_now(
    shop: Shop, workshop: Workshop, storage: Interrupted
) -> None:
    video_id = await begun(shop, storage, "avi_mpeg4_b_frames")

    async def otherwise() -> None:
        await begin_anew(shop, video_id)
        async with shop.records.transaction() as tx:
            await tx.connection.execute(text("UPDATE videos SET loudness = 'normalised'"))

    storage.before_reading = otherwise
    await inspect(workshop, video_id)
    assert (await now(shop, video_id))["plan"] is None
    await inspect(workshop, video_id)
    assert (await now(shop, video_id))["plan"]["normalised"]


async def test_a_piece_that_comes_too_late_makes_nothing_playable(
    shop: Shop, workshop: Workshop, storage: Interrupted
) -> None:
    video_id = await begun(shop, storage, "avi_mpeg4_b_frames")
    await inspect(workshop, video_id)

    async def meanwhile() -> None:
        await fail(shop, video_id)

    storage.before_writing = meanwhile
    await encode_chunk(workshop, video_id, 0)
    assert (await now(shop, video_id))["playable_at"] is None
    assert (await told(shop, video_id))[-1] == "video.failed"


async def test_a_video_that_was_deleted_just_now_needs_no_jobs(shop: Shop) -> None:
    """Neither for the attempt that has planned it, nor for the reconciler, who has others to look after."""
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        assert await due.jobs_of(tx, video["id"])
        await videos.remove(tx, await videos.get(tx, video["id"], lock=True))
    async with shop.records.transaction() as tx:
        assert await due.jobs_of(tx, video["id"]) == []


async def test_captions_that_are_due_anew_are_not_given_up(
    shop: Shop, workshop: Workshop, storage: Interrupted
) -> None:
    video_id = await begun(shop, storage, "subtitles_mp4")
    await inspect(workshop, video_id)
    before = await now(shop, video_id)

    async def meanwhile() -> None:
        await begin_anew(shop, video_id)
        async with shop.records.transaction() as tx:
            await captions.lay_out(tx, before, info_of(before).texts)

    storage.before_writing = meanwhile
    await take_captions(workshop, video_id)
    async with shop.records.transaction() as tx:
        assert await captions.are_due(tx, video_id)
