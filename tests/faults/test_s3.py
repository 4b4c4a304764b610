"""S3 that fails, stalls, cuts and loses: nothing is lost, nothing doubled, and the bucket is what the ledger says."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import httpx
import psutil
import pytest

from playhead.model.errors import PlayheadError
from playhead.storage.bucket import Bucket
from playhead.storage.copies import Copies
from playhead.storage.port import CHUNK
from playhead.storage.s3 import S3
from playhead.storage.wrap import Retried
from playhead.upload.cleaning import look_after_multiparts
from tests.faults.s3_proxy import FAULTS, Fault, S3Proxy
from tests.media.mp4.clips import X264, ffmpeg
from tests.postgres import Postgres
from tests.profiles import distributed
from tests.s3 import SeaweedFS
from tests.upload.companion import MIB, WHOLE, Tree, serving_plane

KEY = "videos/7b0e3a4c-0000-4000-8000-000000000001/source/a1"
DATA = random.Random(3).randbytes(2 * CHUNK + 99)


def retried(bucket: Bucket, scratch: Path) -> Retried:
    return Retried(S3(bucket, scratch), first_pause=0.01)


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_fails_once_succeeds(proxy: S3Proxy, behind: Bucket, tmp_path: Path, fault: Fault) -> None:
    storage = retried(behind, tmp_path / "scratch")
    (tmp_path / "file").write_bytes(DATA)
    proxy.first_time(fault)
    await storage.put(KEY, DATA)
    await storage.adopt(KEY + "2", tmp_path / "file")
    assert not (tmp_path / "file").exists()
    for key in (KEY, KEY + "2"):
        assert await storage.size(key) == len(DATA)
        assert await storage.read(key, 5, 1000) == DATA[5:1005]
        assert b"".join([block async for block in storage.stream(key, 7, len(DATA))]) == DATA[7:]
        async with storage.local(key) as path:
            assert path.read_bytes() == DATA
    await storage.delete(KEY)
    await storage.delete(KEY)
    assert [key async for key in storage.keys("")] == [KEY + "2"]
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_what_fails_for_good_ends_by_name(proxy: S3Proxy, behind: Bucket, tmp_path: Path) -> None:
    storage = Retried(S3(behind, tmp_path), tries=2, first_pause=0.01)
    await storage.put(KEY, DATA)
    proxy.judge = lambda request, before: "500"
    with pytest.raises(PlayheadError) as caught:
        await storage.read(KEY, 0, 1)
    assert caught.value.code == "storage_unavailable"
    # Two tries of ours, each of them three of the client's.
    assert max(proxy.seen.values()) <= 6


async def test_many_jobs_fetch_a_source_once(proxy: S3Proxy, behind: Bucket, tmp_path: Path) -> None:
    copies = Copies(S3(behind, tmp_path / "scratch"), 5 * len(DATA) // 2)
    for name in ("a", "b", "c"):
        await copies.put(f"videos/{name}", DATA)

    async def job(name: str) -> bytes:
        async with copies.local(f"videos/{name}") as path:
            await asyncio.sleep(0.01)
            return path.read_bytes()

    def fetched() -> int:
        return sum(number for request, number in proxy.seen.items() if "GET" in request)

    assert set(await asyncio.gather(*(job("a") for _ in range(12)))) == {DATA}
    assert fetched() == 1
    assert await job("a") == DATA
    assert fetched() == 1
    # Of those nobody has open, as many stay as there is room for, and the last used are among them.
    await job("b")
    await job("a")
    await job("c")
    assert len(list((tmp_path / "scratch").iterdir())) == 2
    assert fetched() == 3
    await job("a")
    assert fetched() == 3
    with pytest.raises(PlayheadError):
        await job("absent")
    await copies.put("videos/absent", DATA)
    assert await job("absent") == DATA
    await copies.close()
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("fault", ["500", "slow", "reset", "lost"])
async def test_an_upload_by_parts_survives(
    proxy: S3Proxy,
    behind: Bucket,
    database_url: str,
    tmp_path: Path,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {**(Bucket.copy.__kwdefaults__ or {}), "at_once": 5 * MIB}  # it is copied by parts as well
    monkeypatch.setattr(Bucket.copy, "__kwdefaults__", given)
    async with serving_plane(database_url, tmp_path, behind) as plane:
        tree = await plane.grant()
        proxy.judge = lambda request, before: (
            fault
            if before == 0 and (request.method != "PUT" or "x-amz-copy-source" in request.headers)
            else None
        )
        assert (await tree.begin()).status_code == 200
        listed = await tree.send_all()
        answers = [await tree.complete(listed) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        video = await plane.video_of(tree)
        assert (video["status"], video["source_size"]) == ("processing", len(WHOLE))
        assert (await plane.stored())[video["source_key"]] == WHOLE
        ledger = {row["key"] for row in await plane.rows("SELECT key FROM objects")}
        assert set(await plane.stored()) <= ledger
        await look_after_multiparts(plane.parts.uploads)
        assert await plane.begun() == []  # nor what was begun twice, as the first answer got lost


async def test_a_store_that_stays_away_ends_nothing(
    proxy: S3Proxy, behind: Bucket, database_url: str, tmp_path: Path
) -> None:
    async with serving_plane(database_url, tmp_path, behind) as plane:
        tree = await plane.grant()
        await tree.begin()
        listed = await tree.send_all()
        proxy.judge = lambda request, before: (
            "500" if "complete" in request.path or request.method == "POST" else None
        )
        refused = await tree.complete(listed)
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
        assert refused.headers["retry-after"]
        proxy.judge = lambda request, before: None
        assert (await tree.complete(listed)).status_code == 200


@pytest.mark.soak
async def test_a_web_process_killed_while_it_completes(
    proxy: S3Proxy, postgres: Postgres, seaweedfs: SeaweedFS, tmp_path: Path
) -> None:
    """Killed while the store is just putting the parts together, by real machines with a real film."""
    clip = tmp_path / "film.mp4"
    await asyncio.to_thread(ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=192x144:r=25:d=2", *X264, clip)
    held = False

    def hold(request: object, before: int) -> Fault | None:
        nonlocal held
        if (
            held
            or getattr(request, "method", "") != "POST"
            or "uploadId" not in getattr(request, "raw_path", "")
        ):
            return None
        held = True
        return "held"

    proxy.judge = hold
    machines_of = distributed(tmp_path, postgres, seaweedfs, S3_ENDPOINT=proxy.url)
    machines = await asyncio.to_thread(machines_of.__enter__)
    try:
        async with httpx.AsyncClient(timeout=60) as client:
            headers = {"X-API-KEY": machines.web.key}
            asked = {"resolutions": ["144p"]}
            grant = await client.post(f"{machines.web.url}/v1/upload-grants", json=asked, headers=headers)
            tree = Tree(grant.json()["companion_url"], client)
            await tree.begin()
            listed = [await tree.send(1, clip.read_bytes())]
            completing = asyncio.create_task(tree.complete(listed))
            await asyncio.wait_for(proxy.held.wait(), 60)
            for child in psutil.Process(machines.web.process.pid).children():
                child.kill()
            with pytest.raises(httpx.HTTPError):
                await completing
            proxy.released.set()  # what was under way goes through, and nobody is left to hear of it
            answer = await _until_up(tree, listed)
            assert answer.status_code == 200, answer.text
            url = f"{machines.web.url}/v1/videos/{answer.json()['videoId']}"
            video: dict[str, object] = {}
            deadline = time.monotonic() + 120
            while video.get("status") not in ("ready", "fail") and time.monotonic() < deadline:
                video = (await client.get(url, headers=headers)).json()
                await asyncio.sleep(0.3)
            assert video["status"] == "ready", video
        await asyncio.to_thread(machines.settle)
        (source,) = [key for key in machines.stored() if "/source/" in key]
        assert machines.stored()[source] == clip.stat().st_size
        assert machines.unfinished() == []
    finally:
        await asyncio.to_thread(machines_of.__exit__, None, None, None)


async def _until_up(tree: Tree, listed: list[dict[str, object]]) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            answer = await tree.complete(listed)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer
        except httpx.HTTPError:
            assert time.monotonic() < deadline
        await asyncio.sleep(0.3)
