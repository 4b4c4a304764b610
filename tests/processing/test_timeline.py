"""Timelines come out of packets whatever these say, and lie on constant rates where times cannot be used."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.plan import TIMESCALE
from playhead.processing.timeline import (
    JUMP_SECONDS,
    REORDERED_SECONDS,
    Timeline,
    end_by_packets,
    from_packets,
    rounded,
    rounded_from,
)
from tests.processing.sources import packets, steady

TICK = Fraction(1, 1000)


def lasts(timeline: Timeline) -> float:
    return float(timeline.duration_seconds)


def test_times_are_the_packets_own() -> None:
    found = from_packets(packets([0, 120, 40, 80, 160], [40] * 5), TICK, Fraction(25))
    assert found.times == (0, 40, 80, 120, 160)
    assert (lasts(found), float(found.rate), found.keys) == (0.2, 25.0, (0,))


def test_a_header_that_lies_about_the_rate_is_not_believed() -> None:
    assert from_packets(packets([0, 40, 80], [40] * 3), TICK, Fraction(1000)).rate == 25


@pytest.mark.parametrize(
    ("durations", "seconds"),
    [([40, 40, 40], 0.12), ([40, 40, 0], 0.12), ([40, 40, 10_000_000], 0.12), ([40, 40, 900], 0.98)],
    ids=["told", "not told", "absurd", "long but possible"],
)
def test_the_last_frame_lasts_as_told_or_as_its_neighbours(durations: list[int], seconds: float) -> None:
    assert lasts(from_packets(packets([0, 40, 80], durations), TICK, Fraction(25))) == seconds


@pytest.mark.parametrize(
    "times",
    [[None, 40, 80], [0, 40, 40], [0, 40, 9000, 80, 120]],
    ids=["missing", "doubled", "torn"],
)
def test_unusable_times_make_a_constant_rate(times: list[int | None]) -> None:
    found = from_packets(packets(times), TICK, Fraction(30))
    assert (found.usable, float(found.rate), found.count) == (False, 30.0, len(times))
    assert found.duration_seconds == Fraction(len(times), 30)


def test_a_long_gap_is_a_pause_but_in_broadcasts_a_splice() -> None:
    times: list[int | None] = [0, 40, 80 + 1000 * JUMP_SECONDS]
    assert from_packets(packets(times), TICK, Fraction(25)).usable
    assert not from_packets(packets(times), TICK, Fraction(25), clock_may_restart=True).usable


@pytest.mark.parametrize("rate", [None, Fraction(1, 1000), Fraction(1_000_000)])
def test_a_clock_that_cannot_be_counts_for_nothing(rate: Fraction | None) -> None:
    found = from_packets(packets([None, None]), TICK, rate)
    assert not found.clocked
    assert found.rate == 25


def test_frames_that_an_edit_hides_do_not_count() -> None:
    told = packets([0, 40, 80], [40] * 3)
    hidden = type(told)(told.pts, told.durations, told.keys, (False, True, True))
    found = from_packets(hidden, TICK, Fraction(25))
    assert (found.begin, found.count, found.keys) == (40, 2, ())


def test_early_sound_begins_the_presentation() -> None:
    pictures = from_packets(packets([500, 540], [40, 40]), TICK, Fraction(25))
    assert lasts(pictures.from_sound(0.0)) == 0.58
    assert pictures.from_sound(0.6) == pictures
    assert pictures.from_sound(0.5) == pictures
    days = from_packets(packets([90_000_000], [40]), TICK, Fraction(25))
    assert lasts(days.from_sound(0.0)) == 90_000.04  # judged by the limit, not hidden
    assert days.from_sound(0.0, clock_may_restart=True) == days


def test_sound_ends_with_its_last_packet() -> None:
    assert end_by_packets(packets([0, 21, 42], [21] * 3), TICK) == 0.063
    assert end_by_packets(packets([None]), TICK) is None
    assert end_by_packets(packets([10_000, 0]), TICK) is None
    assert end_by_packets(packets([0, 60_000]), TICK, clock_may_restart=True) is None


def test_decoding_starts_one_key_frame_early() -> None:
    timeline = steady(25, 5, TICK)
    assert timeline.keys == (0, 1000, 2000, 3000, 4000)
    assert [timeline.key_before(time) for time in (0, 1000, 1999, 2000, 4960)] == [
        None,
        None,
        None,
        1000,
        3000,
    ]


@given(st.integers(-(10**9), 10**9), st.sampled_from([1, 90, 600, 1000, 12_800, 48_000, 90_000, 10_000_000]))
def test_rounding_is_as_ffmpeg_rounds(ticks: int, clock: int) -> None:
    exact = Fraction(ticks * TIMESCALE, clock)
    found = rounded(ticks, Fraction(1, clock))
    assert abs(found - exact) <= Fraction(1, 2)
    assert rounded(-ticks, Fraction(1, clock)) == -found


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(0, 10**9), max_size=20),
    st.fractions(Fraction(1, 10_000_000), 10),
)
def test_many_times_are_rounded_as_each_is(begin: int, since: list[int], tick: Fraction) -> None:
    times = [begin + each for each in since]
    assert rounded_from(begin, times, tick) == [rounded(each, tick) for each in since]


@given(st.lists(st.integers(-40_000, 40_000), min_size=1, max_size=12, unique=True))
def test_times_are_torn_where_one_falls_far_behind_the_latest_before_it(pts: list[int]) -> None:
    slack = REORDERED_SECONDS * 1000
    torn = any(max(pts[:at]) - time > slack for at, time in enumerate(pts) if at)
    found = from_packets(packets([*pts], [1] * len(pts)), TICK, Fraction(25))
    assert found.times == (() if torn else tuple(sorted(pts)))


@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40)), max_size=30),
    st.data(),
    st.sampled_from([Fraction(1, 90_000), Fraction(1, 1000), Fraction(1), Fraction(10**6)]),
    st.one_of(st.none(), st.fractions(Fraction(1, 10**6), 10**6)),
    st.booleans(),
)
def test_no_packets_are_too_strange(
    times: list[int | None], data: st.DataObject, tick: Fraction, rate: Fraction | None, restarts: bool
) -> None:
    count = len(times)
    flags = st.lists(st.booleans(), min_size=count, max_size=count)
    durations = st.lists(st.integers(-(2**31), 2**31), min_size=count, max_size=count)
    told = packets(times)
    strange = type(told)(
        told.pts, tuple(data.draw(durations)), tuple(data.draw(flags)), tuple(data.draw(flags))
    )
    found = from_packets(strange, tick, rate, clock_may_restart=restarts)
    assert found.count == sum(strange.shown)
    assert found.rate > 0
    assert found.duration_seconds >= 0
    assert list(found.times) == sorted(set(found.times))
    assert set(found.keys) <= set(found.times)
