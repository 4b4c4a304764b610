"""Bytes coming in: throughput, and memory that does not grow with them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from bench import nginx
from bench.nginx import Nginx
from bench.processes import MB, below, children, cpu_seconds, forget_peak, peak_mb
from bench.row import Metric, Pair, Reading, row
from bench.stage import Stage
from bench.traffic import Connection
from tests.live import Live

SIZE, QUICK_SIZE = 1_000_000_000, 50_000_000


@row(
    "upload: 1 GB by PUT",
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


def _theirs(reference: Nginx, size: int) -> Reading:
    (worker,) = children(reference.process.pid)
    url = f"{reference.url}/film.mp4"
    reading = _sent(url, size, "video/mp4", reference.process.pid, worker)
    (reference.files / "film.mp4").unlink()
    return reading


def _sent(url: str, size: int, content_type: str, root: int, server: int) -> Reading:
    os.sync()  # nobody waits for the other side's bytes to reach the disk
    split = urlsplit(url)
    path = f"{split.path}?{split.query}" if split.query else split.path
    forget_peak(server)
    used, started = cpu_seconds(root), time.perf_counter()
    with Connection(url) as connection:
        connection.put(path, size, content_type, (200, 201, 204))
    wall, used = time.perf_counter() - started, cpu_seconds(root) - used
    values = {"throughput": size / MB / wall, "peak memory of the server process": peak_mb(server)}
    return Reading(values, used)
