"""What must be encoded is told in outline: as much, as large and as long as it is told frame by frame."""

from __future__ import annotations

from array import array
from fractions import Fraction
from itertools import accumulate
from random import Random

import pytest

from playhead.media.matroska import Frames
from playhead.media.matroska.clock import OUTLINED_FROM, may_be_served, movie_of, outline_of
from playhead.media.matroska.tracks import Described
from playhead.media.mp4 import Movie
from playhead.packaging.source import view
from playhead.processing.own_index import last_heard

MILLISECOND = 10**6


def _described(number: int, codec: bytes) -> Described:
    kind = "audio" if codec in (b"mp4a", b"Opus") else "video"
    entry = (36).to_bytes(4, "big") + codec + bytes(28)
    rate = 48_000 if kind == "audio" else 0
    return Described(number, kind, codec, b"", 0, "und", True, entry, 640, 360, 640, 360, rate)  # type: ignore[arg-type]


def _frames(times: list[int], seed: int) -> Frames:
    count, random = len(times), Random(seed)
    sizes = [random.randint(1, 4000) for _ in times]
    offsets = array("Q", accumulate(sizes[:-1], initial=1000))
    return Frames(array("q", times), bytearray(b"\1" * count), offsets, array("I", sizes), bytearray(count))


def _packets(step: Fraction, count: int, start: int) -> list[int]:
    return [start + round(number * step) for number in range(count)]


SOUNDS = {
    "even AAC": (b"mp4a", _packets(Fraction(64, 3), 1500, 7)),
    "AAC with a gap": (b"mp4a", _packets(Fraction(64, 3), 700, 0) + _packets(Fraction(64, 3), 700, 30_000)),
    "Opus": (b"Opus", _packets(Fraction(20), 1500, -7)),
    "uneven": (b"Opus", sorted(Random(1).sample(range(100_000), 1500))),
    "two at a time": (b"Opus", sorted([*range(0, 30_000, 20)] * 2)),
    "unordered": (b"Opus", Random(2).sample(range(100_000), 1500)),
    "none": (b"Opus", []),
    "few": (b"Opus", _packets(Fraction(20), OUTLINED_FROM, 3)),
}


def _told(movie: Movie) -> list[object]:
    """What is asked of a film that must be encoded."""
    sounds = [(each.enabled, each.unfit, last_heard(each)) for each in movie.of_kind("audio")]
    samples = [(each.samples.count, each.samples.total_bytes) for each in movie.tracks]
    return [movie.complete, view(movie).reasons, samples, sounds]


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("codec", [b"vp09", b"hvc1"])
def test_an_outline_tells_what_all_of_it_tells(name: str, codec: bytes) -> None:
    sound, times = SOUNDS[name]
    tracks = (_described(1, codec), _described(2, sound))
    frames = (_frames(_packets(Fraction(1001, 30), 1200, 0), 1), _frames(times, 2))
    assert not may_be_served(tracks, frames)
    for size in (1 << 30, 2000):
        whole = movie_of(tracks, frames, MILLISECOND, size)
        outline = outline_of(tracks, frames, MILLISECOND, size)
        assert _told(outline) == _told(whole)
        assert len(outline.tracks[0].samples.durations.counts) <= 3


def test_what_may_be_served_is_told_frame_by_frame() -> None:
    times = _frames([0, 40], 1)
    assert may_be_served((_described(1, b"avc1"),), (times,))
    assert may_be_served((_described(1, b"mp4a"),), (times,))
    assert may_be_served((_described(1, b"vp09"), _described(2, b"avc1")), (Frames(), times))
    assert not may_be_served((_described(1, b"vp09"), _described(2, b"avc1")), (times, times))
