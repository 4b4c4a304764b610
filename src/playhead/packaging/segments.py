"""Where a lane is cut into segments, and how many bits a second that makes."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import NamedTuple

from playhead.model.errors import PlayheadError
from playhead.packaging.lane import Lane
from playhead.packaging.steady import Steady

SAMPLE_OVERHEAD = 16
"""Most bytes that one sample takes in a segment's header."""
SEGMENT_OVERHEAD = 176
"""Most bytes of the rest of that header."""


class Segment(NamedTuple):
    """Samples `first` to `stop` of a lane, shown from `start` for `duration` ticks."""

    first: int
    stop: int
    start: int
    duration: int
    size: int
    """In bytes, the header counted with its upper bound."""


@dataclass(frozen=True)
class Rates:
    """Bits a second as RFC 8216bis section 4.4.6.2 defines BANDWIDTH and AVERAGE-BANDWIDTH."""

    peak: int
    average: int


def keyframe_boundaries(lane: Lane, target: float, first: float | None = None) -> list[int]:
    """Times of showing, in ticks, to cut a video lane at.

    They are its start, then each next sync sample at least `target` seconds after the last one (`first`
    seconds for the very first segment). A rest shorter than half of `target` stays with what is before it.
    """
    found = Boundaries(lane.timescale, target, first)
    for number in lane.sync_numbers:
        found.take(lane.times[number])
    return found.until(lane.end)


class Boundaries:
    """Finds those boundaries from the times of one sync sample after the other.

    Each but the last is decided by what comes before it, and the last by whether enough follows: of a lane
    that is only there to some time, `until` tells all of the whole lane's up to its own last one.
    """

    def __init__(self, timescale: int, target: float, first: float | None = None) -> None:
        self._timescale = timescale
        self._target = target
        self._wanted = target if first is None else first
        self._found: list[int] = []

    def take(self, time: int) -> bool:
        """Go on to the next sync sample; whether a segment begins with it, if enough follows."""
        if self._found and time - self._found[-1] < round(self._wanted * self._timescale):
            return False
        if self._found:
            self._wanted = self._target
        self._found.append(time)
        return True

    def until(self, end: int) -> list[int]:
        """The boundaries in a lane that ends then."""
        if len(self._found) > 1 and end - self._found[-1] < self._target * self._timescale / 2:
            return self._found[:-1]
        return self._found[:]


def cut(lane: Lane | Steady, boundaries: Sequence[int], timescale: int) -> list[Segment]:
    """The segments of a lane between boundaries, which are times of showing in ticks of `timescale`.

    A video is cut exactly there, and the first segment begins with its first frame. Sound is cut at the
    first packet from each boundary on; where there is none before the next boundary, both are one. The first
    segment counts from the first boundary, so that late sound does not shorten the timeline, and from 0 at the
    earliest, for the packets before that only prime the decoder.

    Raises:
        PlayheadError: `output_invalid` when a video has no sync sample at a boundary.
    """
    if isinstance(lane, Lane) and lane.kind == "video":
        find: Callable[[int], int] = _SyncsAt(lane, timescale)
    else:
        find = partial(_packet_at, lane, timescale)
    firsts = [0, *map(find, boundaries[1:]), len(lane.times)]
    segments: list[Segment] = []
    for first, stop in pairwise(sorted(set(firsts))):
        start = lane.shown[first]
        if lane.kind == "audio" and not segments and boundaries:
            start = min(max(0, start), boundaries[0] * lane.timescale // timescale)
        size = lane.size(first, stop) + header_size(stop - first)
        segments.append(Segment(first, stop, start, lane.shown_at(stop) - start, size))
    return segments


def header_size(samples: int) -> int:
    """Most bytes that a segment of so many samples has beside them."""
    return SEGMENT_OVERHEAD + SAMPLE_OVERHEAD * samples


def rates(segments: Sequence[Segment], timescale: int) -> Rates:
    """The bit rates of a lane cut so.

    The peak is that of any run of segments between half and one and a half times as long as the longest.
    """
    if not segments:
        return Rates(0, 0)
    size, duration = _heaviest_run(segments)
    whole = max(1, sum(segment.duration for segment in segments))
    average = sum(segment.size for segment in segments) / whole
    bits = 8 * timescale
    return Rates(round(max(size / duration, average) * bits), round(average * bits))


def _heaviest_run(segments: Sequence[Segment]) -> tuple[int, int]:
    """Bytes and ticks of the run with the most bytes a tick, of those that count.

    One rate after the other is beaten by the run that exceeds it by most bytes (Dinkelbach 1967), which takes a
    handful of looks at all segments. Looking at all runs takes half a minute where one long still is among them.
    """
    times = list(accumulate((segment.duration for segment in segments), initial=0))
    sizes = list(accumulate((segment.size for segment in segments), initial=0))
    longest = max(1, max(segment.duration for segment in segments))
    best = (0, 1)
    while (heavier := _heavier_run(times, sizes, longest, *best)) is not None:
        best = heavier
    return best


def _heavier_run(
    times: Sequence[int], sizes: Sequence[int], longest: int, size: int, duration: int
) -> tuple[int, int] | None:
    """The run that exceeds `size` bytes in `duration` ticks by most, if one does; sums stand before each segment."""
    excess = [bytes_ * duration - size * time for bytes_, time in zip(sizes, times, strict=True)]
    # Where a run may begin that ends here: rising in excess, so that the first is the best there is.
    begins: deque[int] = deque()
    coming, most, found = 0, 0, None
    for stop, end in enumerate(times):
        while times[coming] <= end - longest / 2:
            while begins and excess[begins[-1]] >= excess[coming]:
                begins.pop()
            begins.append(coming)
            coming += 1
        while begins and times[begins[0]] < end - longest * 3 / 2:
            begins.popleft()
        if begins and excess[stop] - excess[begins[0]] > most:
            first = begins[0]
            most = excess[stop] - excess[first]
            found = sizes[stop] - sizes[first], end - times[first]
    return found


class _SyncsAt:
    """Finds the sync sample shown at a boundary, which may be rounded if it is in other ticks."""

    def __init__(self, lane: Lane, timescale: int) -> None:
        # In units of both clocks multiplied, so that nothing is rounded here.
        self._numbers = lane.sync_numbers
        self._moments = [lane.times[number] * timescale for number in self._numbers]
        self._unit = lane.timescale
        self._tolerance = 0 if timescale == lane.timescale else max(timescale, lane.timescale)

    def __call__(self, boundary: int) -> int:
        target = boundary * self._unit
        at = bisect_left(self._moments, target - self._tolerance)
        if at == len(self._moments) or abs(self._moments[at] - target) > self._tolerance:
            raise PlayheadError("output_invalid", "There is no keyframe where a segment has to start.")
        return self._numbers[at]


def _packet_at(lane: Lane | Steady, timescale: int, boundary: int) -> int:
    return bisect_left(lane.times, -(-boundary * lane.timescale // timescale))
