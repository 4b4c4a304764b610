"""What the sandbox costs at every start of a tool, and over an encode."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import clips
from bench.row import LATENCY_ROUNDS, Metric, Pair, Reading, row
from bench.stage import Stage
from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.probe import claims_invocation
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.bubblewrap import Bubblewrap
from playhead.media.ffmpeg.sandbox.landlock import Landlock
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.sandbox.selftest import verify
from playhead.media.ffmpeg.tools import Tools, find_tools
from playhead.media.source import guards_of

SANDBOXES: dict[str, Callable[[Tools], Sandbox]] = {"bubblewrap": Bubblewrap, "Landlock": Landlock}
STARTS = 5
"""Starts of ffprobe whose mean is one reading: one alone is shorter than what disturbs it."""


def _prepare(stage: Stage, sandbox: Callable[[Tools], Sandbox], *, encode: bool) -> Iterator[Pair]:
    film, tools = clips.short(), find_tools()
    enclosed = sandbox(tools)
    asyncio.run(verify(enclosed))
    invocation = _encode(film, stage.folder()) if encode else claims_invocation(film, guards_of(film))
    times = 1 if encode else STARTS
    yield Pair(
        partial(_reading, invocation, enclosed, times), partial(_reading, invocation, NoSandbox(tools), times)
    )


def _reading(invocation: Invocation, sandbox: Sandbox, times: int) -> Reading:
    async def all_of_them() -> tuple[float, float]:
        used, started = 0.0, time.perf_counter()
        for _ in range(times):
            used += (await run(invocation, sandbox=sandbox)).cpu_seconds
        return time.perf_counter() - started, used

    wall, used = asyncio.run(all_of_them())
    return Reading({"wall": 1000 * wall / times}, used / times)


def _encode(film: Path, folder: Path) -> Invocation:
    arguments = (
        *("-v", "error", "-y", *guards_of(film), "-i", str(film)),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", str(folder / "made.mp4")),
    )
    return Invocation("ffmpeg", arguments, reads=(film,), scratch=folder)


for _name, _sandbox in SANDBOXES.items():
    row(
        f"sandbox: ffprobe in {_name}",
        Metric("wall", "ms"),
        reference="no sandbox",
        rounds=LATENCY_ROUNDS,
        warmups=1,
    )(partial(_prepare, sandbox=_sandbox, encode=False))
    row(
        f"sandbox: encode of 4 s of 360p in {_name}",
        Metric("wall", "ms"),
        reference="no sandbox",
        rounds=LATENCY_ROUNDS,
        warmups=1,
    )(partial(_prepare, sandbox=_sandbox, encode=True))
