"""Completing on a real database and disk: judged once, taken over before it is judged."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import anycrc
import pytest
from sqlalchemy import text

from playhead.model.checksum import Checksums, spelled
from playhead.model.errors import PlayheadError
from playhead.model.states import Status
from playhead.records import objects, uploads, videos
from playhead.upload.completing import complete
from playhead.upload.sessions import Uploads
from tests.upload.station import LOOKS_LIKE_MP4, opened, send, station, status_of

__all__ = ["station"]


async def test_a_good_file_becomes_the_source_and_completing_again_changes_nothing(station: Uploads) -> None:
    project_id, upload = await opened(station, len(LOOKS_LIKE_MP4))
    await send(station, upload, LOOKS_LIKE_MP4)
    for _ in range(2):
        await complete(station, upload["video_id"], project_id=project_id)
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


async def test_a_new_source_is_told_of_once_and_can_be_read_by_then(station: Uploads, tmp_path: Path) -> None:
    told: list[tuple[str, int, bool]] = []

    def note(key: str, size: int) -> None:
        told.append((key, size, (tmp_path / "storage" / key).stat().st_size == size))

    watched = replace(station, on_source=note)
    project_id, upload = await opened(watched, len(LOOKS_LIKE_MP4))
    await send(watched, upload, LOOKS_LIKE_MP4)
    for _ in range(2):
        await complete(watched, upload["video_id"], project_id=project_id)
    async with station.records.transaction() as tx:
        source_key = (await videos.get(tx, upload["video_id"]))["source_key"]
    assert told == [(source_key, len(LOOKS_LIKE_MP4), True)]


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
        await complete(station, upload["video_id"], project_id=project_id)
    assert caught.value.code == code
    assert await status_of(station, upload) == (Status.FAIL, code)
    assert not await station.incoming.arrived(upload["id"])
    with pytest.raises(PlayheadError) as again:
        await complete(station, upload["video_id"], project_id=project_id)
    assert again.value.code == "wrong_state"


SHA256 = hashlib.sha256(LOOKS_LIKE_MP4).digest()
CRC64NVME = anycrc.Model("CRC64-NVME").calc(LOOKS_LIKE_MP4).to_bytes(8, "big")


@pytest.mark.parametrize("sent", [LOOKS_LIKE_MP4, LOOKS_LIKE_MP4[:-1] + b"x"])
@pytest.mark.parametrize(
    "declared", [Checksums(SHA256), Checksums(None, CRC64NVME), Checksums(SHA256, CRC64NVME)]
)
async def test_a_declared_checksum_is_held_against_the_file(
    station: Uploads, declared: Checksums, sent: bytes
) -> None:
    project_id, upload = await opened(station, len(LOOKS_LIKE_MP4), checksums=declared)
    await send(station, upload, sent)
    if sent == LOOKS_LIKE_MP4:
        await complete(station, upload["video_id"], project_id=project_id)
        assert await status_of(station, upload) == (Status.PROCESSING, None)
    else:
        with pytest.raises(PlayheadError) as caught:
            await complete(station, upload["video_id"], project_id=project_id)
        assert caught.value.code == "checksum_mismatch"
        first = Checksums(SHA256) if declared.sha256 is not None else declared
        assert caught.value.detail.endswith(f"{spelled(first)} was declared.")
        assert await status_of(station, upload) == (Status.FAIL, "checksum_mismatch")
        async with station.records.transaction() as tx:
            doomed = await objects.doomed(tx, 10)
        assert doomed == [key async for key in station.storage.keys("")]
    async with station.records.transaction() as tx:
        row = await uploads.of_video(tx, upload["video_id"])
    assert row is not None
    assert (row["verified_at"] is not None) == (sent == LOOKS_LIKE_MP4)


async def test_completing_after_a_crash_midway_finds_the_bytes(station: Uploads) -> None:
    project_id, upload = await opened(station, None)
    await send(station, upload, LOOKS_LIKE_MP4)
    # As if the process had died after the file was taken over and before the transaction was committed.
    key = f"videos/{upload['video_id']}/source/{upload['id'].hex}"
    async with station.records.transaction() as tx:
        await objects.reserve(tx, project_id, upload["video_id"], {key: "source/"})
    await station.storage.adopt(key, station.incoming.path(upload["id"]))
    await complete(station, upload["video_id"], project_id=project_id)
    assert await status_of(station, upload) == (Status.PROCESSING, None)
