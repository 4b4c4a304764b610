"""The sizes that answer a request: even, in proportion, never enlarged, each within its H.264 level."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.resolutions import SHORT_SIDES
from playhead.processing.ladder import fit, ladder, level

SIDES = st.integers(1, 8192)
RATES = st.fractions(Fraction(1, 10), 60)


@pytest.mark.parametrize(
    ("size", "resolution", "answer"),
    [
        ((1920, 1080), "720p", (1280, 720)),
        ((1080, 1920), "720p", (720, 1280)),
        ((1920, 1080), "1080p", (1920, 1080)),
        ((854, 480), "360p", (640, 360)),
        ((1920, 800), "480p", (1152, 480)),
        ((640, 360), "1080p", (640, 360)),
        ((1, 1), "144p", (2, 2)),
        ((333, 187), "8k", (332, 188)),
    ],
)
def test_sizes(size: tuple[int, int], resolution: str, answer: tuple[int, int]) -> None:
    assert fit(*size, resolution)[:2] == answer


def test_what_is_not_enlarged_says_so() -> None:
    assert fit(640, 360, "720p")[2] == "The source is 640x360, smaller than 720p; it is not enlarged."
    assert fit(640, 360, "360p")[2] is None


@given(SIDES, SIDES, st.sampled_from(list(SHORT_SIDES)))
def test_sizes_are_even_in_proportion_and_never_above_the_source(width: int, height: int, asked: str) -> None:
    across, down, note = fit(width, height, asked)
    assert (across % 2, down % 2) == (0, 0)
    assert min(across, down) >= 2
    # Evenness may add a line, and the smallest picture there is has two.
    assert across <= max(2, width + 1)
    assert down <= max(2, height + 1)
    assert (note is None) == (min(width, height) >= SHORT_SIDES[asked])
    assert min(across, down) <= max(2, SHORT_SIDES[asked])
    # Rounding to even moves a side by one pixel at most, seen at the answer's size.
    scale = Fraction(min(across, down), min(width, height))
    assert abs(max(across, down) - max(width, height) * scale) <= 1 + Fraction(
        max(width, height), min(width, height)
    )


@given(SIDES, SIDES, RATES, st.lists(st.sampled_from(list(SHORT_SIDES)), min_size=1, max_size=9, unique=True))
def test_a_ladder_answers_everything_largest_first(
    width: int, height: int, rate: Fraction, asked: list[str]
) -> None:
    found = ladder(width, height, rate, asked)
    assert sorted(each.resolution for each in found) == sorted(asked)
    areas = [each.width * each.height for each in found]
    assert areas == sorted(areas, reverse=True)
    settings = {each.track: (each.crf, each.max_bit_rate, each.profile, each.level) for each in found}
    for each in found:
        assert each.track == f"{each.width}x{each.height}"
        # Those that share a track share all that it is made with.
        assert settings[each.track] == (each.crf, each.max_bit_rate, each.profile, each.level)
    rising = [each.max_bit_rate for each in reversed(found)]
    assert rising == sorted(rising) or min(width, height) * 4 < max(width, height)


@pytest.mark.parametrize(
    ("size", "rate", "bit_rate", "name"),
    [
        ((1920, 1080), 30, 5_000_000, "4.0"),
        ((1920, 1080), 60, 7_500_000, "4.2"),
        ((1280, 720), 30, 2_800_000, "3.1"),
        ((640, 360), 30, 800_000, "3.0"),
        ((256, 144), 25, 200_000, "1.2"),
        ((3840, 2160), 30, 20_000_000, "5.1"),
        ((7680, 4320), 60, 60_000_000, "6.1"),
        ((8192, 16), 25, 800_000, "5.1"),
    ],
)
def test_levels_are_the_lowest_that_hold(size: tuple[int, int], rate: int, bit_rate: int, name: str) -> None:
    assert level(*size, Fraction(rate), bit_rate) == name
