"""Plans hold whatever the source: chunks tile the timeline, GOPs start on frames, nothing is enlarged."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.media.ffmpeg.probe import Packets
from playhead.model.errors import PlayheadError
from playhead.model.media import MediaInfo, VideoTrack
from playhead.model.plan import TIMESCALE, Plan
from playhead.model.resolutions import SHORT_SIDES
from playhead.processing.geometry import displayed_size
from playhead.processing.ladder import fit, ladder, level
from playhead.processing.planning import Servable, plan
from playhead.processing.timeline import Timeline, from_packets, rounded

RATES = st.sampled_from(
    [Fraction(1), Fraction(24_000, 1001), Fraction(25), Fraction(30_000, 1001), Fraction(60)]
)


def info(width: int, height: int) -> MediaInfo:
    video = VideoTrack(
        index=0,
        codec="h264",
        coded_width=width,
        coded_height=height,
        width=width,
        height=height,
        rotation=0,
        time_base=(1, TIMESCALE),
        frame_rate=(25, 1),
        pixel_format="yuv420p",
    )
    return MediaInfo(container="mov", size_bytes=1, duration_seconds=1.0, video=video, audio=None)


def packets(times: list[int], *, gop: int = 50, duration: int = 0) -> Packets:
    numbers = range(len(times))
    return Packets(
        pts=tuple(times),
        durations=tuple(duration for _ in numbers),
        keys=tuple(number % gop == 0 for number in numbers),
        shown=tuple(True for _ in numbers),
    )


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Even or uneven frame times from anywhere, in ticks of 1/90000."""
    start = draw(st.integers(-90_000, 10_000_000))
    if draw(st.booleans()):
        step, count = round(TIMESCALE / draw(RATES)), draw(st.integers(1, 400))
        times = [start + number * step for number in range(count)]
    else:
        gaps = draw(st.lists(st.integers(1500, 200_000), min_size=0, max_size=200))
        times = [start]
        for gap in gaps:
            times.append(times[-1] + gap)
    return from_packets(packets(times, gop=draw(st.integers(1, 100))), Fraction(1, TIMESCALE), None)


def check(planned: Plan, timeline: Timeline) -> None:
    chunks = planned.chunks
    assert chunks[0].start == 0
    assert all(before.end == after.start for before, after in pairwise(chunks))
    assert chunks[-1].end == planned.duration
    assert all(chunk.start < chunk.end for chunk in chunks)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    grid = [time for chunk in chunks for time in chunk.grid]
    assert grid == sorted(set(grid))
    assert all(chunk.grid[0] == chunk.start for chunk in chunks)
    assert set(planned.segments) <= set(grid)
    assert planned.segments[0] == 0
    if planned.timing == "source":
        shown = {rounded(time - timeline.begin, timeline.tick) for time in timeline.times[1:]} | {0}
        assert set(grid) <= shown
        assert sum(chunk.frames or 0 for chunk in chunks) == timeline.count


@given(timelines())
def test_chunks_tile_the_timeline_on_its_own_frames(timeline: Timeline) -> None:
    planned = plan(info(640, 360), timeline, ["360p"], [])
    check(planned, timeline)
    assert planned == plan(info(640, 360), timeline, ["360p"], [])


@given(timelines(), st.floats(0, 5))
def test_early_sound_moves_the_beginning_and_nothing_else(timeline: Timeline, lead: float) -> None:
    moved = timeline.from_sound(float(timeline.begin * timeline.tick) - lead)
    check(plan(info(64, 36), moved, ["144p"], [1.0, 1e9]), moved)
    assert moved.times == timeline.times


def test_a_servable_source_decides_where_segments_begin() -> None:
    times = [number * 3600 for number in range(500)]
    timeline = from_packets(packets(times, gop=75), Fraction(1, TIMESCALE), None)
    cuts = tuple(times[::75])
    planned = plan(info(640, 360), timeline, ["360p"], [], Servable((), cuts, sound=True))
    assert planned.segments == cuts
    assert planned.sound_from_source
    check(planned, timeline)
    assert max(
        after - before for before, after in pairwise(sorted({t for c in planned.chunks for t in c.grid}))
    ) <= (3 * TIMESCALE)


@pytest.mark.parametrize(
    ("times", "restarts"),
    [
        ([0, 3600, 3600, 7200], False),  # two frames at one time
        ([0, 3600, 2_000_000_000, 2_000_003_600], True),  # a splice
        ([9_000_000, 9_003_600, 0, 3600], False),  # a clock that fell back
    ],
)
def test_times_that_cannot_be_kept_are_laid_on_a_constant_rate(times: list[int], restarts: bool) -> None:
    timeline = from_packets(packets(times), Fraction(1, TIMESCALE), Fraction(25), clock_may_restart=restarts)
    assert not timeline.usable
    planned = plan(info(64, 36), timeline, ["144p"], [])
    assert (planned.timing, planned.trusted_timestamps) == ("constant", False)
    assert planned.duration == 4 * 3600
    assert all(chunk.seek_seconds is None for chunk in planned.chunks)


def test_a_pause_in_a_recording_is_kept() -> None:
    times = [0, 3600, 7200, 100 * TIMESCALE, 100 * TIMESCALE + 3600]
    timeline = from_packets(packets(times), Fraction(1, TIMESCALE), None)
    assert plan(info(64, 36), timeline, ["144p"], []).duration == times[-1] + 3600


def test_more_than_sixty_frames_a_second_are_thinned() -> None:
    timeline = from_packets(packets([number * 375 for number in range(480)]), Fraction(1, TIMESCALE), None)
    planned = plan(info(64, 36), timeline, ["144p"], [])
    assert (planned.timing, planned.frame_rate) == ("constant", (60, 1))
    assert planned.duration == 2 * TIMESCALE


def test_no_frames_cannot_be_planned() -> None:
    with pytest.raises(PlayheadError) as caught:
        plan(info(64, 36), from_packets(packets([]), Fraction(1, 25), None), ["144p"], [])
    assert caught.value.code == "no_frames"


@given(st.integers(1, 8192), st.integers(1, 8192), st.sampled_from(list(SHORT_SIDES)))
def test_a_size_is_even_never_enlarged_and_keeps_its_shape(width: int, height: int, resolution: str) -> None:
    across, down, note = fit(width, height, resolution)
    assert across % 2 == 0
    assert down % 2 == 0
    assert min(across, down) <= max(2, min(width, height) + 1, SHORT_SIDES[resolution] if note is None else 0)
    assert across <= max(2, width + 1)
    assert down <= max(2, height + 1)
    assert (note is not None) == (SHORT_SIDES[resolution] > min(width, height))
    if min(across, down) > 2:
        assert (across >= down) == (width >= height) or abs(across - down) <= 2


def test_equal_sizes_share_a_track_and_the_largest_comes_first() -> None:
    planned = ladder(1280, 720, Fraction(30), ["144p", "4k", "720p", "480p"])
    assert [each.track for each in planned] == ["1280x720", "1280x720", "854x480", "256x144"]
    assert {each.resolution for each in planned if each.note} == {"4k"}


@pytest.mark.parametrize(
    ("width", "height", "rate", "bits", "expected"),
    [
        (256, 144, 30, 200_000, "1.2"),
        (640, 360, 30, 800_000, "3.0"),
        (1280, 720, 30, 2_800_000, "3.1"),
        (1920, 1080, 30, 5_000_000, "4.0"),
        (1920, 1080, 60, 7_500_000, "4.2"),
        (3840, 2160, 30, 20_000_000, "5.1"),
        (7680, 4320, 30, 60_000_000, "6.0"),
    ],
)
def test_the_level_is_the_lowest_that_allows_it(
    width: int, height: int, rate: int, bits: int, expected: str
) -> None:
    assert level(width, height, Fraction(rate), bits) == expected


@pytest.mark.parametrize(
    ("size", "aspect", "rotation", "expected"),
    [
        ((720, 480), Fraction(8, 9), 0, (640, 480)),
        ((720, 576), Fraction(16, 15), 0, (768, 576)),
        ((1440, 1080), Fraction(4, 3), 90, (1080, 1920)),
        ((1, 1), Fraction(1), 270, (1, 1)),
    ],
)
def test_the_displayed_size_follows_aspect_then_turn(
    size: tuple[int, int], aspect: Fraction, rotation: int, expected: tuple[int, int]
) -> None:
    assert displayed_size(*size, aspect, rotation) == expected


@pytest.mark.parametrize(
    ("size", "aspect"), [((9000, 10), Fraction(1)), ((100, 100), Fraction(17)), ((8000, 9), Fraction(2))]
)
def test_what_is_too_large_or_too_stretched_is_refused(size: tuple[int, int], aspect: Fraction) -> None:
    with pytest.raises(PlayheadError) as caught:
        displayed_size(*size, aspect, 0)
    assert caught.value.code == "limit_dimensions"
