"""Upload sessions on a real database and disk: judged once, taken over before they are judged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.records import objects, projects, uploads, videos
from playhead.records.database import Records, Row
from playhead.storage.disk import Disk
from playhead.upload.incoming import Incoming
from playhead.upload.sessions import Uploads, VideoRequest

# The first bytes of an MP4 and nothing more: enough to look like a video.
LOOKS_LIKE_MP4 = (
    bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + b"\0\0\0\x08moov" + b"\0" * 64
)


@pytest.fixture
async def station(database_url: str, tmp_path: Path) -> AsyncIterator[Uploads]:
    records = Records(database_url)
    yield Uploads(records, Disk(tmp_path / "storage"), Incoming(tmp_path / "incoming"), 1_000_000, 3600)
    await records.close()


async def opened(station: Uploads, size: int | None) -> tuple[UUID, Row]:
    async with station.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        request = VideoRequest("a.mp4", ["144p"], True, size, [], None)
        return project_id, await station.open(tx, project_id, request)


async def send(station: Uploads, upload: Row, body: bytes, **options: Any) -> int:
    async def blocks() -> AsyncIterator[bytes]:
        yield body

    given = {"content_type": "video/mp4", "announced": None, **options}
    return await station.receive(upload["id"], blocks(), **given)


async def status_of(station: Uploads, upload: Row) -> tuple[str, str | None]:
    async with station.records.transaction() as tx:
        video = await videos.get(tx, upload["video_id"])
        return video["status"], video["error_code"]


async def test_a_good_file_becomes_the_source_and_completing_again_changes_nothing(station: Uploads) -> None:
    project_id, upload = await opened(station, len(LOOKS_LIKE_MP4))
    await send(station, upload, LOOKS_LIKE_MP4)
    for _ in range(2):
        await station.complete(upload["video_id"], project_id=project_id)
    async with station.records.transaction() as tx:
        video = await videos.get(tx, upload["video_id"])
        jobs = await tx.connection.execute(text("SELECT count(*) FROM procrastinate_jobs"))
        assert jobs.scalar_one() == 1
    assert video["status"] == Status.PROCESSING
    assert await station.storage.read(video["source_key"], 0, 1000) == LOOKS_LIKE_MP4
    assert not await station.incoming.arrived(upload["id"])
    with pytest.raises(PlayheadError) as caught:
        await send(station, upload, LOOKS_LIKE_MP4)
    assert caught.value.code == "wrong_state"


@pytest.mark.parametrize(
    ("body", "declared", "code"),
    [
        (None, None, "upload_missing"),
        (b"", None, "empty_file"),
        (b"just some words in a file, nothing else", None, "not_a_video"),
    ],
)
async def test_a_bad_file_fails_the_video_by_name_and_is_gone(
    station: Uploads, body: bytes | None, declared: int | None, code: str
) -> None:
    project_id, upload = await opened(station, declared)
    if body is not None:
        await send(station, upload, body)
    with pytest.raises(PlayheadError) as caught:
        await station.complete(upload["video_id"], project_id=project_id)
    assert caught.value.code == code
    assert await status_of(station, upload) == (Status.FAIL, code)
    assert not await station.incoming.arrived(upload["id"])
    with pytest.raises(PlayheadError) as again:
        await station.complete(upload["video_id"], project_id=project_id)
    assert again.value.code == "wrong_state"


async def test_fewer_bytes_than_declared_are_not_kept(station: Uploads) -> None:
    _, upload = await opened(station, 500)
    for options in ({"announced": 499}, {}):
        with pytest.raises(PlayheadError) as caught:
            await send(station, upload, b"x" * 499, **options)
        assert caught.value.code == "size_mismatch"
    assert not await station.incoming.arrived(upload["id"])


async def test_completing_after_a_crash_midway_finds_the_bytes(station: Uploads) -> None:
    project_id, upload = await opened(station, None)
    await send(station, upload, LOOKS_LIKE_MP4)
    # As if the process had died after the file was taken over and before the transaction was committed.
    key = f"videos/{upload['video_id']}/source/{upload['id'].hex}"
    async with station.records.transaction() as tx:
        await objects.reserve(tx, project_id, upload["video_id"], {key: "source/"})
    await station.storage.adopt(key, station.incoming.path(upload["id"]))
    await station.complete(upload["video_id"], project_id=project_id)
    assert await status_of(station, upload) == (Status.PROCESSING, None)


async def test_an_overdue_upload_fails_its_video(station: Uploads) -> None:
    _, upload = await opened(station, None)
    await send(station, upload, LOOKS_LIKE_MP4)
    async with station.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE uploads SET expires_at = now() - interval '1 minute'"))
    with pytest.raises(PlayheadError) as caught:
        await send(station, upload, LOOKS_LIKE_MP4)
    assert caught.value.code == "url_expired"
    await station.abandon_overdue()
    assert await status_of(station, upload) == (Status.FAIL, "upload_expired")
    async with station.records.transaction() as tx:
        row = await uploads.find(tx, upload["id"])
    assert row is not None
    assert row["state"] == UploadState.DEAD
    assert not await station.incoming.arrived(upload["id"])


async def test_deleting_a_video_takes_what_arrived_along(station: Uploads) -> None:
    project_id, upload = await opened(station, None)
    await send(station, upload, LOOKS_LIKE_MP4)
    await station.delete_video(upload["video_id"], project_id=project_id)
    assert not await station.incoming.arrived(upload["id"])
    with pytest.raises(PlayheadError) as caught:
        await send(station, upload, LOOKS_LIKE_MP4)
    assert caught.value.code == "not_found"
