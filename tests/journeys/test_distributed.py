"""One video down the whole river with web and worker apart, PostgreSQL by its URL, and every byte in S3."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import drive
from tests.journeys.streamed import Stream
from tests.media.mp4.clips import AAC, X264, ffmpeg, sound
from tests.postgres import Postgres
from tests.profiles import Machines, distributed
from tests.s3 import SeaweedFS

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
