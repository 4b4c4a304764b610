"""The walk's short way for usual blocks finds what the long way finds, wherever the bytes are cut."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.media.local import HeldBytes
from playhead.media.matroska import Frames, read_beginning, read_matroska
from playhead.media.matroska.scan import Walk
from playhead.model.errors import PlayheadError
from tests.media.mp4.clips import AAC, X264, FileBytes, ffmpeg, picture, sound

CLUSTER = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff"  # of a size that is not told


class LongWay(Walk):
    """Every block is looked at by the way that laces and groups go."""

    def _simple_blocks(self, data: bytes | memoryview, start: int, at: int) -> int:
        return at


@st.composite
def _sized(draw: st.DrawFn, length: int) -> bytes:
    """A size in as many bytes as it takes, or more."""
    least = next(width for width in range(1, 9) if length < (1 << 7 * width) - 1)
    width = draw(st.integers(least, max(least, draw(st.sampled_from((1, 2, 3, 4, 8))))))
    return (length | 1 << 7 * width).to_bytes(width, "big")


@st.composite
def _block(draw: st.DrawFn) -> bytes:
    frame = b"\xa3" * draw(st.sampled_from((0, 1, 2, 121, 122, 123, 124, 300, 16_378, 16_379, 16_400)))
    track = draw(st.sampled_from((b"\x81", b"\x82", b"\x83", b"\x40\x01", b"\x40\x81")))
    time = draw(st.integers(-(1 << 15), (1 << 15) - 1)).to_bytes(2, "big", signed=True)
    flags = draw(st.sampled_from((0, 0x80, 0x89, 0x08, 0x84)))
    lace = b"\0" if flags & 6 else b""
    payload = track + time + bytes((flags,)) + lace + frame
    return draw(st.sampled_from((b"\xa3", b"\xa3", b"\xa3", b"\xa1"))) + draw(_sized(len(payload))) + payload


@st.composite
def _elements(draw: st.DrawFn) -> bytes:
    made = CLUSTER
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.integers(0, 9))
        if kind < 7:
            made += draw(_block())
        elif kind == 7:
            block = draw(_block())
            inner = b"\xa1" + block[1:] + draw(st.sampled_from((b"", b"\xfb\x81\x05", b"\x9b\x81\x28")))
            made += b"\xa0" + draw(_sized(len(inner))) + inner
        elif kind == 8:
            made += CLUSTER + b"\xe7\x82" + draw(st.binary(min_size=2, max_size=2))
        else:
            made += draw(st.sampled_from((b"\xec\x83abc", b"\xa3\xff", b"\xa3\x7f\xff", b"\xa3\x3f\xff\xff")))
    return made[: draw(st.integers(len(CLUSTER), len(made)))] if draw(st.booleans()) else made


def _walked(kind: type[Walk], data: bytes, cuts: list[int]) -> tuple[object, ...]:
    walk = kind({1: Frames(), 2: Frames()}, len(data), 0)
    try:
        for stop in (*cuts, len(data)):
            if stop > walk.at:
                walk.through(data[walk.at : stop], walk.at)
    except PlayheadError as refused:
        return refused.code, refused.detail
    return walk.at, walk.elements, walk.frames, walk.clock, walk.tracks


@settings(max_examples=600, deadline=None)
@given(data=_elements(), cuts=st.lists(st.integers(0, 40_000), max_size=4).map(sorted))
def test_the_short_way_finds_what_the_long_way_finds(data: bytes, cuts: list[int]) -> None:
    assert _walked(Walk, data, cuts) == _walked(LongWay, data, [])


def test_a_file_at_hand_is_walked_through_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tmp_path / "film.mkv"
    ffmpeg(*picture(4), *sound(4), *X264, *AAC, clip)
    expected = asyncio.run(read_matroska(FileBytes(clip)))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(clip.read_bytes()[:-700])
    expected_cut = asyncio.run(read_matroska(FileBytes(cut)))
    for window in (1100, 5000, 1 << 20):
        monkeypatch.setattr("playhead.media.matroska.index.NEAR_WINDOW", window)
        assert asyncio.run(read_matroska(HeldBytes(clip))) == expected
        assert asyncio.run(read_matroska(HeldBytes(cut))) == expected_cut


def test_the_beginning_of_a_file_is_that_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = tmp_path / "film.mkv"
    ffmpeg(*picture(20), *sound(20), *X264, *AAC, "-cluster_time_limit", "1000", clip)
    whole = asyncio.run(read_matroska(FileBytes(clip)))
    monkeypatch.setattr("playhead.media.matroska.index.NEAR_WINDOW", 5000)
    begun = asyncio.run(read_beginning(HeldBytes(clip), 4))
    assert begun.tracks == whole.tracks
    for some, every in zip(begun.frames, whole.frames, strict=True):
        count = len(some.times)
        assert (some.times, some.keys) == (every.times[:count], every.keys[:count])
        assert 4000 <= max(some.times) < 8000
    monkeypatch.setattr("playhead.media.matroska.index.BEGINNING_LIMIT", 5000)
    least = asyncio.run(read_beginning(HeldBytes(clip), 4))
    assert 0 < len(least.frames[0].times) < len(begun.frames[0].times)
    assert asyncio.run(read_beginning(HeldBytes(clip), 100)).frames[0].times == least.frames[0].times


def test_who_reads_a_file_at_hand_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tmp_path / "film.mkv"
    ffmpeg(*picture(4), *X264, clip)
    monkeypatch.setattr("playhead.media.matroska.index.NEAR_WINDOW", 1100)
    monkeypatch.setattr("playhead.media.matroska.index.WINDOWS_AT_ONCE", 1)

    async def stopped() -> None:
        reading = asyncio.create_task(read_matroska(HeldBytes(clip)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not reading.done()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(stopped())
