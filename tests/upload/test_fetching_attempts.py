"""How often a file is fetched: what may pass is tried again, by one attempt at a time, and never for ever."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.records import fetches, quotas, uploads
from playhead.upload.cleaning import delete_video
from playhead.upload.fetching import MAX_BEGUN, Fetching, fetch
from playhead.upload.url_ingest import RETRIES
from playhead.upload.url_source import Pace, Strangers
from tests.upload.fetched import FILM, Bench
from tests.upload.origin import Asked, Origin, cut, origin, says, whole

PASSING = (
    "HTTP/1.1 503 Busy\nContent-Length: 0",
    "HTTP/1.1 429 Slow Down\nRetry-After: 40\nContent-Length: 0",
    "SSH-2.0-OpenSSH_9.2",
)


async def test_what_may_pass_is_tried_again_and_given_up_in_the_end(bench: Bench) -> None:
    tries = len(RETRIES) + 1
    async with origin(FILM) as server:
        server.answers = [says(PASSING[number % len(PASSING)]) for number in range(tries)]
        video_id = await bench.create(server.url)
        for number in range(tries):
            row = await bench.row(video_id)
            assert row is not None
            assert row["failures"] == number
            await bench.attempt(video_id)
    video = await bench.video(video_id)
    assert (video["status"], video["error_code"]) == ("fail", "source_unreachable")
    assert len(server.asked) == tries
    assert await bench.row(video_id) is None


async def test_a_wait_is_waited_for(bench: Bench) -> None:
    async with origin(FILM, says("HTTP/1.1 503 Busy\nRetry-After: 100\nContent-Length: 0")) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        await fetch(Fetching(bench.station, Strangers(local_networks_allowed=True)), video_id)
        row = await bench.row(video_id)
        assert row is not None
        assert not row["due"]
        assert len(server.asked) == 1
        async with bench.station.records.transaction() as tx:
            assert await fetches.due(tx, 9) == []
            await tx.connection.execute(text("UPDATE fetches SET next_at = now()"))
            assert await fetches.due(tx, 9) == [(video_id, 0)]


async def test_a_server_that_brings_something_each_time_is_gone_on_with(bench: Bench) -> None:
    cuts = [cut(300_000)] * 9
    async with origin(FILM, *cuts) as server:
        video_id = await bench.create(server.url)
        for _ in range(10):
            await bench.attempt(video_id)
    assert await bench.source(video_id) == FILM


async def test_deleting_the_video_ends_its_fetch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.upload.fetching.NOTE_EVERY", 0.0)
    deleted = asyncio.Event()

    async def held(server: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = server.head(asked)
        writer.write(head + body[:2_000_000])
        await deleted.wait()
        for at in range(2_000_000, len(body), 1000):
            writer.write(body[at : at + 1000])
            await writer.drain()
            await asyncio.sleep(0.01)

    async with origin(FILM, held) as server:
        video_id = await bench.create(server.url)
        running = asyncio.create_task(bench.attempt(video_id, pace=Pace()))
        async with asyncio.timeout(60):
            while not await received(bench, video_id):
                await asyncio.sleep(0.05)
        await delete_video(bench.station, video_id, project_id=bench.project_id)
        deleted.set()
        await running
    bench.is_clear()
    assert await bench.row(video_id) is None


async def received(bench: Bench, video_id: UUID) -> int:
    async with bench.station.records.transaction() as tx:
        upload = await uploads.of_video(tx, video_id)
    assert upload is not None
    return int(upload["received_size"])


async def test_a_newer_attempt_takes_over_from_one_that_stood_still(bench: Bench) -> None:
    going_on = asyncio.Event()

    async def held(server: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = server.head(asked)
        writer.write(head + body[:1_000_000])
        await writer.drain()
        await going_on.wait()
        writer.write(bytes(len(body) - 1_000_000))

    async with origin(FILM, held, whole) as server:
        video_id = await bench.create(server.url)
        asleep = asyncio.create_task(bench.attempt(video_id, pace=Pace()))
        async with asyncio.timeout(60):
            while (row := await bench.row(video_id)) is None or row["validator"] is None:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)  # until what came is kept
        await bench.attempt(video_id)
        going_on.set()
        await asleep
    assert await bench.source(video_id) == FILM


async def test_stopping_in_good_order_is_no_attempt_and_a_dead_end_is_given_up(bench: Bench) -> None:
    async def silent(_server: Origin, _asked: Asked, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with origin(FILM, silent) as server:
        video_id = await bench.create(server.url)
        stopped = asyncio.create_task(bench.attempt(video_id, pace=Pace()))
        async with asyncio.timeout(60):
            while not server.asked:
                await asyncio.sleep(0.05)
        stopped.cancel()
        await asyncio.gather(stopped, return_exceptions=True)
        row = await bench.row(video_id)
        assert row is not None
        assert (row["begun"], row["failures"]) == (0, 0)
        async with bench.station.records.transaction() as tx:  # as if its worker had died each time
            await tx.connection.execute(text("UPDATE fetches SET begun = :n"), {"n": MAX_BEGUN})
        await bench.attempt(video_id)
    assert (await bench.video(video_id))["error_code"] == "attempts_exhausted"
    assert len(server.asked) == 1


async def test_a_file_that_the_project_has_no_room_for_is_refused_before_it_comes(bench: Bench) -> None:
    async with bench.station.records.transaction() as tx:
        await quotas.limit(tx, "default", {"max_bytes": quotas.UNDECLARED_BYTES})
    async with origin(FILM) as server:
        first = await bench.create(server.url)
        await bench.attempt(first)
        assert await bench.source(first) == FILM
        with pytest.raises(PlayheadError) as caught:
            await bench.create(server.url)
    assert caught.value.code == "quota_exceeded"


async def test_an_upload_whose_time_is_over_is_not_fetched(bench: Bench) -> None:
    async with origin(FILM) as server:
        video_id = await bench.create(server.url)
        async with bench.station.records.transaction() as tx:
            await tx.connection.execute(text("UPDATE uploads SET expires_at = now() - interval '1 minute'"))
        await bench.attempt(video_id)
    assert server.asked == []
    assert await bench.row(video_id) is None
