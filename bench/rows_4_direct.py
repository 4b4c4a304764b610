"""Bytes that go straight to the store: how few of them pass through our processes, and what the way round costs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil

from bench.processes import MB, below
from bench.row import Metric, Pair, Reading, row
from bench.stage import Stage
from playhead.client import Client
from playhead.storage.bucket import Bucket
from tests import s3
from tests.live import Live, start, stop

SIZE, QUICK_SIZE = 500_000_000, 50_000_000
PART = 5 * 1024 * 1024
HANDS = 4
"""As many connections as our client takes by itself."""
BLOCK = 256 * 1024
HEAD = bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + b"\0\0\0\x08moov"
"""Enough of an MP4 to be let in."""


@row(
    "upload: 500 MB straight to S3",
    Metric("through the web process, per byte of the file", "bytes", goal=0.01),
    Metric("throughput", "MB/s", "more"),
    reference="the same parts put to the same store by signed URLs, without a server of ours",
)
def direct(stage: Stage) -> Iterator[Pair]:
    """One file by our client, which asks for signed URLs; what the web process reads until it is completed."""
    size, folder = QUICK_SIZE if stage.quick else SIZE, stage.folder()
    film = folder / "film.mp4"
    with film.open("wb") as file:
        file.write(HEAD)
        for _ in range(0, size - len(HEAD), MB):
            file.write(os.urandom(min(MB, size - file.tell())))
    with s3.running() as store:
        bucket = store.bucket()
        live = start(folder / "data", port=None, arguments=("--only", "web"), **s3.settings_of(bucket))
        try:
            with Client(live.url, live.key) as client:
                _ours(client, live, film)  # the first of all loads what the clients of S3 are made of
                _is_counted(client, live)
                yield Pair(lambda: _ours(client, live, film), lambda: _theirs(bucket, film))
        finally:
            assert stop(live) == 0, live.output()[-4000:]


def _ours(client: Client, live: Live, film: Path) -> Reading:
    size = film.stat().st_size
    (web,) = below(live.process.pid, "web-process")
    os.sync()
    before, started = _read(web), time.perf_counter()
    upload = client.create_upload(film.name, size, resolutions=["360p"])
    assert upload.direct
    client.send(upload, film)
    wall = time.perf_counter() - started
    client.complete_upload(upload.id)
    passed = _read(web) - before
    client.delete_video(upload.video_id)
    return Reading(
        {"through the web process, per byte of the file": passed / size, "throughput": size / MB / wall}
    )


def _is_counted(client: Client, live: Live) -> None:
    """What comes by PUT is seen to pass, or the row would be worth nothing."""
    (web,) = below(live.process.pid, "web-process")
    upload = client.create_upload("film.mp4", PART)
    before = _read(web)
    httpx.put(upload.url, content=bytes(PART), headers={"Content-Type": "video/mp4"}).raise_for_status()
    assert _read(web) - before >= PART
    client.delete_video(upload.video_id)


def _theirs(bucket: Bucket, film: Path) -> Reading:
    size, store, key = film.stat().st_size, bucket.client, bucket.full("videos/reference/film")
    os.sync()
    started = time.perf_counter()
    attempt = store.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
    part = {"Bucket": bucket.name, "Key": key, "UploadId": attempt}
    with httpx.Client(timeout=60) as http, ThreadPoolExecutor(HANDS) as pool:

        def put(number: int) -> str:
            at, stop = (number - 1) * PART, min(number * PART, size)
            url = store.generate_presigned_url("upload_part", {**part, "PartNumber": number})
            headers = {"Content-Length": str(stop - at)}
            answer = http.put(url, content=_blocks(film, at, stop), headers=headers)
            assert answer.status_code == 200, answer.text
            return str(answer.headers["etag"])

        etags = list(pool.map(put, range(1, -(-size // PART) + 1)))
    store.complete_multipart_upload(
        Bucket=bucket.name,
        Key=key,
        UploadId=attempt,
        MultipartUpload={
            "Parts": [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        },
    )
    wall = time.perf_counter() - started
    store.delete_object(Bucket=bucket.name, Key=key)
    return Reading({"throughput": size / MB / wall})


def _blocks(film: Path, at: int, stop: int) -> Iterator[bytes]:
    with film.open("rb") as file:
        file.seek(at)
        while at < stop:
            block = file.read(min(BLOCK, stop - at))
            at += len(block)
            yield block


def _read(pid: int) -> int:
    """Bytes that a process has read, from files and from the sockets that clients send to (`rchar`, proc(5))."""
    return int(psutil.Process(pid).io_counters().read_chars)
