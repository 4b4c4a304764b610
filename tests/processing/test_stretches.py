"""Where the sound of a film is cut into stretches: soon at first, and not at all where nobody could use them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from playhead.processing.stretches import cuts
from tests.processing.test_argv import FILM

LONG = replace(FILM, sound_seconds=7200.0, sample_rate=48_000)


def test_they_grow_and_then_are_even() -> None:
    made = cuts(LONG, "audio")
    assert made[:7] == (10, 30, 90, 210, 450, 750, 1050)
    assert {after - before for before, after in pairwise(made[4:])} == {300}
    assert 7200 - 300 <= made[-1] < 7200


@pytest.mark.parametrize("seconds", [0.0, 9.9, 10.0])
def test_a_short_sound_has_one(seconds: float) -> None:
    assert cuts(replace(LONG, sound_seconds=seconds), "audio") == ()


@pytest.mark.parametrize(
    "known",
    [{"sound_seconds": None}, {"sample_rate": None}, {"normalised": True}, {"sound_from_source": True}],
)
def test_none_are_made_for_nobody(known: dict[str, object]) -> None:
    assert cuts(replace(LONG, **known), "audio") == ()
