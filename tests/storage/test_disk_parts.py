"""Objects sent by parts to our own disk, over a real socket, by URLs that were signed for them."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send
from multipart import parse_options_header

from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import Urls
from playhead.storage.disk import Disk
from playhead.storage.disk_parts import DiskParts
from playhead.storage.port import StoredPart
from playhead.upload.endpoint import Endpoint
from playhead.upload.entrance import PartAddress, by_part_url
from playhead.upload.form import file_of
from playhead.upload.part_plane import announced
from playhead.upload.protocols import Route
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from tests.serving import serving
from tests.storage.parts_suite import KEY, MIB, PartsSuite, Place, code_of, sent

ATTEMPT = KEY.rpartition("/")[2]
SIGNER = Signer(["s" * 40])


def app(parts: DiskParts) -> Litestar:
    """The part plane without the records behind it."""

    async def put(request: Request[PartAddress]) -> Reply:
        address, blocks = request.subject, request.body.blocks()
        if address.number == 0:
            blocks = file_of(blocks, parse_options_header(request.headers["content-type"])[1]["boundary"])
        part = await parts.write(
            address.multipart_id.hex,
            max(1, address.number),
            blocks,
            most_bytes=MIB if address.number == 0 else 20 * MIB,
            size=address.size,
            **announced(request),
        )
        return Reply(200, b"", {"etag": f'"{part.etag}"'})

    endpoint = Endpoint(by_part_url(SIGNER), (Route("PUT", put), Route("POST", put)))

    @asgi("/parts", is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint(scope, receive, send)  # type: ignore[arg-type]

    return Litestar([mounted])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "parts"


@pytest.fixture
async def place(folder: Path, tmp_path: Path) -> AsyncIterator[Place]:
    disk = Disk(tmp_path / "storage")
    base: list[str] = []

    def sign(
        attempt: str, number: int, seconds: int, size: int | None, md5: str | None, crc64nvme: str | None
    ) -> str:
        expires_at = int(time.time()) + seconds
        return Urls(base[0], SIGNER).part(attempt, number, expires_at, size, md5, crc64nvme)

    parts = DiskParts(folder, disk, sign)
    async with serving(app(parts)) as url:
        base.append(url)
        yield Place(disk, parts)


class TestDiskParts(PartsSuite):
    async def left(self, place: Place) -> list[str]:
        assert isinstance(place.parts, DiskParts)
        return [str(path) for path in place.parts._root.rglob("*")]


def on_disk(tmp_path: Path) -> DiskParts:
    return DiskParts(tmp_path / "parts", Disk(tmp_path / "storage"), lambda *_: "")


async def blocks(*given: bytes) -> AsyncIterator[bytes]:
    for block in given:
        yield block
        await asyncio.sleep(0)


async def broken() -> AsyncIterator[bytes]:
    yield b"x" * 100
    raise PlayheadError("upload_incomplete")


async def test_a_part_that_breaks_off_leaves_what_was_there(place: Place, folder: Path) -> None:
    attempt = await place.parts.begin(KEY)
    await sent(place, attempt, 1, b"first")
    before = await place.parts.parts(KEY, attempt)
    assert isinstance(place.parts, DiskParts)
    assert await code_of(place.parts.write(attempt, 1, broken(), most_bytes=MIB)) == "upload_incomplete"
    assert await code_of(place.parts.write(attempt, 2, broken(), most_bytes=50)) == "upload_too_large"
    assert await place.parts.parts(KEY, attempt) == before
    assert [path.name for path in (folder / attempt).iterdir()] == [f"00001-{before[0].etag}"]


async def test_a_disk_tells_no_crc(tmp_path: Path) -> None:
    parts = on_disk(tmp_path)
    assert await code_of(parts.crc64nvme(KEY)) == "source_missing"
    await Disk(tmp_path / "storage").put(KEY, b"abc")
    assert await parts.crc64nvme(KEY) is None


async def test_of_many_senders_of_one_part_one_wins_whole(tmp_path: Path) -> None:
    parts = on_disk(tmp_path)
    bodies = [bytes([number]) * (1000 + number) for number in range(12)]
    await asyncio.gather(*(parts.write(ATTEMPT, 1, blocks(body), most_bytes=MIB) for body in bodies))
    (part,) = await parts.parts(KEY, ATTEMPT)
    await parts.join(KEY, ATTEMPT, [part])
    joined = await Disk(tmp_path / "storage").read(KEY, 0, MIB)
    assert joined in bodies
    assert len(joined) == part.size


async def test_joining_needs_the_parts_as_listed(tmp_path: Path) -> None:
    parts = on_disk(tmp_path)
    await parts.write(ATTEMPT, 1, blocks(b"abc"), most_bytes=MIB)
    (part,) = await parts.parts(KEY, ATTEMPT)
    await parts.write(ATTEMPT, 1, blocks(b"abcd"), most_bytes=MIB)
    assert await code_of(parts.join(KEY, ATTEMPT, [part])) == "wrong_state"
    longer = StoredPart(1, 5, (await parts.parts(KEY, ATTEMPT))[0].etag)
    assert await code_of(parts.join(KEY, ATTEMPT, [longer])) == "wrong_state"
    assert not (tmp_path / "storage").exists()


async def test_a_writer_killed_before_its_bytes_are_safe_leaves_no_part(tmp_path: Path) -> None:
    script = """
        import asyncio, os, signal, sys
        from pathlib import Path
        from playhead.storage.disk import Disk
        from playhead.storage.disk_parts import DiskParts

        async def body():
            yield b"x" * 100_000

        os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
        root = Path(sys.argv[1])
        parts = DiskParts(root / "parts", Disk(root / "storage"), lambda *_: "")
        asyncio.run(parts.write(sys.argv[2], 1, body(), most_bytes=10**6))
    """
    argv = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), ATTEMPT]
    assert subprocess.run(argv).returncode == -signal.SIGKILL
    parts = on_disk(tmp_path)
    assert len(os.listdir(tmp_path / "parts" / ATTEMPT)) == 1
    assert await parts.parts(KEY, ATTEMPT) == []
    await parts.abort(KEY)
    assert os.listdir(tmp_path / "parts") == []


@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EOPNOTSUPP])
async def test_where_ranges_cannot_be_copied_parts_are_joined_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    disk = Disk(tmp_path / "storage")
    parts = DiskParts(tmp_path / "parts", disk, lambda *_: "")
    placed = [
        await parts.write(ATTEMPT, number, blocks(body), most_bytes=MIB)
        for number, body in enumerate((b"one", b"two"), 1)
    ]
    await parts.join(KEY, ATTEMPT, placed)
    assert await disk.read(KEY, 0, MIB) == b"onetwo"


async def test_room_is_left_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.storage.arriving.RESERVE_BYTES", 1 << 60)
    parts = on_disk(tmp_path)
    assert await code_of(parts.write(ATTEMPT, 1, blocks(b"abc"), most_bytes=MIB)) == "storage_full"
    assert os.listdir(tmp_path / "parts" / ATTEMPT) == []
