"""The index, the join and the packager: pure functions, against ffmpeg doing the like with files."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from bench import clips
from bench.processes import MB, peak_of, spend
from bench.row import LATENCY_ROUNDS, Metric, Pair, Reading, row
from bench.stage import Stage
from playhead.media.local import LocalBytes
from playhead.media.mp4 import Movie, read_movie
from playhead.model.plan import TIMESCALE
from playhead.packaging import Assembly, Lane, Piece, cut, examine, join, keyframe_boundaries, media_segment

MINUTES = {"10 min": 10, "2 h": 120}
TARGET_SECONDS = 4.0
_FFMPEG: tuple[str | Path, ...] = ("ffmpeg", "-v", "error", "-y", "-nostdin")
_PEAK = "import asyncio, sys; from bench.rows_7_packaging import lanes_of; lanes_of(sys.argv[1])"


def lanes_of(path: str | Path) -> tuple[Lane, ...]:
    """Read a file's index and make everything of it that serving needs."""
    found = examine(_index(Path(path)))
    assert found.lanes, found.reasons
    return found.lanes


def _index(path: Path) -> Movie:
    return asyncio.run(read_movie(LocalBytes(path)))


def _indexing(stage: Stage, minutes: int) -> Iterator[Pair]:
    film = clips.fit(minutes * 6 if stage.quick else minutes * 60, height=360 if stage.quick else 720)

    def ours() -> Reading:
        used, started = time.process_time(), time.perf_counter()
        lanes_of(film)
        wall, used = time.perf_counter() - started, time.process_time() - used
        return Reading({"wall": 1000 * wall}, used)

    def theirs() -> Reading:
        cost = spend(_all_packets(film))
        return Reading({"wall": 1000 * cost.wall_seconds}, cost.cpu_seconds)

    yield Pair(ours, theirs)


def _all_packets(film: Path) -> Sequence[str | Path]:
    return ["ffprobe", "-v", "error", "-show_packets", "-of", "compact=p=0:nk=1", film]


for _name, _minutes in MINUTES.items():
    row(
        f"index of {_name}",
        Metric("wall", "ms"),
        reference="ffprobe -show_packets",
        rounds=LATENCY_ROUNDS,
        warmups=1,
    )(partial(_indexing, minutes=_minutes))


@row("index of 10 h: memory", Metric("peak of the process", "MB"), reference="ffprobe -show_packets")
def memory(stage: Stage) -> Iterator[Pair]:
    """A Python process that holds the index of ten hours, at its peak."""
    film = clips.tiny_fit(1800 if stage.quick else 36_000)
    yield Pair(
        lambda: Reading({"peak of the process": peak_of([sys.executable, "-c", _PEAK, film])}),
        lambda: Reading({"peak of the process": peak_of(_all_packets(film))}),
    )


@row(
    "join: pieces of 4 s into one MP4",
    Metric("joined", "MB per CPU s", "more"),
    Metric("throughput", "MB/s", "more"),
    reference="ffmpeg, concat demuxer, -c copy -movflags +faststart",
)
def joining(stage: Stage) -> Iterator[Pair]:
    """Ten minutes of 720p: read each piece's index, write the whole."""
    film, folder = clips.fit(60 if stage.quick else 600), stage.folder()
    spend(
        [
            *(*_FFMPEG, "-i", film, "-map", "0:v", "-c", "copy", "-video_track_timescale", str(TIMESCALE)),
            *("-f", "segment", "-segment_time", "4", "-reset_timestamps", "1", folder / "piece%04d.mp4"),
        ]
    )
    pieces = sorted(folder.glob("piece*.mp4"))
    listed = folder / "list.txt"
    listed.write_text("".join(f"file '{piece}'\n" for piece in pieces))
    whole, size = folder / "whole.mp4", sum(piece.stat().st_size for piece in pieces) / MB

    def ours() -> Reading:
        used, started = time.process_time(), time.perf_counter()
        _join(pieces, whole)
        return told(time.perf_counter() - started, time.process_time() - used)

    def theirs() -> Reading:
        command = [*_FFMPEG, "-f", "concat", "-safe", "0", "-i", listed]
        cost = spend([*command, "-c", "copy", "-movflags", "+faststart", whole])
        return told(cost.wall_seconds, cost.cpu_seconds)

    def told(wall: float, used: float) -> Reading:
        return Reading({"joined": size / used, "throughput": size / wall}, used)

    _join(pieces, whole)
    joined, expected = _index(whole).video, _index(film).video
    assert joined is not None
    assert expected is not None
    assert joined.samples.count == expected.samples.count, "the join lost frames"
    yield Pair(ours, theirs)


def _join(paths: Sequence[Path], whole: Path) -> None:
    pieces, start = [], 0
    for path in paths:
        movie = _index(path)
        assert movie.video is not None
        pieces.append(Piece(movie=movie, start=start))
        start += round(movie.video.samples.count * TIMESCALE / 30)
    files = [os.open(path, os.O_RDONLY) for path in paths]
    try:
        with whole.open("wb") as output:
            for block in _blocks(join(pieces, TIMESCALE), files):
                output.write(block)
    finally:
        for file in files:
            os.close(file)


def _blocks(assembly: Assembly, files: Sequence[int]) -> Iterator[bytes]:
    yield assembly.head
    for span in assembly.spans:
        yield os.pread(files[span.source], span.length, span.offset)


@row(
    "packager: 4 s of picture and sound at a time",
    Metric("made", "segments per CPU s", "more"),
    reference="ffmpeg -c copy -f hls, CMAF segments as files",
)
def packaging(stage: Stage) -> Iterator[Pair]:
    """Every segment of ten minutes of 720p, from the stored MP4 to the bytes a player gets."""
    film, folder = clips.fit(60 if stage.quick else 600), stage.folder()

    def theirs() -> Reading:
        command = [*_FFMPEG, "-i", film, "-c", "copy", "-f", "hls", "-hls_time", f"{TARGET_SECONDS:g}"]
        command += ["-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", folder / "made.m3u8"]
        cost = spend(command)
        return Reading({"made": len(list(folder.glob("made*.m4s"))) / cost.cpu_seconds}, cost.cpu_seconds)

    def ours() -> Reading:
        used = time.process_time()
        made = _every_segment(film)
        used = time.process_time() - used
        return Reading({"made": made / used}, used)

    yield Pair(ours, theirs)


def _every_segment(film: Path) -> int:
    video, audio, *_ = lanes_of(film)
    cuts = keyframe_boundaries(video, TARGET_SECONDS)
    file, made = os.open(film, os.O_RDONLY), 0
    try:
        for lane in (video, audio):
            segments = cut(lane, cuts, video.timescale)
            for number, segment in enumerate(segments, 1):
                bytes_of = b"".join(_blocks(media_segment(lane, segment.first, segment.stop, number), [file]))
                assert len(bytes_of) > segment.stop - segment.first
            made = max(made, len(segments))  # picture and sound of one stretch count as one, as in ffmpeg's
    finally:
        os.close(file)
    return made
