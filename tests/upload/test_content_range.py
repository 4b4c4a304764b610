"""The Content-Range protocol on the signed URL, over real sockets, a real database and a real disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send
from sqlalchemy import text

from playhead.model.signing import Signer
from playhead.model.states import Status, UploadState
from playhead.model.urls import Urls
from playhead.records import projects, uploads, videos
from playhead.records.database import Records
from playhead.storage.disk import Disk
from playhead.upload.completing import complete
from playhead.upload.endpoint import Endpoint
from playhead.upload.entrance import by_signed_url
from playhead.upload.incoming import Incoming
from playhead.upload.part import Part, Question, parse
from playhead.upload.protocols import of_upload
from playhead.upload.sessions import Uploads, VideoRequest
from tests.serving import serving

FILE = bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + bytes(range(256)) * 1200
SIZE = len(FILE)


@dataclass(frozen=True)
class Server:
    client: httpx.AsyncClient
    station: Uploads
    urls: Urls
    base: str

    async def open(self, size: int | None = SIZE) -> Upload:
        async with self.station.records.transaction() as tx:
            project = await projects.ensure_project(tx, "default")
            row = await self.station.open(tx, project, VideoRequest("a.mp4", ["144p"], True, size, [], None))
        url = self.urls.upload(row["id"], int(row["expires_at"].timestamp()))
        return Upload(self, url, row["id"], row["video_id"], project)


@dataclass(frozen=True)
class Upload:
    server: Server
    url: str
    id: UUID
    video_id: UUID
    project_id: UUID

    async def put(
        self, start: int, stop: int, size: int = SIZE, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        named = {
            "Content-Type": "video/mp4",
            "Content-Range": f"bytes {start}-{stop - 1}/{size}",
            **(headers or {}),
        }
        return await self.server.client.put(self.url, content=FILE[start:stop], headers=named)

    async def ask(self, size: str = str(SIZE)) -> httpx.Response:
        return await self.server.client.put(self.url, headers={"Content-Range": f"bytes */{size}"})

    def held(self) -> bytes:
        return self.server.station.incoming.path(self.id).read_bytes()


@pytest.fixture
async def server(database_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    records, signer = Records(database_url), Signer(["n" * 32])
    station = Uploads(records, Disk(tmp_path / "storage"), Incoming(tmp_path / "incoming"), 1_000_000, 3600)
    endpoint = Endpoint(by_signed_url(signer), of_upload(station))

    @asgi("/uploads", is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint(scope, receive, send)  # type: ignore[arg-type]

    async with serving(Litestar([mounted], openapi_config=None)) as base:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            yield Server(client, station, Urls(base, signer), base)
        await records.close()


def range_of(answer: httpx.Response) -> str | None:
    assert answer.status_code == 308, answer.text
    told: str | None = answer.headers.get("range")
    return told


async def test_parts_one_after_the_other(server: Server) -> None:
    upload = await server.open()
    assert range_of(await upload.ask()) is None
    assert range_of(await upload.put(0, 1000)) == "bytes=0-999"
    assert range_of(await upload.ask("*")) == "bytes=0-999"
    assert range_of(await upload.put(1000, 90_000)) == "bytes=0-89999"
    done = await upload.put(90_000, SIZE)
    assert (done.status_code, done.json()) == (200, {"id": str(upload.id), "size": SIZE})
    assert (await upload.ask()).status_code == 200
    assert upload.held() == FILE
    await complete(server.station, upload.video_id, project_id=upload.project_id)
    assert (await upload.ask()).status_code == 409
    async with server.station.records.transaction() as tx:
        video = await videos.get(tx, upload.video_id)
    assert video["status"] == Status.PROCESSING
    assert await server.station.storage.read(video["source_key"], 0, SIZE + 1) == FILE


async def test_overlaps_repeats_and_any_order(server: Server) -> None:
    upload = await server.open()
    assert range_of(await upload.put(0, 100)) == "bytes=0-99"
    assert range_of(await upload.put(50, 200)) == "bytes=0-199"
    assert range_of(await upload.put(0, 200)) == "bytes=0-199"
    assert range_of(await upload.put(250_000, SIZE)) == "bytes=0-199"
    assert range_of(await upload.put(0, 250)) == "bytes=0-249"
    assert (await upload.put(150, 250_001)).status_code == 200
    assert (await upload.put(0, SIZE)).status_code == 200
    assert upload.held() == FILE


async def test_a_part_behind_a_gap_is_refused_once_it_is_repeated(server: Server) -> None:
    upload = await server.open()
    nothing_yet = await upload.put(1000, 2000)
    assert (nothing_yet.status_code, nothing_yet.json()["code"]) == (409, "wrong_state")
    await upload.put(0, 10)
    answers = [(await upload.put(1000, 2000)).status_code for _ in range(5)]
    assert answers == [308, 308, 308, 409, 409]
    assert range_of(await upload.put(10, 1000)) == "bytes=0-1999"


async def test_two_senders_at_once_never_mix(server: Server) -> None:
    upload = await server.open()
    reached = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield FILE[:40_000]
        await reached.wait()
        yield b"?" * (SIZE - 40_000)

    headers = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}"}
    older = asyncio.create_task(server.client.put(upload.url, content=slow(), headers=headers))
    while range_of(await upload.ask()) != "bytes=0-39999":
        await asyncio.sleep(0.02)
    assert (await upload.put(40_000, SIZE)).status_code == 200
    reached.set()
    assert (await older).status_code == 409
    assert upload.held() == FILE


async def test_what_came_before_a_cut_is_kept(server: Server) -> None:
    upload = await server.open()
    host, port = server.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = upload.url.removeprefix(server.base)
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Type: video/mp4\r\nContent-Length: {SIZE}\r\n"
    writer.write(
        head.encode() + f"Content-Range: bytes 0-{SIZE - 1}/{SIZE}\r\n\r\n".encode() + FILE[:123_456]
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert not await reader.read()
    while range_of(await upload.ask()) != "bytes=0-123455":
        await asyncio.sleep(0.02)
    assert (await upload.put(123_456, SIZE)).status_code == 200
    assert upload.held() == FILE


async def test_it_is_refused_like_a_plain_put(server: Server) -> None:
    upload = await server.open()
    refusals = {
        "content_type_mismatch": await upload.put(0, 10, headers={"Content-Type": "video/webm"}),
        "upload_too_large": await upload.put(0, 10, SIZE + 1),
        "size_mismatch": await upload.put(0, 10, SIZE - 1),
        "malformed_request": await upload.put(0, 10, headers={"Content-Range": "bytes 0-5/7,9"}),
    }
    assert {code: answer.json()["code"] for code, answer in refusals.items()} == {
        code: code for code in refusals
    }
    # The header and the body must agree.
    assert (await upload.put(0, 10, headers={"Content-Range": f"bytes 0-99/{SIZE}"})).status_code == 400
    async with server.station.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE uploads SET expires_at = now() - interval '1 minute'"))
    assert (await upload.put(0, 10)).json()["code"] == "url_expired"
    assert (await upload.ask()).json()["code"] == "url_expired"
    forged = await server.client.put(upload.url + "x", headers={"Content-Range": "bytes */*"})
    assert forged.status_code == 403


async def test_completing_too_early_says_so_and_spoils_nothing(server: Server) -> None:
    upload = await server.open()
    await upload.put(0, 1000)
    with pytest.raises(Exception, match="1000 of"):
        await complete(server.station, upload.video_id, project_id=upload.project_id)
    assert (await upload.put(1000, SIZE)).status_code == 200
    await complete(server.station, upload.video_id, project_id=upload.project_id)


async def test_a_plain_put_replaces_parts_and_parts_follow_a_plain_put(server: Server) -> None:
    upload = await server.open(None)
    await upload.put(0, 1000)
    plain = await server.client.put(upload.url, content=FILE[::-1], headers={"Content-Type": "video/mp4"})
    assert plain.status_code == 200
    assert upload.held() == FILE[::-1]
    # What is there stays: a part of the same file is passed over.
    assert (await upload.put(0, 1000)).status_code == 200
    assert (await upload.put(0, 1000, 2000)).json()["code"] == "wrong_state"
    assert upload.held() == FILE[::-1]


async def test_giving_up_ends_upload_and_video(server: Server) -> None:
    upload = await server.open()
    await upload.put(0, 1000)
    for _ in range(2):
        assert (await server.client.delete(upload.url)).status_code == 204
    async with server.station.records.transaction() as tx:
        video, row = await videos.get(tx, upload.video_id), await uploads.find(tx, upload.id)
    assert (video["status"], video["error_code"]) == (Status.FAIL, "upload_ended")
    assert row is not None
    assert row["state"] == UploadState.DEAD
    assert (await upload.put(0, 10)).status_code == 410
    assert await server.station.incoming.standing(upload.id) is None


def test_headers_are_read_strictly() -> None:
    assert parse("bytes 0-9/10") == Part(0, 10, 10)
    assert parse(" Bytes */10") == parse("bytes */*") == Question()
    for wrong in (
        "bytes 5-4/10",
        "bytes 0-10/10",
        "bytes 0-9/*",
        "items 0-9/10",
        "bytes 0-9",
        "bytes -1-9/10",
    ):
        with pytest.raises(Exception, match="malformed"):
            parse(wrong)
