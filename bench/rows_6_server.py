"""The server itself: how soon it is up, and what it holds when nothing happens."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.processes import below, children, cpu_seconds, proportional_mb, resident_mb
from bench.row import LATENCY_ROUNDS, Metric, Pair, Reading, row
from bench.stage import Stage
from playhead.app import embedded
from tests import live as server

POSTGRES_ALONE = "the embedded PostgreSQL alone"
SETTLE, QUICK_SETTLE = 5.0, 1.0


@row(
    "start-up: cold",
    Metric("healthy", "s", goal=15),
    reference=POSTGRES_ALONE,
    rounds=LATENCY_ROUNDS,
)
def cold(stage: Stage) -> Iterator[Pair]:
    """`playhead serve` on an empty data folder until `/healthz` answers 200."""
    yield Pair(lambda: _serve(stage.folder() / "data"), lambda: asyncio.run(_postgres(stage.folder())))


@row(
    "start-up: warm",
    Metric("healthy", "s", goal=5),
    reference=POSTGRES_ALONE,
    rounds=LATENCY_ROUNDS,
)
def warm(stage: Stage) -> Iterator[Pair]:
    """The same on a data folder that has been served before."""
    data, postgres = stage.folder() / "data", stage.folder()
    _serve(data)
    asyncio.run(_postgres(postgres))
    yield Pair(lambda: _serve(data), lambda: asyncio.run(_postgres(postgres)))


@row(
    "memory when idle",
    Metric("web process", "MB"),
    Metric("worker process", "MB"),
    Metric("supervisor", "MB"),
    Metric("PostgreSQL, shares counted once", "MB"),
    reference="a Python process that has loaded Litestar and uvicorn",
)
def idle(stage: Stage) -> Iterator[Pair]:
    """Resident memory some seconds after a warm start."""
    data = stage.folder() / "data"
    yield Pair(lambda: _idle(data, QUICK_SETTLE if stage.quick else SETTLE), _loaded_python)


def _serve(data: Path) -> Reading:
    started = time.perf_counter()
    running = server.start(data)
    reading = Reading({"healthy": time.perf_counter() - started}, cpu_seconds(running.process.pid))
    assert server.stop(running) == 0, running.output()[-4000:]
    return reading


async def _postgres(data: Path) -> Reading:
    used, started = cpu_seconds(os.getpid()), time.perf_counter()
    async with embedded.running(data):
        return Reading({"healthy": time.perf_counter() - started}, cpu_seconds(os.getpid()) - used)


def _idle(data: Path, settle: float) -> Reading:
    running = server.start(data)
    root = running.process.pid
    time.sleep(settle)
    (web,), (worker,) = below(root, "web-process"), below(root, "worker-process")
    (postgres,) = below(root, "postgres")
    values = {
        "web process": resident_mb(web),
        "worker process": resident_mb(worker),
        "supervisor": resident_mb(root),
        "PostgreSQL, shares counted once": proportional_mb([postgres, *children(postgres)]),
    }
    assert server.stop(running) == 0, running.output()[-4000:]
    return Reading(values)


def _loaded_python() -> Reading:
    script = "import litestar, uvicorn; print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as python:
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdout.readline()
        held = resident_mb(python.pid)
        python.stdin.write(b"\n")
        python.stdin.close()
    return Reading({"web process": held, "worker process": held, "supervisor": held})
