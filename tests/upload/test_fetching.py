"""Files fetched from real servers on loopback: whole, broken off, gone on with, changed, slow, endless, lying."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from sqlalchemy import text

from playhead.records import uploads
from playhead.upload.url_source import Pace
from tests.upload.fetched import FILM, HEAD, LIMIT, MIB, OTHER, Bench
from tests.upload.origin import Answer, Asked, Origin, cut, origin, says


async def test_a_file_is_fetched_and_becomes_the_source(bench: Bench) -> None:
    async with origin(FILM) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
    assert await bench.source(video_id) == FILM
    [asked] = server.asked
    assert asked.path == "/films/holiday%20film.mp4"
    assert asked.headers["accept-encoding"] == "identity"
    assert not {"range", "cookie", "authorization", "referer"} & set(asked.headers)
    async with bench.station.records.transaction() as tx:
        upload = await uploads.of_video(tx, video_id)
        waiting = await tx.connection.execute(text("SELECT task_name FROM procrastinate_jobs"))
        assert sorted(waiting.scalars()) == ["fetch", "inspect"]
    assert upload is not None
    assert (upload["received_size"], upload["declared_size"]) == (len(FILM), len(FILM))


async def test_a_file_of_unknown_size_is_fetched_too(bench: Bench) -> None:
    async def chunked(server: Origin, _asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(server.content), 100_000):
            block = server.content[at : at + 100_000]
            writer.write(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        writer.write(b"0\r\n\r\n")

    async def chunked_and_cut(server: Origin, _asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n" + server.content[:5000]
        )

    async with origin(FILM, chunked_and_cut, chunked) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        assert (await bench.video(video_id))["status"] == "pending_upload"
        await bench.attempt(video_id)
    assert await bench.source(video_id) == FILM


async def test_after_a_break_only_what_is_missing_is_fetched(bench: Bench) -> None:
    async with origin(FILM, cut(1_000_000), cut(1), cut(1_500_000)) as server:
        video_id = await bench.create(server.url)
        for _ in range(4):
            await bench.attempt(video_id)
    assert await bench.source(video_id) == FILM
    starts = [asked.start for asked in server.asked[1:]]
    assert starts == [1_000_000, 1_000_001, 2_500_001]
    assert {asked.headers["if-range"] for asked in server.asked[1:]} == {'"one"'}


async def test_a_file_that_changed_meanwhile_is_fetched_anew(bench: Bench) -> None:
    async with origin(FILM, cut(1_000_000)) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        server.content, server.etag = OTHER, '"two"'
        await bench.attempt(video_id)
    assert await bench.source(video_id) == OTHER
    assert server.asked[1].start == 1_000_000


async def test_a_server_that_lies_about_its_version_is_not_believed(bench: Bench) -> None:
    """It sends the rest of another file, though it was asked for this one's alone."""

    async def lie(server: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        size, rest = len(OTHER), OTHER[asked.start :]
        lines = f'ETag: "two"\r\nContent-Range: bytes {asked.start}-{size - 1}/{size}\r\n'
        writer.write(f"HTTP/1.1 206 P\r\n{lines}Content-Length: {len(rest)}\r\n\r\n".encode() + rest)
        server.content, server.etag = OTHER, '"two"'

    async with origin(FILM, cut(1_000_000), lie) as server:
        video_id = await bench.create(server.url)
        for _ in range(2):
            await bench.attempt(video_id)
    assert await bench.source(video_id) == OTHER
    assert ["range" in asked.headers for asked in server.asked] == [False, True, False]


@pytest.mark.parametrize("etag", [None, 'W/"one"'])
async def test_without_a_version_there_is_no_going_on(bench: Bench, etag: str | None) -> None:
    async with origin(FILM, cut(1_000_000)) as server:
        server.etag = etag
        video_id = await bench.create(server.url)
        for _ in range(2):
            await bench.attempt(video_id)
    assert await bench.source(video_id) == FILM
    assert all("range" not in asked.headers for asked in server.asked)


async def test_a_slow_drip_is_ended(bench: Bench) -> None:
    async def drip(server: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = server.head(asked)
        writer.write(head)
        for at in range(1000):
            writer.write(body[at : at + 1])
            await writer.drain()
            await asyncio.sleep(0.05)

    async def silent(_server: Origin, _asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            writer.write(b"X-A: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)

    async with origin(FILM, drip, silent) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        row = await bench.row(video_id)
        assert row is not None
        assert row["last_error"].startswith("source_too_slow")
        await bench.attempt(video_id, pace=Pace(answer_seconds=0.5))
        row = await bench.row(video_id)
        assert row is not None
        assert row["last_error"] == "source_unreachable: The URL's server did not answer in time."
        await bench.attempt(video_id)
    assert await bench.source(video_id) == FILM


async def test_an_endless_body_is_ended_at_the_limit(bench: Bench) -> None:
    sent = 0

    async def endless(_server: Origin, _asked: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + HEAD)
        while True:
            writer.write(bytes(64 * 1024))
            sent += 64 * 1024
            await writer.drain()

    announced = says("HTTP/1.1 200 OK\nContent-Length: 999999999999")
    async with origin(FILM, endless, announced) as server:
        code, _ = await bench.outcome(server.url)
        assert code == "upload_too_large"
        assert LIMIT < sent < 4 * LIMIT
        assert (await bench.outcome(server.url))[0] == "upload_too_large"
    bench.is_clear()


async def test_a_packed_answer_is_not_unpacked(bench: Bench) -> None:
    """One MiB of zeros for a kilobyte: nothing of it is ever looked at."""
    packed = gzip.compress(HEAD + bytes(16 * MIB)).decode("latin-1")
    size = len(packed.encode("latin-1"))
    head = f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {size}"
    async with origin(FILM, says(head + "\n\n" + packed)) as server:
        code, detail = await bench.outcome(server.url)
        assert (code, "compressed" in (detail or "")) == ("source_refused", True)
        server.content = packed.encode("latin-1")  # and as it is, it is no video
        assert (await bench.outcome(server.url))[0] == "not_a_video"
    bench.is_clear()


FINAL = {
    "HTTP/1.1 404 Not Found\nContent-Length: 0": "source_refused",
    "HTTP/1.1 403 Forbidden\nContent-Length: 0": "source_refused",
    "HTTP/1.1 200 OK\nContent-Length: 0": "empty_file",
    "HTTP/1.1 200 OK\nContent-Length: 22\n\n<html>Sign in!</html> ": "not_a_video",
    "HTTP/1.1 200 OK\nContent-Length: 35\n\n#EXTM3U\n#EXTINF:1,\nhttp://10.0.0.1/\n": "reference_refused",
    "HTTP/1.1 302 Found\nContent-Length: 0": "source_refused",
    "HTTP/1.1 302 Found\nLocation: file:///etc/passwd\nContent-Length: 0": "url_refused",
    "HTTP/1.1 302 Found\nLocation: ftp://127.0.0.1/\nContent-Length: 0": "url_refused",
    "HTTP/1.1 302 Found\nLocation: http://a:b@127.0.0.1/\nContent-Length: 0": "url_refused",
}


async def test_what_cannot_be_mended_fails_at_once_by_its_name(bench: Bench) -> None:
    async with origin(FILM) as server:
        for answer in FINAL:
            server.answers = [says(answer)]
            assert (await bench.outcome(server.url))[0] == FINAL[answer], answer
    assert len(server.asked) == len(FINAL)
    bench.is_clear()


def then_waits(after: int, *, sized: bool) -> Answer:
    """Send so much of the body, and no more until the other side has hung up."""

    async def answer(origin: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = origin.head(asked)
        if not sized:
            head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        writer.write(head + body[:after])
        await writer.drain()
        while not writer.is_closing():
            await asyncio.sleep(0.05)

    return answer


@pytest.mark.parametrize("sized", [True, False])
async def test_what_is_no_video_is_not_fetched_whole(bench: Bench, sized: bool) -> None:
    text = b"This is a text, and no film at all.\n" * 100_000
    async with origin(text, then_waits(128 * 1024, sized=sized)) as server:
        code, _ = await bench.outcome(server.url)
    assert code == "not_a_video"
    bench.is_clear()


async def test_what_has_come_before_is_looked_at_too(bench: Bench) -> None:
    """Broken off within the first bytes: neither half tells by itself."""
    text = b"This is a text, and no film at all.\n" * 100_000
    async with origin(text, cut(40_000), then_waits(40_000, sized=True)) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        assert (await bench.video(video_id))["status"] == "pending_upload"
        await bench.attempt(video_id)
        assert server.asked[1].start == 40_000
    assert (await bench.video(video_id))["error_code"] == "not_a_video"
    bench.is_clear()


async def test_a_part_that_nobody_asked_for_is_refused(bench: Bench) -> None:
    part = says("HTTP/1.1 206 Partial\nContent-Range: bytes 0-9/10\nContent-Length: 10\n\n0123456789")
    async with origin(FILM, part, part) as server:
        assert (await bench.outcome(server.url))[0] == "source_refused"
    bench.is_clear()


async def test_an_upload_that_ends_with_its_last_byte_stays_over(bench: Bench) -> None:
    """Given up when all has come and nothing says so yet."""

    async def ended_meanwhile(server: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = server.head(asked)
        writer.write(head + body[:-1])
        await writer.drain()
        async with bench.station.records.transaction() as tx:
            upload = await uploads.of_video(tx, video_id)
        assert upload is not None
        await bench.station.abandon(upload["id"])
        writer.write(body[-1:])

    async with origin(FILM, ended_meanwhile) as server:
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
    async with bench.station.records.transaction() as tx:
        upload = await uploads.of_video(tx, video_id)
    assert upload is not None
    assert upload["state"] == "dead"
    assert (await bench.video(video_id))["error_code"] == "upload_ended"
    bench.is_clear()
