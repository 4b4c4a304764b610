"""Estimates hold what was measured, and grow with the work."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.processing.estimate import bytes_stored, cpu_seconds
from playhead.processing.ladder import ladder
from playhead.processing.unprobed import Unprobed
from tests.processing.sources import picture


def _source(width: int, height: int, seconds: float, codec: str = "h264") -> Unprobed:
    video = picture(codec=codec, coded_width=width, coded_height=height, width=width, height=height)
    return Unprobed(video, round(25 * seconds), seconds, seconds, "aac", sounds=True)


@given(st.integers(16, 4096), st.integers(16, 4096), st.floats(0.04, 40_000))
def test_intervals_are_intervals(width: int, height: int, seconds: float) -> None:
    facts = _source(width, height, seconds)
    renditions = ladder(width, height, Fraction(25), ["144p", "720p", "1080p"])

    for low, high in (cpu_seconds(facts, 1000, renditions), bytes_stored(facts, 1000, renditions)):
        assert 0 < low < high


def test_a_size_that_two_share_is_made_once() -> None:
    facts = _source(640, 360, 10)
    once = ladder(640, 360, Fraction(25), ["360p"])
    twice = ladder(640, 360, Fraction(25), ["360p", "720p"])

    assert cpu_seconds(facts, 1000, once) == cpu_seconds(facts, 1000, twice)
    assert bytes_stored(facts, 1000, once) == bytes_stored(facts, 1000, twice)


def test_more_of_anything_costs_more() -> None:
    base, asked = _source(1280, 720, 60), ladder(1280, 720, Fraction(25), ["360p"])
    more = [
        (_source(1280, 720, 120), asked),
        (_source(1280, 720, 60, "prores"), asked),
        (base, ladder(1280, 720, Fraction(25), ["360p", "720p"])),
    ]
    for facts, renditions in more:
        assert cpu_seconds(facts, 1000, renditions).high > cpu_seconds(base, 1000, asked).high
    assert bytes_stored(base, 10, asked).low == pytest.approx(bytes_stored(base, 0, asked).low + 10, abs=1)


# What `python -m bench.estimates` measured on two cores of 2.9 GHz, under load: the film, then CPU seconds and bytes.
MEASURED = {
    "film 720p": ((1280, 720, 55.1, 24, "h264", 7.9), 37.2, 19.42),
    "camera 1080p": ((1920, 1080, 12, 30, "h264", 5.9), 24.6, 11.28),
    "black 720p": ((1280, 720, 20, 25, "h264", 0.25), 8.9, 0.80),
    "test picture 360p": ((640, 360, 20, 25, "h264", 1.9), 9.7, 3.65),
    "fractal 1080p": ((1920, 1080, 8, 30, "h264", 9.6), 22.7, 18.80),
    "noise 480p": ((854, 480, 8, 25, "h264", 36.8), 16.5, 40.27),
    "noise 1080p": ((1920, 1080, 4, 30, "h264", 107.1), 34.7, 113.86),
    "very short 240p": ((320, 240, 0.2, 25, "h264", 0.01), 1.1, 0.04),
    "film 720p in HEVC": ((1280, 720, 15, 24, "hevc", 1.1), 13.1, 4.16),
    "film 720p in ProRes": ((1280, 720, 8, 24, "prores", 75.3), 9.8, 77.06),
    "film 360p, 2 min": ((640, 360, 120, 24, "h264", 8.0), 42.6, 15.63),
}


@pytest.mark.parametrize("film", MEASURED)
def test_what_was_measured_lies_within(film: str) -> None:
    (width, height, seconds, rate, codec, megabytes), used, stored = MEASURED[film]
    video = picture(codec=codec, coded_width=width, coded_height=height, width=width, height=height)
    facts = Unprobed(video, round(rate * seconds), seconds, seconds, "aac", sounds=True)
    renditions, size = ladder(width, height, Fraction(rate), ["360p", "720p", "1080p"]), int(megabytes * 1e6)

    work, space = cpu_seconds(facts, size, renditions), bytes_stored(facts, size, renditions)

    assert work.low <= used <= work.high
    assert space.low <= stored * 1e6 <= space.high
