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

    for low, high in (cpu_seconds(facts, renditions), bytes_stored(facts, 1000, renditions)):
        assert 0 < low < high


def test_a_size_that_two_share_is_made_once() -> None:
    facts = _source(640, 360, 10)
    once = ladder(640, 360, Fraction(25), ["360p"])
    twice = ladder(640, 360, Fraction(25), ["360p", "720p"])

    assert cpu_seconds(facts, once) == cpu_seconds(facts, twice)
    assert bytes_stored(facts, 1000, once) == bytes_stored(facts, 1000, twice)


def test_more_of_anything_costs_more() -> None:
    base, asked = _source(1280, 720, 60), ladder(1280, 720, Fraction(25), ["360p"])
    more = [
        (_source(1280, 720, 120), asked),
        (_source(1280, 720, 60, "prores"), asked),
        (base, ladder(1280, 720, Fraction(25), ["360p", "720p"])),
    ]
    for facts, renditions in more:
        assert cpu_seconds(facts, renditions).high > cpu_seconds(base, asked).high
    assert bytes_stored(base, 10, asked).low == pytest.approx(bytes_stored(base, 0, asked).low + 10, abs=1)
