"""From complete to ready: the whole ladder, against what a shell script would do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import httpx

from bench import clips, river
from bench.processes import cpu_seconds, spend
from bench.row import Metric, Pair, Reading, row
from bench.stage import Stage
from playhead.model.plan import PlannedRendition
from playhead.processing.ladder import ladder
from tests import drive
from tests.live import Live

RUNGS = ("1080p", "720p", "480p", "360p", "240p")
SECONDS, QUICK_SECONDS = 60, 4
PATIENCE = 1800.0


@row(
    "complete to ready: 60 s of 1080p30, five rungs",
    Metric("ready", "s"),
    reference="plain ffmpeg, one process per rung, in turn or at once, whichever is done sooner",
)
def whole_ladder(stage: Stage) -> Iterator[Pair]:
    """Wall time and CPU of all that the server does, against the encodes alone with the same settings."""
    film = clips.camera(QUICK_SECONDS if stage.quick else SECONDS)
    live = stage.server
    rungs = ladder(1920, 1080, Fraction(30), RUNGS)
    with live.http() as client:
        yield Pair(lambda: _ready(live, client, film), lambda: _plain(film, rungs, stage.folder()))


def _ready(live: Live, client: httpx.Client, film: Path) -> Reading:
    video_id = river.sent(client, film, RUNGS)
    used, started = cpu_seconds(live.process.pid), time.perf_counter()
    river.complete(client, video_id)
    over = drive.wait(client, video_id, PATIENCE)
    wall, used = time.perf_counter() - started, cpu_seconds(live.process.pid) - used
    assert over["status"] == "ready", over["error"]
    made = [rendition["resolution"] for rendition in over["renditions"] if rendition["status"] == "ready"]
    assert sorted(made) == sorted(RUNGS), made
    river.forget(live, client, video_id)
    return Reading({"ready": wall}, used)


def _plain(film: Path, rungs: Sequence[PlannedRendition], folder: Path) -> Reading:
    commands = [_encode(film, rung, folder) for rung in rungs]
    costs = spend(*commands), spend(*commands, at_once=True)
    best = min(costs, key=lambda cost: cost.wall_seconds)
    return Reading({"ready": best.wall_seconds}, best.cpu_seconds)


def _encode(film: Path, rung: PlannedRendition, folder: Path) -> list[str | Path]:
    return [
        *("ffmpeg", "-v", "error", "-y", "-i", film),
        *("-vf", f"scale={rung.width}:{rung.height}:flags=bicubic", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(rung.crf)),
        *("-maxrate", str(rung.max_bit_rate), "-bufsize", str(2 * rung.max_bit_rate)),
        *("-g", "60", "-keyint_min", "60", "-sc_threshold", "0"),  # two seconds, like ours
        *("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart"),
        folder / f"{rung.resolution}.mp4",
    ]
