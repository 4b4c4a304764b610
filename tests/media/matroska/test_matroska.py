"""Matroska and WebM are read as ffprobe reads them, put back on their frames' clock, and refused by name."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from array import array
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.media.matroska import Frames, MatroskaIndex, read_matroska
from playhead.media.matroska.clock import BEGINNING, Even, evened
from playhead.media.matroska.index import read_head
from playhead.media.matroska.tracks import Described
from playhead.media.mp4 import codec_string, from_bytes, to_bytes
from playhead.model.errors import PlayheadError
from playhead.packaging.source import view
from tests.media.mp4.clips import AAC, BFRAMES, X264, FileBytes, ffmpeg, packets, picture, sound
from tests.media.samples import indexwork

GOPS = ("-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-x264-params", "open-gop=0")
SHAPES: dict[str, tuple[str | Path, ...]] = {
    "h264.mkv": (*picture(4), *sound(4), *X264, *BFRAMES, *GOPS, *AAC),
    "ntsc.mkv": (*picture(4, "30000/1001"), *sound(4), *X264, *BFRAMES, *AAC),
    "film.mkv": (*picture(4, "24000/1001"), *X264, *BFRAMES),
    "vp9.webm": (*picture(2), *sound(2), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"),
    "live.mkv": (*picture(4), *sound(4), *X264, *AAC, "-f", "matroska", "-live", "1"),
}
HALF = Fraction(1, 2)
MEMORY_LIMIT = 48 << 20


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("matroska")
    for name, arguments in SHAPES.items():
        ffmpeg(*arguments, folder / name)
    return {name: folder / name for name in SHAPES}


def read(data: bytes) -> MatroskaIndex:
    return asyncio.run(read_matroska(FileBytes(data)))


@pytest.mark.parametrize("name", SHAPES)
def test_every_block_is_read_as_ffprobe_reads_it(clips: dict[str, Path], name: str) -> None:
    data = clips[name].read_bytes()
    index = read(data)
    for number, track in enumerate(index.movie.tracks):
        frames, expected = index.frames[number], packets(clips[name], str(number))
        # What an encoder puts before the sound, ffprobe counts from behind.
        early = min(0, min(int(each["pts"]) for each in expected))
        assert [time + early for time in frames.times] == [int(each["pts"]) for each in expected]
        assert list(frames.sizes) == [int(each["size"]) for each in expected]
        assert [bool(key) for key in frames.keys] == ["K" in each["flags"] for each in expected]
        assert track.samples.count == len(expected)
        assert list(track.samples.offsets) == list(frames.offsets)
    assert from_bytes(to_bytes(index.movie)) == index.movie


@pytest.mark.parametrize("window", [1100, 1500, 5000])
@pytest.mark.parametrize("name", ["h264.mkv", "live.mkv", "vp9.webm"])
def test_it_is_the_same_in_whatever_stretches_it_is_read(
    clips: dict[str, Path], name: str, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = clips[name].read_bytes()
    whole, cut = read(data), read(data[:-700])
    monkeypatch.setattr("playhead.media.matroska.index.WINDOW", window)
    assert read(data) == whole
    assert read(data[:-700]) == cut


@pytest.mark.parametrize(
    ("name", "rate", "late"),
    [
        ("h264.mkv", Fraction(25), True),
        ("ntsc.mkv", Fraction(30000, 1001), True),
        ("film.mkv", Fraction(24000, 1001), False),
    ],
)
def test_frames_are_put_back_on_their_own_clock(
    clips: dict[str, Path], name: str, rate: Fraction, late: bool
) -> None:
    index = read(clips[name].read_bytes())
    video = index.movie.video
    assert video is not None
    assert video.unfit == ""
    shown = [Fraction(time, video.timescale) for time in video.shown_times]
    told = sorted(Fraction(time, 1000) for time in index.frames[0].times)
    assert shown[0] == 0
    assert {after - before for before, after in pairwise(shown[1:])} == {1 / rate}
    # The first picture is shown from the beginning where sound begins before it.
    assert (told[0] > 0) is late
    assert all(
        abs(ours - theirs) <= Fraction(1, 1000) for ours, theirs in zip(shown[1:], told[1:], strict=True)
    )
    for track in index.movie.of_kind("audio"):
        assert track.unfit == ""
        times = track.presentation_times
        assert {after - before for before, after in pairwise(times)} == {1024}
        assert abs(Fraction(times[0], track.timescale)) < Fraction(1, 1000)
        assert codec_string(track.sample_entry) == "mp4a.40.2"
    assert codec_string(video.sample_entry).startswith("avc1.")
    assert view(index.movie).reasons == ()


def test_frames_that_are_not_even_go_to_the_encoder(tmp_path: Path) -> None:
    clip = tmp_path / "uneven.mkv"
    ffmpeg(
        *picture(3),
        *X264,
        "-vf",
        "settb=1/1000,setpts='PTS+if(mod(N,3),13,0)'",
        "-fps_mode",
        "vfr",
        "-enc_time_base",
        "1/1000",
        clip,
    )
    index = read(clip.read_bytes())
    assert view(index.movie).reasons == ("its frames' times are rounded by the container",)
    assert [time * 1000 for time in index.frames[0].times] == list(index.movie.tracks[0].presentation_times)


def test_a_file_without_its_end_gives_the_blocks_that_are_whole(clips: dict[str, Path]) -> None:
    data = clips["h264.mkv"].read_bytes()
    whole, part = read(data), read(data[: len(data) // 2])
    assert 0 < len(part.frames[0].times) < len(whole.frames[0].times)
    assert part.frames[0].times == whole.frames[0].times[: len(part.frames[0].times)]
    assert part.movie.complete


def _element(name: bytes, body: bytes) -> bytes:
    return name + (len(body) | 1 << 56).to_bytes(8, "big") + body


def _made(*blocks: bytes, timescale: bytes = b"\x0f\x42\x40") -> bytes:
    info = _element(b"\x15\x49\xa9\x66", _element(b"\x2a\xd7\xb1", timescale))
    entry = _element(b"\xd7", b"\x01") + _element(b"\x83", b"\x02") + _element(b"\x86", b"A_AC3")
    tracks = _element(b"\x16\x54\xae\x6b", _element(b"\xae", entry))
    cluster = _element(b"\x1f\x43\xb6\x75", _element(b"\xe7", b"\x64") + b"".join(blocks))
    head = _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"matroska"))
    return head + _element(b"\x18\x53\x80\x67", info + tracks + cluster)


@pytest.mark.parametrize(
    ("flags", "lace", "sizes"),
    [
        (0x04, b"\x02", [3, 3, 3]),  # of one size
        (0x02, b"\x02\x04\x03", [4, 3, 2]),  # as in Ogg
        (0x06, b"\x02\x84\xbe", [4, 3, 2]),  # EBML: 4, then one less
    ],
)
@pytest.mark.parametrize("group", [False, True])
def test_laces(flags: int, lace: bytes, sizes: list[int], group: bool) -> None:
    block = b"\x81\xff\xfe" + bytes((flags | (0 if group else 0x80),)) + lace + b"abcdefghi"
    inner = _element(b"\xa1", block) + _element(b"\x9b", b"\x1e")
    data = _made(_element(b"\xa0", inner) if group else _element(b"\xa3", block))
    frames = read(data).frames[0]
    assert list(frames.times) == [98] * 3, "the cluster's 100, and -2"
    assert list(frames.told) == [1, 0, 0]
    assert list(frames.sizes) == sizes
    first = frames.offsets[0]
    assert data[first : first + sum(sizes)] == b"abcdefghi"
    assert [at - first for at in frames.offsets] == [0, sizes[0], sizes[0] + sizes[1]]
    assert all(frames.keys)


@pytest.mark.parametrize(
    "block",
    [
        b"\x81\0\0\x04\x02abcd",  # four bytes for three frames of one size
        b"\x81\0\0\x04\xff",  # 256 frames without a byte
        b"\x81\0\0\x02\x02\x01\0abc",  # one without, as in Ogg
        b"\x81\0\0\x06\x02\x81\xbeabc",  # and in EBML: one byte, then one less
        b"\x81\0\0\x02\x01\xff\xff",  # a size that does not end
        b"\x81\0\0\x06\x02\x81",  # sizes that are missing
        b"\x81\0",
    ],
)
def test_laces_that_do_not_fit_are_refused(block: bytes) -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(_made(_element(b"\xa3", block)))


def test_frames_without_a_byte_are_not_listed() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PlayheadError, match="corrupt_file"):
            read(_made(indexwork.lace(256) * 4000))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_file_has_bytes_for_its_frames() -> None:
    laces = indexwork.lace(256, bytes(256)) * 100
    with pytest.raises(PlayheadError, match="not enough bytes"):
        read(_made(laces))
    assert len(read(_made(laces, _element(b"\xec", bytes(3 * len(laces))))).frames[0].times) == 25_600


def test_no_more_frames_are_listed_than_are_wanted() -> None:
    data = FileBytes(_made(_element(b"\xa3", b"\x81\0\0\x80abcd") * 1000))
    assert len(asyncio.run(read_matroska(data, 1000)).frames[0].times) == 1000
    with pytest.raises(PlayheadError, match="resource_limit"):
        asyncio.run(read_matroska(data, 999))
    empty = FileBytes(_made(b"\xec\x80" * 5000))
    with pytest.raises(PlayheadError, match="resource_limit"):
        asyncio.run(read_matroska(empty, 1000))


def _before(data: bytes, cluster: bytes) -> bytes:
    """The same file with more before its first cluster."""
    at = data.index(b"\x1f\x43\xb6\x75")
    segment = data.index(b"\x18\x53\x80\x67") + 4
    return data[:segment] + b"\x01" + b"\xff" * 7 + data[segment + 8 : at] + cluster + data[at:]


def test_little_is_stepped_over_before_the_first_cluster() -> None:
    whole = _made(_element(b"\xa3", b"\x81\0\0\x80abcd"))
    few, many = (FileBytes(_before(whole, b"\xec\x80" * count)) for count in (900, 10_000))
    assert asyncio.run(read_head(few)).begin == len(few.content) - len(whole) + whole.index(
        b"\x1f\x43\xb6\x75"
    )
    assert few.reads < 5
    with pytest.raises(PlayheadError, match="corrupt_file"):
        asyncio.run(read_head(many))
    assert many.reads < 5


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), -1.0, 1e30])
def test_a_sound_has_a_rate_that_sounds_have(clips: dict[str, Path], rate: float) -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(indexwork.sound_rate(clips["h264.mkv"].read_bytes(), rate))


def test_no_element_that_is_read_whole_holds_very_many() -> None:
    whole = _made()
    tracks = _element(b"\x16\x54\xae\x6b", b"\xae\x80" * 1_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(PlayheadError):
            read(whole[: whole.index(b"\x16\x54\xae\x6b")] + tracks + _element(b"\x1f\x43\xb6\x75", b""))
        assert tracemalloc.get_traced_memory()[1] < MEMORY_LIMIT
    finally:
        tracemalloc.stop()


def test_no_cluster_lies_beyond_any_clock() -> None:
    # Ticks of a second each: what is few ticks is many years.
    data = _made(_element(b"\xe7", b"\x80\0\0\0"), _element(b"\xa3", b"\x81\0\0\x80abcd"))
    assert read(data).frames[0].times[0] == 1 << 31
    late = _made(_element(b"\xe7", b"\x80\0\0\1"), timescale=b"\x3b\x9a\xca\0")
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(late)


def test_a_group_that_refers_to_others_is_no_key_frame() -> None:
    block = _element(b"\xa1", b"\x81\0\0\0abc")
    group = _element(b"\xa0", block + _element(b"\xfb", b"\xff"))
    assert list(read(_made(group, _element(b"\xa0", block))).frames[0].keys) == [0, 1]


def _seconds_of_references(frames: int) -> float:
    """Of the processor, to read a group of so many frames that says a hundred thousand times what it refers to."""
    lace = indexwork.lace(frames, bytes(frames)).replace(b"\xa3", b"\xa1", 1)
    data = _made(_element(b"\xa0", lace + b"\xfb\x80" * 100_000))
    begun = time.process_time()
    assert not any(read(data).frames[0].keys)
    return time.process_time() - begun


def test_saying_again_and_again_what_a_lace_refers_to_takes_no_longer_than_of_one_frame() -> None:
    one, many = (min(_seconds_of_references(frames) for _ in range(3)) for frames in (1, 256))
    assert many < 2 * one  # frame by frame it is three times as long


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1a\x45\xdf\xa3",
        _made()[:40],
        _made(timescale=b"\0"),
        _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\x82", b"other")),
        _element(b"\x1a\x45\xdf\xa3", _element(b"\x42\xf3", b"\x09")),
        _made() + _made(),
    ],
)
def test_what_is_no_film_is_refused(data: bytes) -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(data)


@settings(max_examples=200, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_gives_an_index_or_a_named_error(clips: dict[str, Path], data: st.DataObject) -> None:
    content = clips[data.draw(st.sampled_from(["h264.mkv", "live.mkv"]))].read_bytes()[:20_000]
    bent = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, 1500) | st.integers(0, len(bent) - 1))
        bent[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xA0, 0xA3, 0xFF)) | st.integers(0, 255))
    tracemalloc.start()
    try:
        index = read(bytes(bent[: data.draw(st.integers(1000, len(bent)))]))
        for track, frames in zip(index.movie.tracks, index.frames, strict=True):
            assert track.kind == "other" or track.samples.count == len(frames.sizes) == len(frames.keys)
            assert len(frames.times) == len(frames.told) == len(frames.offsets) == len(frames.sizes)
        view(index.movie)
    except PlayheadError as refused:
        if refused.code not in {"corrupt_file", "resource_limit", "limit_streams"}:
            raise
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEMORY_LIMIT


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_beginning_has_the_clock_that_the_whole_has(data: st.DataObject) -> None:
    sound = data.draw(st.booleans())
    step = Fraction(32) if sound else data.draw(st.sampled_from((Fraction(40), Fraction(1001, 30))))
    described = Described(
        number=1,
        kind="audio" if sound else "video",
        codec=b"mp4a" if sound else b"avc1",
        private=b"",
        frame_nanoseconds=0 if sound else round(step * 10**6),
        language="und",
        enabled=True,
        entry=b"",
        rate=32_000,
    )
    # Rounded to the nearest tick, and what lies in the middle either way.
    start = Fraction(data.draw(st.integers(0, 60)), 2)
    up = data.draw(st.lists(st.booleans(), min_size=60, max_size=60))
    exact = [start + number * step for number in range(len(up))]
    times = [ceil(each - HALF) if more else floor(each + HALF) for each, more in zip(exact, up, strict=True)]
    laced = sound and data.draw(st.booleans())
    told = bytearray(0 if laced and number % 3 else 1 for number in range(len(times)))

    def clock(count: int) -> Even | None:
        return evened(described, Frames(array("q", times[:count]), told[:count]), Fraction(1, 1000))

    whole = clock(len(times))
    assert whole is not None
    for count in range(3 * BEGINNING if laced else BEGINNING, len(times)):
        part = clock(count)
        assert part is not None
        assert part.spread() == whole.spread()[:count]
