"""Bytes coming in: throughput, and memory that does not grow with them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import httpx

from bench import nginx
from bench.nginx import Nginx
from bench.processes import MB, below, children, cpu_seconds, forget_peak, peak_mb
from bench.row import LATENCY_ROUNDS, Metric, Pair, Reading, row
from bench.stage import Stage
from bench.traffic import Connection, paced, percentile
from bench.trickle import trickling, waiting
from tests.live import Live

SIZE, QUICK_SIZE = 2_000_000_000, 50_000_000
SENDERS = 200
RATE = 20
"""Requests a second, over two connections."""


@row(
    "upload: 2 GB by PUT",
    Metric("throughput", "MB/s", "more"),
    Metric("peak memory of the server process", "MB"),
    reference="nginx, DAV PUT (it does not flush to disk)",
)
def put(stage: Stage) -> Iterator[Pair]:
    """One PUT to the capability URL, with the CPU time of the whole server."""
    size, live = QUICK_SIZE if stage.quick else SIZE, stage.server
    with live.http() as client, nginx.running(stage.folder()) as reference:
        yield Pair(lambda: _ours(live, client, size), lambda: _theirs(reference, size))


def _ours(live: Live, client: httpx.Client, size: int) -> Reading:
    body = {"filename": "film.mp4", "fileSizeBytes": size, "resolutions": ["360p"], "isPublic": True}
    answer = client.post("/api/video", json=body)
    assert answer.status_code == 201, answer.text
    created = answer.json()
    (web,) = below(live.process.pid, "web-process")
    reading = _sent(created["uploadUrl"], size, created["contentType"], live.process.pid, web)
    gone = client.delete(f"/api/video/{created['id']}")
    assert gone.status_code == 204, gone.text
    return reading


@row(
    "upload: 2 GB by tus",
    Metric("throughput", "MB/s", "more"),
    Metric("peak memory of the server process", "MB"),
    reference="nginx, DAV PUT (it does not flush to disk)",
)
def tus(stage: Stage) -> Iterator[Pair]:
    """One PATCH to the capability URL, flushed every second, with the CPU time of the whole server."""
    size, live = QUICK_SIZE if stage.quick else SIZE, stage.server
    with live.http() as client, nginx.running(stage.folder()) as reference:
        yield Pair(lambda: _patched(live, client, size), lambda: _theirs(reference, size))


def _patched(live: Live, client: httpx.Client, size: int) -> Reading:
    answer = client.post("/v1/uploads", json={"filename": "film.mp4", "size": size, "resolutions": ["360p"]})
    assert answer.status_code == 201, answer.text
    created = answer.json()
    (web,) = below(live.process.pid, "web-process")
    said = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    kind = "application/offset+octet-stream"
    reading = _sent(created["url"], size, kind, live.process.pid, web, method="PATCH", **said)
    gone = client.delete(f"/v1/videos/{created['video_id']}")
    assert gone.status_code == 204, gone.text
    return reading


@row(
    "GET /v1/videos while 200 uploads trickle in",
    Metric("p50", "ms"),
    Metric("p99", "ms"),
    reference="the same uploads, waiting; the goal is 3 times that at most",
    rounds=LATENCY_ROUNDS,
)
def trickle(stage: Stage) -> Iterator[Pair]:
    """Latency over keep-alive connections, while so many senders bring a few kilobytes each second by tus."""
    senders, seconds = (20, 2.0) if stage.quick else (SENDERS, 10.0)
    live = stage.server
    with live.http() as client, waiting(client, senders) as urls:
        yield Pair(lambda: _trickled(live, urls, seconds), lambda: _latency(live, seconds))


def _trickled(live: Live, urls: Sequence[str], seconds: float) -> Reading:
    with trickling(urls) as sent:
        found = _latency(live, seconds)
    assert sent.blocks >= len(urls) * seconds / 2, f"only {sent.blocks} blocks were taken"
    return found


def _latency(live: Live, seconds: float) -> Reading:
    took = paced(live.url, "/v1/videos", {"X-API-KEY": live.key}, per_second=RATE, seconds=seconds)
    return Reading({"p50": 1000 * percentile(took, 50), "p99": 1000 * percentile(took, 99)})


def _theirs(reference: Nginx, size: int) -> Reading:
    (worker,) = children(reference.process.pid)
    url = f"{reference.url}/film.mp4"
    reading = _sent(url, size, "video/mp4", reference.process.pid, worker)
    (reference.files / "film.mp4").unlink()
    return reading


def _sent(
    url: str, size: int, content_type: str, root: int, server: int, *, method: str = "PUT", **headers: str
) -> Reading:
    os.sync()  # nobody waits for the other side's bytes to reach the disk
    split = urlsplit(url)
    path = f"{split.path}?{split.query}" if split.query else split.path
    forget_peak(server)
    used, started = cpu_seconds(root), time.perf_counter()
    with Connection(url, headers) as connection:
        connection.put(path, size, content_type, (200, 201, 204), method=method)
    wall, used = time.perf_counter() - started, cpu_seconds(root) - used
    values = {"throughput": size / MB / wall, "peak memory of the server process": peak_mb(server)}
    return Reading(values, used)
