"""S3 fails, stalls, loses and stays away, while files that came through our processes are brought there."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from playhead.records import projects, quotas
from playhead.records.database import Row
from playhead.storage import bucket, s3, wrap
from playhead.storage.bucket import Bucket
from playhead.storage.s3 import S3
from playhead.upload.cleaning import clear_incoming
from tests import drive
from tests.faults.s3_proxy import Fault, S3Proxy
from tests.faults.speakers import Ranges, Speaker, Tus
from tests.media.mp4.clips import X264, ffmpeg
from tests.postgres import Postgres
from tests.profiles import distributed
from tests.s3 import SeaweedFS
from tests.upload.companion import MIB, Plane, serving_plane, swept
from tests.upload.station import LOOKS_LIKE_MP4

FILM = LOOKS_LIKE_MP4 + random.Random(7).randbytes(6 * MIB)
HALF = len(FILM) // 2
KEY = "ph_the_key_of_these_tests"
ANSWER_SECONDS = 3
"""Instead of a minute: how long an answer of the store is waited for."""


@pytest.fixture
async def plane(
    behind: Bucket, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Plane]:
    """A data plane before that bucket, which brings the film there by parts and tries again without a pause."""

    async def at_once(*_: object) -> None:
        return

    monkeypatch.setattr(s3, "PART_BYTES", 5 * MIB)
    monkeypatch.setattr(bucket, "ANSWER_SECONDS", ANSWER_SECONDS)
    monkeypatch.setattr(wrap, "_pause", at_once)
    async with serving_plane(database_url, tmp_path, behind) as found:
        yield found


async def begun(plane: Plane, speaks: type[Speaker]) -> tuple[Speaker, Row]:
    """An upload whose first half is there."""
    tree, upload = await plane.upload(len(FILM), auto_complete=True)
    speaker = speaks(tree.url, str(upload["id"]), str(upload["video_id"]), len(FILM))
    assert (await asyncio.to_thread(speaker.send, FILM[:HALF], 0)).status_code in (204, 308)
    return speaker, upload


async def arrived(plane: Plane, upload: Row) -> None:
    """It is there once, every byte of it; and the bucket has what the ledger says, and nothing of it half made."""
    (video,) = await plane.rows("SELECT * FROM videos WHERE id = :id", id=upload["video_id"])
    assert (video["status"], video["source_size"]) == ("processing", len(FILM))
    await swept(plane)
    stored = {key: hashlib.sha256(data).digest() for key, data in (await plane.stored()).items()}
    assert stored == {video["source_key"]: hashlib.sha256(FILM).digest()}
    kept = await plane.rows("SELECT key FROM objects WHERE state = 'kept'")
    assert [row["key"] for row in kept] == [video["source_key"]]
    told = await plane.rows("SELECT type FROM events WHERE video_id = :id", id=upload["video_id"])
    assert [row["type"] for row in told].count("video.uploaded") == 1
    assert await plane.begun() == []
    assert list((plane.parts.settings.data / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("speaks", "fault"),
    [(Tus, "500"), (Tus, "slow"), (Tus, "lost"), (Ranges, "500"), (Ranges, "slow"), (Ranges, "reset")],
)
async def test_what_fails_once_is_not_even_noticed(
    plane: Plane, proxy: S3Proxy, speaks: type[Speaker], fault: Fault
) -> None:
    speaker, upload = await begun(plane, speaks)
    proxy.first_time(fault)
    answer = await asyncio.to_thread(speaker.send, FILM[HALF:], HALF)
    assert answer.is_success, answer.text
    assert await asyncio.to_thread(speaker.stands) == len(FILM)
    await arrived(plane, upload)


async def test_a_store_that_does_not_answer_is_asked_again(plane: Plane, proxy: S3Proxy) -> None:
    speaker, upload = await begun(plane, Tus)
    # Each try is another multipart, and no request of it the same as before.
    proxy.judge = lambda request, _: "silent" if request.method == "PUT" and not proxy.held.is_set() else None
    answer = await asyncio.to_thread(speaker.send, FILM[HALF:], HALF)
    assert (answer.status_code, proxy.held.is_set()) == (204, True), answer.text
    await arrived(plane, upload)


@pytest.mark.parametrize("speaks", [Tus, Ranges])
@pytest.mark.parametrize("comes_back", [True, False], ids=["who comes back", "who does not"])
async def test_a_store_that_stays_away_costs_no_byte(
    plane: Plane, proxy: S3Proxy, speaks: type[Speaker], comes_back: bool
) -> None:
    speaker, upload = await begun(plane, speaks)
    proxy.judge = lambda request, before: "500"
    refused = await asyncio.to_thread(speaker.send, FILM[HALF:], HALF)
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    assert refused.headers["retry-after"]
    # Nor is anybody told that it is done, or to begin anew.
    if speaks is Tus:
        asked = await plane.client.head(speaker.url, headers=Tus.version)
        assert asked.status_code == 423
    else:
        asked = await plane.client.put(speaker.url, headers={"Content-Range": f"bytes */{len(FILM)}"})
        assert (asked.status_code, asked.json()["code"]) == (503, "storage_unavailable")
    proxy.judge = lambda request, before: None
    if comes_back:
        assert await asyncio.to_thread(speaker.stands) == len(FILM)
    else:
        await clear_incoming(plane.parts.uploads)
    await arrived(plane, upload)


@pytest.mark.parametrize(
    ("once", "comes_back"),
    [(False, True), (True, True), (True, False)],
    ids=["who comes back", "who comes back with the key", "who has a key and does not"],
)
async def test_a_form_is_one_video_though_the_store_was_away(
    plane: Plane, proxy: S3Proxy, once: bool, comes_back: bool
) -> None:
    """Its sender has to send all of it again: nobody told it what video it was for."""
    async with plane.parts.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        await projects.add_key(tx, project_id, "tests", KEY)

    async def send() -> httpx.Response:
        headers = {"X-API-KEY": KEY, **({"Idempotency-Key": "k"} if once else {})}
        fields, file = {"resolutions": "144p", "isPublic": "true"}, ("film.mp4", FILM, "video/mp4")
        url = f"{plane.parts.urls.base_url}/api/video"
        return await plane.client.post(url, data=fields, files={"file": file}, headers=headers)

    proxy.judge = lambda request, before: "500"
    refused = await send()
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    assert refused.headers["retry-after"]
    async with plane.parts.records.transaction() as tx:
        [used] = await quotas.usage(tx)
    # By the key it goes on with what is there; without one nobody will.
    assert (used["used_open_uploads"], used["used_bytes"]) == ((1, len(FILM)) if once else (0, 0))
    proxy.judge = lambda request, before: None
    if comes_back:
        done = await send()
        assert done.status_code == 201, done.text
    else:
        await clear_incoming(plane.parts.uploads)
    videos = await plane.rows("SELECT * FROM videos ORDER BY created_at DESC")
    assert [video["error_code"] for video in videos[1:]] == ([] if once else ["upload_ended"])
    await arrived(plane, {"video_id": videos[0]["id"]})


@pytest.mark.soak
async def test_with_a_store_that_often_fails_videos_become_ready(
    proxy: S3Proxy, postgres: Postgres, seaweedfs: SeaweedFS, tmp_path: Path
) -> None:
    """By real machines, from the first byte to the last rendition: every tenth request fails, and others are late."""
    chance, clip = random.Random(9), tmp_path / "film.mp4"
    await asyncio.to_thread(ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=192x144:r=25:d=9", *X264, clip)
    content = clip.read_bytes()
    half = len(content) // 2
    kinds: list[Fault | None] = ["500", "reset", "lost", "slow", None]
    proxy.judge = lambda request, before: chance.choices(kinds, [4, 3, 3, 10, 80])[0]
    machines_of = distributed(tmp_path, postgres, seaweedfs, S3_ENDPOINT=proxy.url)
    machines = await asyncio.to_thread(machines_of.__enter__)
    try:
        with machines.web.http() as client:
            speakers = [await asyncio.to_thread(each.created, client, len(content)) for each in (Tus, Ranges)]
            for speaker in speakers:
                await asyncio.to_thread(speaker.send, content[:half], 0)
            for speaker in speakers:
                answer = await asyncio.to_thread(speaker.send, content[half:], half)
                assert answer.is_success or answer.status_code == 503, answer.text
            for speaker in speakers:
                ended = await asyncio.to_thread(drive.wait, client, speaker.video_id)
                assert ended["status"] == "ready", ended
        proxy.judge = lambda request, before: None
        await asyncio.to_thread(machines.settle)
        store = S3(machines.bucket, tmp_path)
        sources = [key for key in machines.stored() if "/source/" in key]
        assert [await store.read(key, 0, 100 * MIB) == content for key in sources] == [True, True]
        assert machines.unfinished() == []
    finally:
        proxy.judge = lambda request, before: None
        await asyncio.to_thread(machines_of.__exit__, None, None, None)
