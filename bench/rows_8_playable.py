"""Playable at once: from complete to the bytes of the first segment, whatever the length of the film."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
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
from playhead.media.local import LocalBytes
from playhead.media.matroska import read_matroska
from playhead.media.mp4 import read_movie
from playhead.model.plan import TIMESCALE
from playhead.packaging import cut
from playhead.packaging.source import view
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


THROTTLED_BYTES = 256 * 1024
"""Bytes that are sent at a time while a film is uploaded slowly."""
ARRIVED_WITHIN = 60.0
SETTLING_SECONDS = 1.1
"""Pictures behind a segment of an arriving Matroska after which nothing can change where it ends, and a frame."""


@row(
    "while uploading: first GOP's last byte to first segment",
    Metric("first segment", "ms", goal=1000),
    reference="ffmpeg -c copy -f hls of the bytes that are there, until its playlist names a segment",
    rounds=LATENCY_ROUNDS,
)
def while_uploading(stage: Stage) -> Iterator[Pair]:
    """A film that arrives a quarter of a megabyte at a time; ten minutes long, its index first."""
    film = clips.fit(60 if stage.quick else 600)
    yield from _while_uploading(stage, film, "video/mp4", _first_segment_end(film))


@row(
    "while uploading Matroska: last byte that settles the first GOP to first segment",
    Metric("first segment", "ms", goal=1000),
    reference="ffmpeg -c copy -f hls of the bytes that are there, until its playlist names a segment",
    rounds=LATENCY_ROUNDS,
)
def while_uploading_matroska(stage: Stage) -> Iterator[Pair]:
    """A minute of it in Matroska. What follows the GOP decides where it ends, so a second of that is sent too."""
    film = clips.fit_matroska(clips.LOOPED_SECONDS)
    yield from _while_uploading(stage, film, "video/x-matroska", _settling_end(film))


def _while_uploading(stage: Stage, film: Path, kind: str, reach: int) -> Iterator[Pair]:
    data, live = film.read_bytes(), stage.server
    part = stage.folder() / f"part{film.suffix}"
    part.write_bytes(data[:reach])
    with live.http() as client:
        yield Pair(
            lambda: _arriving(live, client, data, film.name, kind, reach),
            lambda: _plain(part, _COPY, stage.folder()),
        )


def _first_segment_end(film: Path) -> int:
    """The byte up to which the first segment's pictures and sound reach."""
    found = view(asyncio.run(read_movie(LocalBytes(film))))
    assert found.video is not None, found.reasons
    first = (cut(lane, found.cuts, TIMESCALE)[0] for lane in (found.video, *found.sounds))
    lanes = zip((found.video, *found.sounds), first, strict=True)
    return max(
        span.offset + span.length
        for lane, segment in lanes
        for span in lane.spans(segment.first, segment.stop)
    )


def _settling_end(film: Path) -> int:
    """The byte up to which a Matroska's pictures reach that settle its first segment, and its sound till then."""
    found = view(asyncio.run(read_matroska(LocalBytes(film))).movie)
    assert found.video is not None, found.reasons
    lanes = (found.video, *found.sounds)
    seconds = found.cuts[1] / TIMESCALE + SETTLING_SECONDS
    stops = [bisect_left(lane.shown, lane.begin + round(seconds * lane.timescale)) + 1 for lane in lanes]
    return max(
        span.offset + span.length
        for lane, stop in zip(lanes, stops, strict=True)
        for span in lane.spans(0, stop)
    )


def _arriving(live: Live, client: httpx.Client, data: bytes, name: str, kind: str, reach: int) -> Reading:
    asked = {"filename": name, "size": len(data), "resolutions": ["144p"], "play_while_uploading": True}
    created = client.post("/v1/uploads", json=asked).json()
    with river.forgotten(live, client, created["video_id"]), Connection(live.url) as connection:
        for start in range(0, reach, THROTTLED_BYTES):
            stop = min(start + THROTTLED_BYTES, reach)
            told = {"Content-Type": kind, "Content-Range": f"bytes {start}-{stop - 1}/{len(data)}"}
            answer = httpx.put(created["url"], content=data[start:stop], headers=told, timeout=60)
            assert answer.status_code == 308, answer.text
        started = time.perf_counter()
        first = first_segment(connection, f"/v/{created['video_id']}/master.m3u8", "best")
        wall = time.perf_counter() - started
        assert len(first.media) > 1000
        httpx.delete(created["url"])
    return Reading({"first segment": 1000 * wall})


@row(
    "stored for MP4, HLS and DASH over the renditions' own bytes",
    Metric("stored", "times", goal=1.01),
    reference="ffmpeg: the same renditions as MP4, and once more as HLS and DASH segments",
    rounds=1,
)
def stored(stage: Stage) -> Iterator[Pair]:
    """Everything in the store but the source, the poster and the thumbnails, once a video is ready."""
    film, live = clips.camera(4 if stage.quick else 20), stage.server
    with live.http() as client:
        yield Pair(lambda: _stored(live, client, film), lambda: _stored_twice(film, stage.folder()))


def _stored(live: Live, client: httpx.Client, film: Path) -> Reading:
    video_id = river.sent(client, film, ("360p", "720p"))
    with river.forgotten(live, client, video_id):
        river.complete(client, video_id)
        deadline = time.monotonic() + 20 * ARRIVED_WITHIN
        while client.get(f"/v1/videos/{video_id}").json()["status"] != "ready":
            assert time.monotonic() < deadline
            time.sleep(0.5)
        time.sleep(15)  # what was replaced goes after ten seconds
        lies = live.data / "storage" / "videos" / video_id
        kept = {path: path.stat().st_size for path in lies.rglob("*") if path.is_file()}
        own = sum(size for path, size in kept.items() if "rendition" in path.parts)
        beside = sum(
            size for path, size in kept.items() if {"poster", "thumbnail", "source"}.isdisjoint(path.parts)
        )
    return Reading({"stored": beside / own})


def _stored_twice(film: Path, folder: Path) -> Reading:
    whole = folder / "whole.mp4"
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i"]
    spend([*ffmpeg, film, "-c", "copy", "-movflags", "+faststart", whole])
    spend([*ffmpeg, whole, "-c", "copy", "-f", "hls", "-hls_segment_type", "fmp4", folder / "made.m3u8"])
    segments = sum(path.stat().st_size for path in folder.iterdir() if path != whole)
    return Reading({"stored": (whole.stat().st_size + segments) / whole.stat().st_size})
