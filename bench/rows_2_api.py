"""The API stays quick while the worker encodes flat out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench import clips, river
from bench.row import LATENCY_ROUNDS, Metric, Pair, Reading, row
from bench.rows_1_processing import RUNGS, SECONDS
from bench.stage import Stage
from bench.traffic import paced, percentile
from tests import drive
from tests.live import Live

RATE = 20
"""Requests a second, over two connections."""
ENCODING_WITHIN = 30.0


@row(
    "GET status while encoding",
    Metric("p50", "ms"),
    Metric("p99", "ms"),
    reference="the same while idle",
    rounds=LATENCY_ROUNDS,
)
def status_under_load(stage: Stage) -> Iterator[Pair]:
    """Latency of `GET /api/video/{id}/status` over keep-alive connections."""
    film = clips.camera(12 if stage.quick else SECONDS)
    seconds = 2.0 if stage.quick else 10.0
    live = stage.server
    with live.http() as client:
        asked = drive.create(client, film, ["360p"])["id"]
        yield Pair(
            lambda: _loaded(live, client, film, asked, seconds), lambda: _latency(live, asked, seconds)
        )
        river.forget(live, client, asked)


def _loaded(live: Live, client: httpx.Client, film: Path, asked: str, seconds: float) -> Reading:
    busy = river.sent(client, film, RUNGS)
    with river.forgotten(live, client, busy):
        river.complete(client, busy)
        deadline = time.monotonic() + ENCODING_WITHIN
        while not drive.video(client, busy)["renditions"][0]["pieces_planned"]:  # probing is over then
            assert time.monotonic() < deadline, "the worker does not begin to encode"
            time.sleep(0.02)
        found = _latency(live, asked, seconds)
        status = drive.video(client, busy)["status"]
        assert status == "processing", f"the encode was over before the measuring: {status}"
    return found


def _latency(live: Live, asked: str, seconds: float) -> Reading:
    took = paced(
        live.url, f"/api/video/{asked}/status", {"X-API-KEY": live.key}, per_second=RATE, seconds=seconds
    )
    return Reading({"p50": 1000 * percentile(took, 50), "p99": 1000 * percentile(took, 99)})
