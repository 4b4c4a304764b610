"""Playable at once: from complete to the bytes of the first segment, whatever the length of the film."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from bench import clips, river
from bench.player import Taste, first_segment
from bench.processes import reap, spend, start
from bench.row import LATENCY_ROUNDS, Metric, Pair, Reading, row
from bench.stage import Stage
from bench.traffic import Connection
from tests.live import Live

SEGMENT_SECONDS = 2
"""Length of our first segments, and so of the reference's."""
LISTED_WITHIN = 120.0
FIT_REFERENCE = "ffmpeg -c copy -f hls of the stored file, until its playlist names a segment"
ENCODED_REFERENCE = "ffmpeg to 360p HLS of the stored file, until its playlist names a segment"
_COPY = ("-c", "copy")
_ENCODE = (
    *("-vf", "scale=-2:360", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT_SECONDS})", "-c:a", "aac", "-b:a", "128k"),
)


@dataclass(frozen=True)
class Case:
    """One kind of source and what is expected of it."""

    title: str
    film: Callable[[bool], Path]
    """The film, for a quick run or a real one."""
    resolution: str
    """What is asked for beside the source."""
    taste: Taste
    goal_ms: float
    reference: str
    options: Sequence[str]
    """How ffmpeg makes the like of it."""


def _fit(minutes: int, goal_ms: float, title: str) -> Case:
    def film(quick: bool) -> Path:
        return clips.fit(minutes * 6, height=360) if quick else clips.fit(minutes * 60)

    return Case(f"fit source of {title}", film, "240p", "best", goal_ms, FIT_REFERENCE, _COPY)


def _encoded(film: Callable[[bool], Path], title: str) -> Case:
    return Case(title, film, "360p", "smallest", 1500, ENCODED_REFERENCE, _ENCODE)


CASES = (
    _fit(1, 100, "1 min"),
    _fit(10, 100, "10 min"),
    _fit(120, 250, "2 h"),
    _encoded(lambda quick: clips.foreign(10 if quick else 60), "MPEG-4 AVI of 1 min"),
    _encoded(lambda quick: clips.foreign(720 if quick else 7200), "MPEG-4 AVI of 2 h"),
    _encoded(lambda _quick: clips.hevc(60), "HEVC of 1 min"),
    _encoded(lambda quick: clips.hevc(720 if quick else 7200), "HEVC of 2 h"),
    _encoded(lambda _quick: clips.vp9(60), "VP9 of 1 min"),
    _encoded(lambda quick: clips.vp9(720 if quick else 7200), "VP9 of 2 h"),
    _encoded(lambda _quick: clips.prores(60), "ProRes of 1 min"),
    _encoded(lambda quick: clips.prores(120 if quick else 7200), "ProRes of 2 h"),
)


def _playable(stage: Stage, case: Case) -> Iterator[Pair]:
    film, live = case.film(stage.quick), stage.server
    with live.http() as client:
        folder = stage.folder()
        yield Pair(
            lambda: _ours(live, client, film, case, folder / "first.mp4"),
            lambda: _plain(film, case.options, stage.folder()),
        )


def _ours(live: Live, client: httpx.Client, film: Path, case: Case, kept: Path) -> Reading:
    """The CPU time is not told: the worker begins with the other renditions at the same moment."""
    video_id = river.sent(client, film, (case.resolution,))
    with river.forgotten(live, client, video_id), Connection(live.url) as connection:
        connection.read("/healthz")  # a player's page has its connection by now
        started = time.perf_counter()
        river.complete(client, video_id)
        first = first_segment(connection, f"/v/{video_id}/master.m3u8", case.taste)
        wall = time.perf_counter() - started
    kept.write_bytes(first.init + first.media)
    spend(
        ["ffmpeg", "-v", "error", "-xerror", "-i", kept, "-frames:v", "1", "-f", "null", "-"]
    )  # it shows a picture
    return Reading({"first segment": 1000 * wall})


def _plain(film: Path, options: Sequence[str], folder: Path) -> Reading:
    playlist = folder / "made.m3u8"
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-nostdin", "-i", film, *options]
    command += ["-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_segment_type", "fmp4"]
    # An event playlist is written after each segment, and not only at the end.
    command += ["-hls_playlist_type", "event", playlist]
    started = time.perf_counter()
    process = start(command)
    while not playlist.exists():  # it is renamed into place
        assert time.perf_counter() - started < LISTED_WITHIN, "no playlist yet"
        time.sleep(0.002)
    wall = time.perf_counter() - started
    process.kill()
    used = reap(process, stopped=True)
    assert b".m4s" in playlist.read_bytes()
    return Reading({"first segment": 1000 * wall}, used)


for _case in CASES:
    row(
        f"complete to first segment: {_case.title}",
        Metric("first segment", "ms", goal=_case.goal_ms),
        reference=_case.reference,
        rounds=LATENCY_ROUNDS,
    )(partial(_playable, case=_case))
