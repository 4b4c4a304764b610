"""Streaming while a video is made: what a URL leads to once is what it leads to for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from playhead.delivery import showing, streaming, waiting
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.plan import Plan
from playhead.processing.inspect import inspect
from playhead.records import playing, renditions, videos
from tests.delivery.clips import fit, sparse, unfit
from tests.delivery.making import Making, making
from tests.media.mp4.clips import AAC, X264, ffmpeg, sound

__all__ = ["fit", "making", "sparse", "unfit"]


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request sees the state of its moment, as if the last one had been long ago."""
    monkeypatch.setattr(showing, "SOON", 0)
    monkeypatch.setattr(showing, "LATER", 0)


async def test_segments_made_for_a_viewer_stay_what_they_are(making: Making, unfit: Path) -> None:
    video_id, plan = await making.planned(unfit, "144p")
    track = plan.renditions[0].track
    assert [len(chunk.grid) for chunk in plan.chunks] == [1, 2, 3]
    # The sound, the middle and the beginning for viewers; the end by the background.
    await making.sound(video_id)
    await making.chunk(video_id, 1, only=track)
    await making.chunk(video_id, 0, only=track)
    await making.chunk(video_id, 2)
    playlists = (f"{track}.m3u8", "audio.m3u8")
    names = await making.names(video_id, *playlists)
    assert len(names) == 2 + 2 * len(plan.segments)
    growing = await making.all(video_id, names)
    texts = [(await making.get(video_id, playlist)).text for playlist in playlists]
    await making.finish(video_id, plan)
    assert await making.all(video_id, names) == growing
    assert [(await making.get(video_id, playlist)).text for playlist in playlists] == texts


@pytest.mark.parametrize("source", ["fit", "sparse"])
async def test_what_goes_with_a_source_stays_too(
    making: Making, source: str, request: pytest.FixtureRequest
) -> None:
    video_id = await making.upload(request.getfixturevalue(source), "144p")
    names = await making.names(video_id, "source.m3u8")
    early = []
    for name in names:
        answer = await making.get(video_id, name)
        # The worker has not agreed yet that the source is fit, so nobody may count on it for ever.
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=60")
        early.append(answer.content)
    await inspect(making.workshop, video_id)
    plan = await _plan(making, video_id)
    assert plan.source_reasons == ()
    apart = {chunk.start for chunk in plan.chunks} - set(plan.segments)
    assert apart, "some segments should take their frames from several pieces"
    assert list((await making.all(video_id, names)).values()) == early
    # Behind it a track grows, whose segments may need several pieces.
    track = plan.renditions[0].track
    for chunk in reversed(plan.chunks):
        await making.chunk(video_id, chunk.number, only=track)
    names += await making.names(video_id, f"{track}.m3u8")
    growing = await making.all(video_id, names)
    await making.finish(video_id, plan)
    assert await making.all(video_id, names) == growing
    # Players may change between the two at any segment.
    lengths = [
        [line for line in (await making.get(video_id, f"{name}.m3u8")).text.splitlines() if "EXTINF" in line]
        for name in ("source", track)
    ]
    assert lengths[0] == lengths[1]


async def test_the_master_playlist_lists_what_can_be_served(making: Making, unfit: Path, fit: Path) -> None:
    video_id, plan = await making.planned(unfit, "144p", "240p")
    track = plan.renditions[-1].track
    assert (await making.names(video_id, "master.m3u8"))[-1].startswith(f"{track}.m3u8?v=")
    await making.finish(video_id, plan)
    listed = await making.get(video_id, "master.m3u8")
    assert listed.headers["cache-control"] == "public, max-age=60"
    assert listed.text.count("#EXT-X-STREAM-INF") == len({each.track for each in plan.renditions})
    assert "mp4a.40.2" in listed.text


async def test_a_slow_line_has_a_choice_once_the_smallest_is_begun(making: Making, tmp_path: Path) -> None:
    fit = tmp_path / "fit.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=6", *sound(6), *X264, "-g", "25", *AAC, fit)
    video_id, plan = await making.planned(fit, "240p", "144p")
    listed = await making.names(video_id, "master.m3u8")
    assert not any(track.track in name for track in plan.renditions for name in listed)
    await making.chunk(video_id, 0)
    smallest, last = plan.renditions[-1].track, len(plan.segments) - 1
    for entry in ("master.m3u8", "manifest.mpd"):
        text = (await making.get(video_id, entry)).text
        assert [each in text for each in ("source", plan.renditions[0].track, smallest)] == [
            True,
            False,
            True,
        ]
    # It is listed to its end: what is not made yet is made for whoever asks for it.
    viewer = asyncio.create_task(making.get(video_id, f"{smallest}-{last}.m4s"))
    while not await making.jobs("encode_on_demand"):
        await asyncio.sleep(0.02)
    await making.chunk(video_id, plan.chunks[-1].number, only=smallest)
    assert (await viewer).status_code == 200


async def _plan(making: Making, video_id: UUID) -> Plan:
    async with making.origin.records.transaction() as tx:
        found = await playing.plan(tx, video_id)
    assert found is not None
    return found


async def test_twenty_viewers_make_one_job(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id, plan = await making.planned(unfit, "144p")
    track = plan.renditions[0].track
    number = len(plan.segments) - 1
    name = f"{track}-{number}.m4s"
    viewers = [asyncio.create_task(making.get(video_id, name)) for _ in range(20)]
    while len(demands := await making.jobs("encode_on_demand")) < 2:
        await asyncio.sleep(0.02)
    # The first chunk is asked for when the plan is made.
    assert sorted(int(str(each["number"])) for each in demands) == [0, plan.chunks[-1].number]
    await making.chunk(video_id, plan.chunks[-1].number, only=track)
    answers = await asyncio.gather(*viewers)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(await making.jobs("encode_on_demand")) == 2
    assert (await making.get(video_id, name)).content == answers[0].content


async def test_without_a_worker_the_wait_ends(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MADE_WITHIN", 0.3)
    monkeypatch.setattr(showing, "PLAN_WITHIN", 0.3)
    unplanned = await making.upload(unfit, "144p")
    assert _code(await making.get(unplanned, "master.m3u8")) == (503, "not_ready")
    video_id, plan = await making.planned(unfit, "144p")
    for name in (f"{plan.renditions[0].track}-1.m4s", "audio-init.mp4", "audio-0.m4s"):
        assert _code(await making.get(video_id, name)) == (503, "not_ready")


async def test_a_full_room_sends_the_first_away_and_serves_what_there_is(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.room.things = 1
    video_id, plan = await making.planned(unfit, "144p")
    track = plan.renditions[0].track
    await making.chunk(video_id, 0, only=track)
    first = asyncio.create_task(making.get(video_id, f"{track}-1.m4s"))
    while not making.waited_for:
        await asyncio.sleep(0.01)
    last = asyncio.create_task(making.get(video_id, f"{track}-{len(plan.segments) - 1}.m4s"))
    refused = await first
    assert _code(refused) == (503, "not_ready")
    assert int(refused.headers["retry-after"]) > 0
    assert (await making.get(video_id, f"{track}-0.m4s")).status_code == 200
    assert not last.done()
    last.cancel()
    # A viewer who hangs up makes room.
    while making.waited_for:
        await asyncio.sleep(0.01)


async def test_what_was_asked_for_last_is_made_first(making: Making, unfit: Path) -> None:
    video_id, plan = await making.planned(unfit, "144p")
    track = plan.renditions[0].track
    async with making.origin.records.transaction() as tx:
        assert not await tx.defer(jobs.demand(video_id, track, 0, 1e9 + 5)), "it was asked for on planning"
        for number, asked_at in ((1, 3), (2, 4), (3, 2)):
            assert await tx.defer(jobs.demand(video_id, track, number, asked_at))
        # Whoever asks again is served before those who have not.
        assert not await tx.defer(jobs.demand(video_id, track, 3, 5))
        assert not await tx.defer(jobs.demand(video_id, track, 2, 1))
    order, manager = [], making.origin.records.queue.job_manager
    worker = await manager.register_worker()
    for _ in range(4):
        job = await manager.fetch_job([jobs.DEMAND], worker)
        assert job is not None
        order.append(job.task_kwargs["number"])
    assert order == [0, 3, 2, 1]


async def test_who_waits_for_what_is_given_up_is_told(making: Making, unfit: Path) -> None:
    video_id, plan = await making.planned(unfit, "144p", "240p")
    track = plan.renditions[0].track
    viewer = asyncio.create_task(making.get(video_id, f"{track}-2.m4s"))
    while not making.waited_for:
        await asyncio.sleep(0.01)
    async with making.origin.records.transaction() as tx:
        await renditions.fail(tx, video_id, [track], PlayheadError("decoder_crashed"))
    assert _code(await viewer) == (404, "not_found")
    async with making.origin.records.transaction() as tx:
        await videos.fail(tx, await videos.get(tx, video_id, lock=True), PlayheadError("no_frames"))
    assert _code(await making.get(video_id, "master.m3u8")) == (404, "not_found")


async def test_a_deleted_video_is_gone_even_if_it_is_remembered(
    making: Making, fit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "SOON", 60)
    video_id, _ = await making.planned(fit, "144p")
    assert (await making.get(video_id, "source-0.m4s")).status_code == 200
    async with making.origin.records.transaction() as tx:
        row = await videos.get(tx, video_id, lock=True)
        await videos.remove(tx, row)
    await making.origin.storage.delete(row["source_key"])
    assert _code(await making.get(video_id, "source-1.m4s")) == (404, "not_found")


def _code(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["code"]


async def test_who_waits_is_told_what_is_made(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOK_EVERY", 60)
    monkeypatch.setattr(streaming, "LISTEN_AGAIN", 0.01)
    listening = asyncio.create_task(making.origin.streaming.listen())
    lost = await _listening(making)
    async with making.origin.records.transaction() as tx:
        await tx.connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": lost})
    while await _listening(making) == lost:
        await asyncio.sleep(0.01)
    video_id = await making.upload(unfit, "144p")

    async def waited(name: str, made: Callable[[], Awaitable[object]]) -> httpx.Response:
        asking = asyncio.create_task(making.get(video_id, name))
        while not making.waited_for:
            await asyncio.sleep(0.01)
        await made()
        return await asking

    answer = await waited("master.m3u8", lambda: inspect(making.workshop, video_id))
    track = (await _plan(making, video_id)).renditions[0].track
    assert track in answer.text
    segment = await waited(f"{track}-0.m4s", lambda: making.chunk(video_id, 0, only=track))
    assert segment.status_code == 200
    listening.cancel()
    await asyncio.wait({listening})


async def _listening(making: Making) -> int:
    """The process of the database that tells the origin what is made."""
    listening = "query LIKE 'LISTEN playhead%' AND datname = current_database()"
    while True:
        async with making.origin.records.transaction() as tx:
            found = await tx.connection.execute(text(f"SELECT pid FROM pg_stat_activity WHERE {listening}"))
            if (pid := found.scalars().first()) is not None:
                return int(pid)
        await asyncio.sleep(0.01)
