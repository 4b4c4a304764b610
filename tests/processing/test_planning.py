"""Plans tile the timeline on its own frames, the same way every time."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, Plan
from playhead.processing.planning import Servable, plan
from playhead.processing.timeline import Timeline, from_packets, rounded
from tests.processing.sources import packets, source, steady

TICKS = st.sampled_from([Fraction(1, 1000), Fraction(1, 12_800), Fraction(1, 90_000), Fraction(1001, 30_000)])


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Uneven frames on any clock from anywhere, at least 2 ms apart, with key frames anywhere."""
    tick = draw(TICKS)
    shortest = max(1, round(Fraction(2, 1000) / tick))
    gaps = draw(st.lists(st.integers(shortest, max(shortest, round(3 / tick))), min_size=1, max_size=60))
    begin = draw(st.integers(-(10**6), 10**6))
    times = [begin + sum(gaps[:count]) for count in range(len(gaps))]
    keys = {0} | draw(st.sets(st.integers(0, len(times) - 1)))
    timeline = from_packets(packets(list(times), gaps, keys), tick, Fraction(25))
    lead = draw(st.one_of(st.none(), st.floats(0, 5)))
    return timeline if lead is None else timeline.from_sound(float(begin * tick) - lead)


def made(timeline: Timeline, servable: Servable | None = None) -> Plan:
    asked = ("720p", "360p")
    return plan(source(), timeline, asked, (0, 5), servable or Servable(("not an MP4",)))


def shown(timeline: Timeline) -> list[int]:
    """When each frame is shown, in ticks of the plan."""
    times = [rounded(time - timeline.begin, timeline.tick) for time in timeline.times]
    return [0, *times[1:]]


def check_tiles(found: Plan) -> None:
    chunks = found.chunks
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert (chunks[0].start, chunks[-1].end) == (0, found.duration)
    for before, after in pairwise(chunks):
        assert before.end == after.start
        assert before.source_end == after.source_start
    assert chunks[-1].source_end is None
    for chunk in chunks:
        assert chunk.grid[0] == chunk.start < chunk.end
        assert all(before < after for before, after in pairwise([*chunk.grid, chunk.end]))
    grid = [time for chunk in chunks for time in chunk.grid]
    assert set(found.segments) <= set(grid)
    assert found.segments[0] == 0


@given(timelines())
def test_chunks_tile_the_timeline_on_its_frames(timeline: Timeline) -> None:
    found = made(timeline)
    check_tiles(found)
    if found.timing != "source":
        return
    times = shown(timeline)
    assert {time for chunk in found.chunks for time in chunk.grid} <= set(times)
    assert sum(chunk.frames or 0 for chunk in found.chunks) == timeline.count
    for chunk in found.chunks:
        assert chunk.frames == sum(chunk.start <= time < chunk.end for time in times)
        # Seeking finds a key frame at or before the first frame, with one more before it.
        if chunk.seek_seconds is not None:
            key = round(Fraction(chunk.seek_seconds) / timeline.tick)
            assert key in timeline.keys
            assert key < chunk.source_start
    assert found.duration >= times[-1]


@given(timelines())
def test_groups_of_pictures_are_about_two_seconds(timeline: Timeline) -> None:
    found = made(timeline)
    grid = [time for chunk in found.chunks for time in chunk.grid]
    widest = max(
        (after - before for before, after in pairwise([*shown(timeline), found.duration])), default=0
    )
    for before, after in pairwise([*grid, found.duration]):
        assert after - before <= 2 * TIMESCALE + TIMESCALE // 2 + 2 * widest


@given(timelines())
def test_the_same_input_gives_the_same_plan(timeline: Timeline) -> None:
    once, again = made(timeline), made(timeline)
    assert once == again
    assert msgspec.json.decode(msgspec.json.encode(once), type=Plan) == once  # as it is stored


@given(timelines())
def test_segments_begin_where_the_source_allows_it(timeline: Timeline) -> None:
    times = dict(zip(timeline.times, shown(timeline), strict=True))
    cuts = tuple(sorted({0} | {times[key] for key in timeline.keys}))
    found = made(timeline, Servable((), cuts))
    check_tiles(found)
    if found.timing == "source":
        assert found.segments == cuts
    else:
        assert found.source_reasons


@given(st.integers(1, 5000), st.sampled_from([Fraction(24_000, 1001), Fraction(25), Fraction(1000)]))
def test_frames_without_times_are_laid_on_a_constant_rate(count: int, rate: Fraction) -> None:
    timeline = from_packets(packets([None] * count), Fraction(1, 25), rate)
    found = made(timeline)
    check_tiles(found)
    assert (found.timing, found.trusted_timestamps) == ("constant", False)
    assert Fraction(*found.frame_rate) <= 60
    assert abs(Fraction(found.duration, TIMESCALE) - Fraction(count) / rate) <= 1 / Fraction(
        *found.frame_rate
    )
    assert all(chunk.seek_seconds is None for chunk in found.chunks)
    assert len(found.chunks) <= 4  # each decodes the file from its beginning


def test_first_chunks_are_short_and_later_ones_steady() -> None:
    found = made(steady(25, 60))
    assert [(chunk.end - chunk.start) // TIMESCALE for chunk in found.chunks] == [2, 4, *[8] * 6, 6]


@pytest.mark.parametrize(("rate", "thinned"), [(60, False), (Fraction(60_000, 1001), False), (120, True)])
def test_more_than_sixty_frames_a_second_are_thinned(rate: Fraction | int, thinned: bool) -> None:
    found = made(steady(rate, 4))
    assert (found.timing == "constant") is thinned
    assert sum(chunk.frames or 0 for chunk in found.chunks) == (240 if thinned else round(rate * 4))


def test_a_clock_that_means_nothing_is_not_followed() -> None:
    found = made(from_packets(packets([None] * 50), Fraction(10**6), Fraction(1, 10**6)))
    assert (found.timing, found.frame_rate, found.duration) == ("numbered", (25, 1), 2 * TIMESCALE)


def test_images_are_taken_within_the_video() -> None:
    asked = (-1.0, 0.0, 1.0, 3600.0)
    found = plan(source(), steady(25, 4), ("360p",), asked)
    assert found.thumbnail_seconds[:3] == (0.0, 0.0, 1.0)
    assert found.thumbnail_seconds[3] == pytest.approx(3.96)
    assert found.poster_seconds == pytest.approx(0.4)
    assert made(steady(25, 400)).poster_seconds == 10


def test_sound_ends_on_the_plans_clock() -> None:
    timeline = steady(25, 4)
    assert plan(source(sound_end=3.5), timeline, ("360p",), ()).sound_seconds == 3.5
    assert plan(source(sound_end=3.5), timeline.from_sound(-0.5), ("360p",), ()).sound_seconds == 4.0
    assert plan(source(), timeline, ("360p",), ()).sound_seconds is None
    assert plan(source(sound=None), timeline, ("360p",), ()).audio is None


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(PlayheadError, match="no_frames"):
        made(from_packets(packets([]), Fraction(1, 1000), None))
