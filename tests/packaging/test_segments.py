"""Init and media segments, put one after the other, decode to exactly what the MP4 they are cut from does."""

from __future__ import annotations

import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from playhead.model.errors import PlayheadError
from playhead.packaging import (
    Assembly,
    Lane,
    Piece,
    cut,
    init_segment,
    keyframe_boundaries,
    keyframe_segment,
    lane_of_pieces,
    lane_of_track,
    media_segment,
)
from tests.media.mp4.clips import AAC, VFR, X264, bend, ffmpeg, packets, picture, sound
from tests.packaging.play import hashes, index, md5s, rendered


class Shape(NamedTuple):
    """One way a source can be made."""

    rate: str
    vary: bool
    bframes: int
    gop: int
    late: float
    """Seconds the sound starts after the pictures."""
    trimmed: int
    """GOPs at the start that the edit list hides."""
    layout: str


SHAPES = st.builds(
    Shape,
    rate=st.sampled_from(("25", "30000/1001", "24", "50")),
    vary=st.booleans(),
    bframes=st.integers(0, 4),
    gop=st.sampled_from((1, 2, 5, 12, 30)),
    late=st.sampled_from((0, 0, 0.3, 1.1)),
    trimmed=st.sampled_from((0, 0, 1, 2)),
    layout=st.sampled_from(("mp4", "mov", "faststart", "fragmented")),
)


def make(shape: Shape, path: Path) -> None:
    vary = ("-vf", VFR, "-fps_mode", "vfr") if shape.vary else ()
    gop = ("-bf", str(shape.bframes), "-g", str(shape.gop), "-x264-params", "scenecut=0:open-gop=0")
    flags = {"faststart": "+faststart", "fragmented": "+frag_keyframe+empty_moov"}.get(shape.layout)
    ffmpeg(
        *picture(2, shape.rate), *(("-itsoffset", str(shape.late)) if shape.late else ()), *sound(1.5), *vary,
        *X264, *gop, *AAC, *(("-movflags", flags) if flags else ()), path,
    )  # fmt: skip
    # Only a plain file's moov lies last, so that no sample moves when its edit list grows.
    if shape.trimmed and shape.layout in ("mp4", "mov"):
        track = index(path).video
        assert track is not None
        numbers = range(track.samples.count) if track.samples.sync is None else track.samples.sync
        number = numbers[min(shape.trimmed, len(numbers) - 1)]
        time = struct.pack(">i", track.composition_times[number])

        def started_later(trak: bytes) -> bytes:
            pictures = b"vide" in trak
            return bend(trak, "edts/elst", lambda elst: elst[:-8] + time + elst[-4:]) if pictures else trak

        path.write_bytes(bend(path.read_bytes(), "moov/trak", started_later))


def concatenated(lane: Lane, boundaries: list[int], timescale: int, source: Path, path: Path) -> Path:
    """The init segment and all media segments in one file, as a player would see them."""
    made = init_segment(lane)
    for number, segment in enumerate(cut(lane, boundaries, timescale), 1):
        made += rendered(media_segment(lane, segment.first, segment.stop, number), [source])
    path.write_bytes(made)
    return path


# No shrinking: each example encodes a clip, and the shape it fails for is told in full.
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate])
@given(shape=SHAPES, target=st.sampled_from((0.04, 0.3, 1.0)))
def test_segments_equal_the_source(shape: Shape, target: float) -> None:
    with TemporaryDirectory() as name:
        source = Path(name) / ("source.mov" if shape.layout == "mov" else "source.mp4")
        make(shape, source)
        movie = index(source)
        assert movie.video is not None
        pictures, tone = lane_of_track(movie.video), lane_of_track(next(movie.of_kind("audio")))
        boundaries = keyframe_boundaries(pictures, target)
        video = concatenated(pictures, boundaries, pictures.timescale, source, Path(name) / "v.mp4")
        audio = concatenated(tone, boundaries, pictures.timescale, source, Path(name) / "a.mp4")
        assert hashes(video, "v:0") == hashes(source, "v:0")
        # Late sound begins with packets of silence, which end where the file's own begin.
        assert hashes(audio, "a:0", copy=True)[tone.silence[0] :] == hashes(source, "a:0", copy=True)
        # ffmpeg hands out the decoder's priming of a fragmented file, at its times before 0.
        decoded = hashes(audio, "a:0")[tone.silence[0] :]
        assert [frame for frame in decoded if frame[0] >= 0] == hashes(source, "a:0")


def test_each_segment_starts_where_the_timeline_says(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    make(Shape("30000/1001", True, 3, 12, 0, 0, "mp4"), source)
    video = index(source).video
    assert video is not None
    lane = lane_of_track(video)
    boundaries = keyframe_boundaries(lane, 0.5, first=0.3)
    segments = cut(lane, boundaries, lane.timescale)
    assert [segment.start for segment in segments] == boundaries
    assert sum(segment.duration for segment in segments) == lane.end - lane.begin
    for number, segment in enumerate(segments):
        alone = tmp_path / f"{number}.mp4"
        assembly = media_segment(lane, segment.first, segment.stop, number + 1)
        assert assembly.size <= segment.size
        alone.write_bytes(init_segment(lane) + rendered(assembly, [source]))
        times = sorted(int(packet["pts"]) for packet in packets(alone))
        assert times[0] == segment.start == tfdt(assembly)
        assert times == sorted(lane.times[segment.first : segment.stop])
        assert len(hashes(alone, "v:0")) == segment.stop - segment.first


def tfdt(assembly: Assembly) -> int:
    at = assembly.head.index(b"tfdt")
    return int.from_bytes(assembly.head[at + 8 : at + 16], "big")


def test_pieces_are_segments_of_one_timeline(tmp_path: Path) -> None:
    paths, pieces = [], []
    for number, count in enumerate((20, 7, 1, 22)):
        path = tmp_path / f"{number}.mp4"
        ffmpeg(*picture(count / 25), *X264, "-bf", "3", "-g", "12", "-video_track_timescale", "90000", path)
        paths.append(path)
        pieces.append(Piece(index(path), 3600 * sum((20, 7, 1, 22)[:number])))
    lane = lane_of_pieces(pieces, 90000)
    made = init_segment(lane)
    for number, segment in enumerate(cut(lane, [piece.start for piece in pieces], 90000), 1):
        made += rendered(media_segment(lane, segment.first, segment.stop, number), paths)
    whole = tmp_path / "whole.mp4"
    whole.write_bytes(made)
    found = hashes(whole, "v:0")
    assert md5s(found) == [md5 for path in paths for md5 in md5s(hashes(path, "v:0"))]
    assert [time for time, _ in found] == [Fraction(frame, 25) for frame in range(50)]
    # The same from a lane of one piece alone, as an origin makes it that has no other yet.
    alone = lane_of_pieces([Piece(pieces[1].movie, pieces[1].start, pieces[2].start)], 90000)
    ours, theirs = media_segment(alone, 0, 7, 2), media_segment(lane, 20, 27, 2)
    assert ours.head == theirs.head


def test_a_keyframe_alone_is_a_segment(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    make(Shape("25", False, 2, 10, 0, 0, "mp4"), source)
    video = index(source).video
    assert video is not None
    lane = lane_of_track(video)
    made = init_segment(lane)
    stops = [*(lane.times[number] for number in lane.sync_numbers[1:]), lane.end]
    for number, (sample, until) in enumerate(zip(lane.sync_numbers, stops, strict=True), 1):
        made += rendered(keyframe_segment(lane, sample, until, number), [source])
    path = tmp_path / "keyframes.mp4"
    path.write_bytes(made)
    whole = dict(hashes(source, "v:0"))
    found = hashes(path, "v:0")
    assert [time for time, _ in found] == [Fraction(number * 10, 25) for number in range(5)]
    assert all(whole[time] == md5 for time, md5 in found)


def test_a_cut_without_a_keyframe_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    make(Shape("25", False, 2, 10, 0, 0, "mp4"), source)
    video = index(source).video
    assert video is not None
    lane = lane_of_track(video)
    with pytest.raises(PlayheadError, match="output_invalid"):
        cut(lane, [0, lane.times[5]], lane.timescale)
    with pytest.raises(PlayheadError, match="output_invalid"):
        media_segment(lane, 0, 3, 1)


@given(step=st.sampled_from((6, 25, 50)), timescale=st.sampled_from((1000, 12800, 90000)))
@settings(derandomize=True, deadline=None, max_examples=9)
def test_sound_is_cut_into_packets_once_each(tone: Lane, step: int, timescale: int) -> None:
    boundaries = [timescale * step * number // 100 for number in range(300 // step)]
    segments = cut(tone, boundaries, timescale)
    assert segments[0].first == 0
    assert segments[-1].stop == len(tone.times)
    assert all(left.stop == right.first for left, right in pairwise(segments))
    assert all(left.start + left.duration == right.start for left, right in pairwise(segments))


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Lane:
    path = tmp_path_factory.mktemp("tone") / "tone.mp4"
    ffmpeg(*sound(2.5), *AAC, path)
    return lane_of_track(next(index(path).of_kind("audio")))
