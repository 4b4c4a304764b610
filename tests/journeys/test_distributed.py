"""One video down the whole river with web and worker apart, PostgreSQL by its URL, and every byte in S3."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from playhead.client import AsyncClient, Client
from playhead.upload.cleaning import UNKNOWN_SECONDS
from tests import drive
from tests.journeys.streamed import Stream
from tests.live import start, stop
from tests.media.mp4.clips import AAC, X264, ffmpeg, sound
from tests.postgres import Postgres
from tests.profiles import Machines, distributed
from tests.s3 import SeaweedFS

MIB = 1024 * 1024
FIT = (*X264, "-bf", "2", "-g", "40", "-sc_threshold", "0")


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, seaweedfs: SeaweedFS
) -> Iterator[Machines]:
    with distributed(tmp_path_factory.mktemp("machines"), postgres, seaweedfs) as found:
        yield found


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "fit.mp4"
    pictures = ("-f", "lavfi", "-i", "testsrc2=s=426x240:r=25:d=8")
    ffmpeg(*pictures, *sound(8), *FIT, *AAC, "-movflags", "+faststart", path)
    return path


def _is_empty(machines: Machines, within: float = 30) -> bool:
    deadline = time.monotonic() + within
    while machines.stored() and time.monotonic() < deadline:
        time.sleep(0.2)
    return not machines.stored()


def test_a_video_lives_in_the_bucket_alone(machines: Machines, clip: Path) -> None:
    with machines.web.http() as client:
        video_id = drive.upload(client, clip, ["144p"], customThumbnailSeconds=[1])
        video = drive.wait(client, video_id)
        assert video["status"] == "ready", video
        stream = Stream(f"{machines.web.url}/v/{video_id}/")
        assert sorted(stream.tracks()) == ["256x144", "source"]
        for track in (*stream.tracks(), *stream.sounds()):
            answers = [stream.get(name) for name in stream.names(track)]
            assert {each.status_code for each in answers} == {200}
        (rendition,) = video["renditions"]
        whole = httpx.get(rendition["video_url"]).content
        assert len(whole) == rendition["size_bytes"]
        part = httpx.get(rendition["video_url"], headers={"Range": "bytes=1000-2999"})
        assert (part.status_code, part.content) == (206, whole[1000:3000])
        assert httpx.get(video["poster_url"]).content[:3] == b"\xff\xd8\xff"
        (source,) = [key for key in machines.stored() if "/source/" in key]
        stored = machines.bucket.client.get_object(
            Bucket=machines.bucket.name, Key=machines.bucket.full(source)
        )["Body"].read()
        assert hashlib.sha256(stored).digest() == hashlib.sha256(clip.read_bytes()).digest()
        # Neither machine keeps anything of it.
        assert not (machines.web.data / "storage").exists()
        assert client.delete(f"/v1/videos/{video_id}").status_code == 204
        assert _is_empty(machines), machines.stored()
        assert machines.unfinished() == []


def _read(machines: Machines) -> int:
    """Bytes that the web machine's processes have read from files and sockets so far."""
    found = psutil.Process(machines.web.process.pid).children(recursive=True)
    return sum(each.io_counters().read_chars for each in found)


def _by_parts(machines: Machines, companion_url: str, film: bytes) -> str:
    """Send a file straight to the bucket; the id of the video it has become."""
    base = f"{companion_url}/s3/multipart"
    with httpx.Client(timeout=60) as stranger:
        begun = stranger.post(base, json={"filename": "film.mp4", "size": len(film)}).json()
        step = begun["partSize"]
        parts = []
        for number, at in enumerate(range(0, len(film), step), 1):
            body = film[at : at + step]
            query = {"key": begun["key"], "size": str(len(body))}
            signed = stranger.get(f"{base}/{begun['uploadId']}/{number}", params=query).json()
            assert signed["url"].startswith(machines.bucket.endpoint or "-")
            sent = stranger.put(signed["url"], content=body, headers=signed["headers"])
            assert sent.status_code == 200, sent.text
            parts.append({"PartNumber": number, "ETag": sent.headers["etag"]})
        url = f"{base}/{begun['uploadId']}/complete"
        done = stranger.post(url, params={"key": begun["key"]}, json={"parts": parts})
        assert done.status_code == 200, done.text
        return str(done.json()["videoId"])


def test_what_goes_straight_to_the_bucket_passes_no_process_of_ours(machines: Machines, clip: Path) -> None:
    """And it is a video like any other; the same file by PUT shows that what is counted is what passes."""
    padding = 12 * MIB
    film = clip.read_bytes() + (8 + padding).to_bytes(4, "big") + b"free" + bytes(padding)
    with machines.web.http() as client:
        grant = client.post("/v1/upload-grants", json={"resolutions": ["144p"]}).json()
        # The first of all loads what the clients of S3 are made of.
        first = _by_parts(machines, grant["companion_url"], clip.read_bytes())
        before = _read(machines)
        video_id = _by_parts(machines, grant["companion_url"], film)
        passed = _read(machines) - before
        # Requests, answers of the database, and the 64 KiB that a file is judged by.
        assert passed < MIB // 4, passed

        created = client.post("/v1/uploads", json={"filename": "film.mp4", "size": len(film)}).json()
        before = _read(machines)
        headers = {"Content-Type": created["content_type"]}
        assert httpx.put(created["url"], content=film, headers=headers).status_code == 200
        assert _read(machines) - before > len(film)
        assert httpx.delete(created["url"]).status_code == 204

        assert drive.wait(client, video_id)["status"] == "ready"
        assert machines.stored()[_source(machines, video_id)] == len(film)
        for each in (first, video_id, created["video_id"]):
            assert client.delete(f"/v1/videos/{each}").status_code == 204
        assert _is_empty(machines), machines.stored()
        assert machines.unfinished() == []


@pytest.mark.soak
async def test_our_client_sends_straight_to_the_bucket_by_itself(machines: Machines, clip: Path) -> None:
    """The command and both clients, asked for nothing but the file; a file of one part as well as a larger one."""
    film = clip.with_name("long.mp4")
    padding = 12 * MIB
    film.write_bytes(clip.read_bytes() + (8 + padding).to_bytes(4, "big") + b"free" + bytes(padding))
    given = (
        "--url",
        machines.web.url,
        "--key",
        machines.web.key,
        "--no-preflight",
        "--no-resume",
        "--verify",
    )
    command = [sys.executable, "-m", "playhead", "upload", *given, "--resolutions", "144p", "--json"]
    made = []
    with Client(machines.web.url, machines.web.key) as client:
        # The first of all loads what the clients of S3 are made of.
        for file in (clip, clip, film):
            before = _read(machines)
            done = await asyncio.to_thread(
                subprocess.run, [*command, str(file)], capture_output=True, text=True, timeout=240, check=True
            )
            made.append(json.loads(done.stdout)["id"])
            assert len(made) == 1 or _read(machines) - before < MIB // 4
        before = _read(machines)
        made.append(client.upload(film, resolutions=["144p"], resume=False).id)
        async with AsyncClient(machines.web.url, machines.web.key) as other:
            made.append((await other.upload(film, resolutions=["144p"], resume=False)).id)
        assert _read(machines) - before < MIB // 4
        # What is played while it arrives comes through the server, as it must.
        assert not client.create_upload("a.mp4", 10, play_while_uploading=True).direct
        for video_id in made:
            sent = clip if video_id in made[:2] else film
            assert machines.stored()[_source(machines, video_id)] == sent.stat().st_size
        ready = client.wait(made[2], give_up_after=240)
        assert ready.upload.verified
        for video in client.videos():
            client.delete_video(video.id)
    assert _is_empty(machines), machines.stored()


def _source(machines: Machines, video_id: str) -> str:
    (found,) = [key for key in machines.stored() if f"{video_id}/source/" in key]
    return found


def test_a_worker_tidies_the_folder_of_its_own_machine(machines: Machines, tmp_path: Path) -> None:
    """Of a fetch that went on at another machine, whose upload is over by now."""
    left = tmp_path / "third" / "incoming" / str(uuid4())
    left.mkdir(parents=True)
    (left / "whole").write_bytes(bytes(1000))
    then = time.time() - UNKNOWN_SECONDS - 60
    os.utime(left, (then, then))
    given = {**machines.settings, "PUBLIC_URL": machines.web.url}
    third = start(tmp_path / "third", port=None, arguments=("--only", "worker"), **given)
    try:
        deadline = time.monotonic() + 60
        while left.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left.exists()
    finally:
        assert stop(third) == 0, third.output()[-4000:]
