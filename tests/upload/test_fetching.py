"""Files fetched from real servers on loopback: whole, broken off, gone on with, changed, slow, endless, lying."""

from __future__ import annotations

import asyncio
import gzip
import random
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.outbound import guard
from playhead.records import fetches, projects, quotas, uploads, videos
from playhead.records.database import Records, Row
from playhead.storage.disk import Disk
from playhead.upload.asking import checked
from playhead.upload.cleaning import delete_video
from playhead.upload.fetching import MAX_BEGUN, Fetching, begin, fetch
from playhead.upload.incoming import Incoming
from playhead.upload.sessions import Uploads
from playhead.upload.url_ingest import RETRIES
from playhead.upload.url_source import Pace, Strangers
from tests.outbound.spellings import LOOPBACK_SPELLINGS, OTHER_SPELLINGS
from tests.outbound.strangers import Canary, Rebinding
from tests.upload.origin import Answer, Asked, Origin, cut, origin, redirect, says, whole

MIB = 1024 * 1024
LIMIT = 6 * MIB
HEAD = bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + b"\0\0\0\x08moov" + b"\0" * 64
# The beginning of an MP4, and noise: enough to look like a video.
FILM = HEAD + random.Random(1).randbytes(3 * MIB)
OTHER = HEAD + random.Random(2).randbytes(2 * MIB)
QUICK = Pace(answer_seconds=5, seconds=0.6, least_bytes=2000)


@dataclass(frozen=True)
class Bench:
    """A station that fetches, and what is known of its videos."""

    station: Uploads
    project_id: UUID
    incoming: Path

    async def create(self, url: str) -> UUID:
        asked = checked(
            filename="film.mp4",
            resolutions=["144p"],
            is_public=True,
            size_bytes=None,
            thumbnail_seconds=[],
            metadata=None,
        )
        async with self.station.records.transaction() as tx:
            return await begin(self.station, tx, self.project_id, asked, url)

    async def attempt(self, video_id: UUID, *, local: bool = True, **options: Any) -> None:
        """One attempt, as if it were due."""
        async with self.station.records.transaction() as tx:
            await tx.connection.execute(text("UPDATE fetches SET next_at = now()"))
        strangers = Strangers(local_networks_allowed=local, **{"pace": QUICK, **options})
        await fetch(Fetching(self.station, strangers), video_id)

    async def outcome(self, url: str, **options: Any) -> tuple[str | None, str | None]:
        """Code and detail of a video that one attempt must decide."""
        video_id = await self.create(url)
        await self.attempt(video_id, **options)
        video = await self.video(video_id)
        return video["error_code"], video["error_detail"]

    async def video(self, video_id: UUID) -> Row:
        async with self.station.records.transaction() as tx:
            return await videos.get(tx, video_id)

    async def row(self, video_id: UUID) -> Row | None:
        async with self.station.records.transaction() as tx:
            return await fetches.find(tx, video_id)

    async def source(self, video_id: UUID) -> bytes:
        """What was stored; the fetch is then over, and nothing is left of it."""
        video = await self.video(video_id)
        assert (video["status"], video["error_code"]) == ("processing", None)
        assert await self.row(video_id) is None
        self.is_clear()
        return await self.station.storage.read(video["source_key"], 0, 2 * LIMIT)

    def is_clear(self) -> None:
        assert not self.incoming.exists() or list(self.incoming.iterdir()) == []


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    records = Records(database_url)
    async with records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
    folder = tmp_path / "incoming"
    station = Uploads(records, Disk(tmp_path / "storage"), Incoming(folder), LIMIT, 3600)
    yield Bench(station, project_id, folder)
    async with records.transaction() as tx:
        [used] = await quotas.usage(tx)
        recount = await tx.connection.execute(
            text(
                "SELECT (SELECT count(*) FROM uploads WHERE state IN ('waiting', 'received')),"
                " (SELECT coalesce(sum(source_size), 0) FROM videos) + (SELECT coalesce(sum(reserved_bytes), 0)"
                " FROM uploads WHERE state IN ('waiting', 'received'))"
            )
        )
        assert (used["used_open_uploads"], used["used_bytes"]) == tuple(recount.one())
    await records.close()


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


async def test_redirects_are_followed_three_times(bench: Bench) -> None:
    async with origin(FILM) as server:
        server.answers = [redirect("/b", 301), redirect("c", 307), redirect(server.url, 303)]
        video_id = await bench.create(server.url)
        await bench.attempt(video_id)
        assert await bench.source(video_id) == FILM
        server.asked.clear()
        server.answers = [redirect("/again")] * 9
        assert await bench.outcome(server.url) == (
            "source_refused",
            "The URL redirects more than 3 times.",
        )
        assert len(server.asked) == 4


async def test_a_server_that_nobody_vouches_for_is_not_trusted(bench: Bench, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-days", "1")
    command = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
    )
    subprocess.run([*command, *subject], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    made = Origin(FILM)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await bench.outcome(f"https://127.0.0.1:{port}/a.mp4"))[0] == "source_untrusted"
    assert made.asked == []


async def test_no_spelling_of_a_local_address_is_connected_to(bench: Bench) -> None:
    canary, spellings = Canary(), LOOPBACK_SPELLINGS + OTHER_SPELLINGS
    assert len(spellings) >= 60
    server = await asyncio.start_server(canary.met, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    codes = {}
    async with server, await asyncio.start_server(canary.met, "::1", port):
        strangers = Strangers(local_networks_allowed=False, pace=QUICK)
        for spelling in spellings:
            try:
                url = f"http://{spelling}:{port}/a.mp4"
                video_id = await bench.create(url)
                await fetch(Fetching(bench.station, strangers), video_id)
                codes[spelling] = (await bench.video(video_id))["error_code"]
            except PlayheadError as error:
                codes[spelling] = error.code
    assert canary.connects == 0
    # Some are no addresses at all to this machine's resolver, which may pass.
    assert set(codes.values()) <= {"url_refused", None}
    assert list(codes.values()).count("url_refused") >= 60


OUTSIDE = "127.0.0.2"
"""Stands for the public internet where a test needs a server there."""


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda address: address == OUTSIDE or honest(address))


@pytest.mark.usefixtures("outside")
async def test_a_redirect_into_our_own_network_is_not_followed(bench: Bench) -> None:
    async with origin(FILM) as inside, origin(FILM, host=OUTSIDE) as server:
        for number, status in enumerate((301, 302, 303, 307, 308), start=1):
            server.answers = [redirect(server.url), redirect(inside.url, status)]
            code, detail = await bench.outcome(server.url, local=False)
            assert code == "url_refused"
            assert detail == "The URL leads to an address that is not on the public internet."
            assert (len(server.asked), inside.asked) == (2 * number, [])
        video_id = await bench.create(server.url)  # or the outside would prove nothing
        await bench.attempt(video_id, local=False)
        assert await bench.source(video_id) == FILM


@pytest.mark.usefixtures("outside")
async def test_a_name_that_leads_elsewhere_the_next_time_is_judged_the_next_time(bench: Bench) -> None:
    async with origin(FILM, cut(1_000_000), host=OUTSIDE) as server:
        resolver = Rebinding(OUTSIDE, "127.0.0.1")
        canary = Canary()
        async with await asyncio.start_server(canary.met, "127.0.0.1", server.port):
            video_id = await bench.create(f"http://files.example:{server.port}/a.mp4")
            await bench.attempt(video_id, local=False, resolver=resolver)
            assert (await bench.video(video_id))["error_code"] is None
            await bench.attempt(video_id, local=False, resolver=resolver)
    assert (await bench.video(video_id))["error_code"] == "url_refused"
    assert (resolver.asked, len(server.asked), canary.connects) == (2, 1, 0)
    bench.is_clear()


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
