"""What is settled of a Matroska file while it arrives is what the whole file has: same cuts, same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.media.matroska import Frames, read_matroska
from playhead.media.matroska.index import Head, read_head
from playhead.media.matroska.scan import Walk
from playhead.media.mp4 import configuration
from playhead.model.plan import TIMESCALE
from playhead.packaging import (
    Lane,
    Limits,
    Segment,
    Span,
    cut,
    init_segment,
    media_segment,
    source,
)
from playhead.packaging.growth import Grown, Growth
from playhead.packaging.h264 import sequence_of
from playhead.packaging.source import SourceView, lead_on_clock, on_clock, segments_on_clock, view
from playhead.packaging.timeline import reorder_of
from tests.media.mp4.clips import AAC, BFRAMES, X264, FileBytes, ffmpeg, ffprobe, picture, sound

CLOSED = ("-x264-params", "open-gop=0")
PYRAMID = (*BFRAMES, "-b-pyramid", "normal", *CLOSED)
SHAPES: dict[str, tuple[str | Path, ...]] = {
    "usual.mkv": (*picture(9), *sound(9), *X264, *PYRAMID, "-g", "30", *AAC),
    "ntsc.mkv": (*picture(9, "30000/1001"), *sound(9), *X264, *BFRAMES, *CLOSED, "-g", "45", *AAC),
    "silent.mkv": (*picture(9, "24000/1001"), *X264, "-bf", "0", "-g", "24"),
    "fast.mkv": (*picture(6, "60"), *sound(6), *X264, *PYRAMID, "-g", "60", "-ar", "48000", *AAC),
    "slow.mkv": (*picture(30, "5"), *sound(30), *X264, "-g", "5", *AAC),
    "live.mkv": (*picture(9), *sound(9), *X264, "-g", "25", *AAC, "-f", "matroska", "-live", "1"),
    "late_sound.mkv": (*picture(9), "-itsoffset", "1.5", *sound(7), *X264, "-g", "25", *AAC),
    "short_sound.mkv": (*picture(9), *sound(4), *X264, "-g", "25", *AAC),
    "two.mkv": (
        *picture(9),
        *sound(9),
        *sound(9),
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "2",
        *X264,
        "-g",
        "25",
        *AAC,
    ),
    "scenes.mkv": (
        *picture(14),
        *sound(14),
        *X264,
        *PYRAMID,
        "-g",
        "250",
        "-force_key_frames",
        "0.72,1.4,2.2,2.24,6.8,7,8.9,9.2,13.3",
        *AAC,
    ),
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("growth")
    for name, arguments in SHAPES.items():
        ffmpeg(*arguments, folder / name)
    return {name: folder / name for name in SHAPES}


def grown(
    data: bytes, upto: list[int], limits: Limits = Limits(), size: int | None = None
) -> Iterator[Growth]:
    """A growth after each arrival, in a file of which so many bytes are there then."""
    head = asyncio.run(read_head(FileBytes(data)))
    growth = Growth(head, limits)
    walk = head.walk(size or len(data))
    for there in upto:
        while walk.at < there:
            before = walk.at
            walk.through(data[before:there], before)
            if walk.at == before:
                break
        growth.look(frames_of(head, walk))
        yield growth


def frames_of(head: Head, walk: Walk) -> list[Frames]:
    return [walk.tracks[track.number] for track in head.tracks]


def spelled(lane: Lane, segments: list[Segment]) -> list[tuple[bytes, tuple[Span, ...]]]:
    """The header of each media segment, and where its bytes lie."""
    found = []
    for number, segment in enumerate(segments, 1):
        cut_out, first, stop = lane, segment.first, segment.stop
        if lane.kind == "video":
            cut_out, first, stop = on_clock(lane, first, stop, TIMESCALE), 0, stop - first
        made = media_segment(cut_out, first, stop, number)
        found.append((made.head, made.spans))
    return found


def init_of(lane: Lane) -> bytes:
    if lane.kind == "video":
        lane = replace(lane, timescale=TIMESCALE, lead=lead_on_clock(lane, TIMESCALE))
    return init_segment(lane)


def whole_tracks(found: SourceView) -> list[Grown]:
    assert found.video is not None, found.reasons
    tracks = []
    for lane in (found.video, *found.sounds):
        segments = cut(lane, found.cuts, TIMESCALE)
        if lane.kind == "video":
            segments = segments_on_clock(segments, lane, TIMESCALE)
        tracks.append(Grown(lane, segments))
    return tracks


@cache
def whole(
    path: Path,
) -> tuple[bytes, list[Grown], list[tuple[bytes, list[tuple[bytes, tuple[Span, ...]]]]]]:
    data = path.read_bytes()
    tracks = whole_tracks(view(asyncio.run(read_matroska(FileBytes(data))).movie))
    return data, tracks, [(init_of(each.lane), spelled(each.lane, each.segments)) for each in tracks]


def agrees(growth: Growth, path: Path) -> None:
    _, tracks, spellings = whole(path)
    if not growth.shown:
        return
    assert len(growth.shown) == len(tracks)
    for ours, theirs, (init, segments) in zip(growth.shown, tracks, spellings, strict=True):
        count = len(ours.segments)
        assert ours.segments == theirs.segments[:count]
        assert init_of(ours.lane) == init
        assert spelled(ours.lane, ours.segments) == segments[:count]
        assert ours.lane.language == theirs.lane.language


@pytest.mark.parametrize("name", SHAPES)
def test_everything_but_the_end_is_settled_before_the_end(clips: dict[str, Path], name: str) -> None:
    data, tracks, _ = whole(clips[name])
    counts: list[list[int]] = []
    for growth in grown(data, [*range(0, len(data), 3000), len(data)]):
        agrees(growth, clips[name])
        counts.append([len(each.segments) for each in growth.shown])
    assert counts[0] == []
    assert counts[-1][0] == len(tracks[0].segments) - 1
    told = [each[0] for each in counts if each]
    assert told == sorted(told)
    assert not growth.over
    # Pictures wait for the key frame that ends them and a second behind it, and for nothing else.
    first = next(number for number, each in enumerate(counts) if each)
    assert first < len(counts) / 2


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_arrivals_settle_what_the_whole_has(clips: dict[str, Path], data: st.DataObject) -> None:
    path = clips[data.draw(st.sampled_from(sorted(SHAPES)))]
    content = whole(path)[0]
    upto = sorted(data.draw(st.lists(st.integers(0, len(content)), min_size=1, max_size=6)))
    for growth in grown(content, upto):
        agrees(growth, path)


OPENED = ("-bf", "2", "-b_strategy", "0", "-g", "50", "-x264-params", "open-gop=1")
LATER: dict[str, tuple[tuple[str, ...], str]] = {
    "a frame is missing": (
        ("-vf", "select='not(eq(n,180))'", "-fps_mode", "vfr", "-g", "25", *CLOSED, *AAC),
        "its frames' times are rounded by the container",
    ),
    "long GOP": (("-g", "1000", "-force_key_frames", "1,2,3,4,5,15.2", *AAC), "long GOP: 10.2 s"),
    "open GOP": ((*OPENED, "-force_key_frames", "1,2,3,4,5,6", *AAC), "open GOP"),
    "sound is missing": (("-g", "25", "-af", "aselect='not(between(t,8,8.5))'", *AAC), ""),
}


@pytest.mark.parametrize("name", LATER)
def test_where_the_rest_breaks_a_rule_what_was_settled_stays(tmp_path: Path, name: str) -> None:
    arguments, reason = LATER[name]
    path = tmp_path / "later.mkv"
    ffmpeg(*picture(16), *sound(16), *X264, "-sc_threshold", "0", *arguments, path)
    data = path.read_bytes()
    found = view(asyncio.run(read_matroska(FileBytes(data))).movie)
    assert found.reasons == ((reason,) if reason else ())
    assert found.sounds == ()
    settled: list[list[tuple[bytes, tuple[Span, ...]]]] = []
    for growth in grown(data, [*range(0, len(data), 5000), len(data)]):
        made = [spelled(each.lane, each.segments) for each in growth.shown]
        assert [each[: len(before)] for each, before in zip(made, settled, strict=False)] == settled
        settled = made
    assert growth.over
    for growth in grown(data, [len(data) * 9 // 20, len(data)]):
        assert growth.shown
    assert growth.over, "however much comes at a time"
    assert all(len(each) >= 2 for each in settled)
    assert len(settled) == 2
    if found.video is not None:
        # Only its sound is encoded: its pictures stay what they were.
        theirs = whole_tracks(found)[0]
        assert spelled(theirs.lane, theirs.segments)[: len(settled[0])] == settled[0]


def test_frames_that_are_reordered_later_have_room_or_are_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "later.mkv"
    keys = ("-g", "25", "-force_key_frames", "expr:lt(n,80)", "-bf", "2", "-b_strategy", "0", *CLOSED)
    ffmpeg(*picture(9), *X264, "-sc_threshold", "0", *keys, path)
    data, tracks, _ = whole(path)
    lane = tracks[0].lane
    assert reorder_of(lane.times[:80], lane.shown[:80]) == 0
    assert lane.lead >= reorder_of(lane.times, lane.shown) > 0, "its header tells it"
    for growth in grown(data, [len(data) // 2, len(data)]):
        agrees(growth, path)
    assert not growth.over
    # Of a header that does not, only the beginning tells.
    monkeypatch.setattr(source, "sequence_of", lambda _: None)
    reasons = view(asyncio.run(read_matroska(FileBytes(data))).movie).reasons
    assert reasons == ("its frames are reordered more than its beginning tells",)
    for growth in grown(data, [*range(0, len(data), 2000), len(data)]):
        assert all(each.lane.lead == 0 for each in growth.shown)
    assert growth.shown
    assert growth.over


def test_what_is_too_much_so_far_is_listed_when_it_is_not_any_more(clips: dict[str, Path]) -> None:
    path = clips["usual.mkv"]
    data, tracks, _ = whole(path)
    size = sum(each.size for track in tracks for each in track.segments)
    low = replace(Limits(), bits_per_second=size * 8 // 9 // 2)
    for growth in grown(data, [*range(0, len(data), 5000), len(data)], low):
        assert growth.shown == ()
    enough = replace(Limits(), bits_per_second=size * 8 // 9)
    for growth in grown(data, [*range(0, len(data), 5000), len(data)], enough):
        agrees(growth, path)
    assert growth.shown


def test_what_becomes_too_much_is_not_listed_any_more(tmp_path: Path) -> None:
    path = tmp_path / "heavy.mkv"
    noise = "noise=alls=90:allf=t:enable='gt(t,6)'"
    ffmpeg(*picture(14), *X264, "-g", "25", "-vf", noise, path)
    data, tracks, _ = whole(path)
    size = sum(each.size for each in tracks[0].segments)
    limits = replace(Limits(), bits_per_second=size * 8 // 14 // 2)
    (reason,) = view(asyncio.run(read_matroska(FileBytes(data))).movie, limits).reasons
    assert reason.startswith("bitrate over")
    for growth in grown(data, [*range(0, len(data), 5000), len(data)], limits):
        agrees(growth, path)
    (pictures,) = growth.shown
    assert 2 <= len(pictures.segments) <= len(tracks[0].segments) - 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus", "-f", "webm"),
        (*X264, "-pix_fmt", "yuv444p", *AAC),
        (*X264, "-g", "25", "-c:a", "ac3"),
        (*X264, "-vf", "settb=1/1000,setpts='PTS+if(mod(N,3),13,0)'", "-fps_mode", "vfr", *AAC),
    ],
    ids=["vp9", "chroma", "ac3", "uneven"],
)
def test_what_is_to_be_encoded_is_never_listed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    path = tmp_path / "unfit.mkv"
    ffmpeg(*picture(4), *sound(4), *arguments, path)
    data = path.read_bytes()
    for growth in grown(data, [*range(0, len(data), 5000), len(data)]):
        assert growth.shown == ()


@pytest.mark.parametrize(
    "shape", [("-bf", "0"), ("-bf", "2", "-b-pyramid", "none"), ("-bf", "3", "-b-pyramid", "normal")]
)
def test_how_far_frames_are_reordered_stands_in_the_header(tmp_path: Path, shape: tuple[str, ...]) -> None:
    path = tmp_path / "reordered.mkv"
    ffmpeg(*picture(1), *X264, *shape, path)
    track = asyncio.run(read_matroska(FileBytes(path))).movie.video
    assert track is not None
    sequence = sequence_of(configuration(track.sample_entry, b"avcC") or b"")
    assert sequence is not None
    told = ffprobe("-select_streams", "v", "-show_entries", "stream=has_b_frames", "-of", "csv=p=0", path)
    assert sequence.reorder == int(told)
