"""The tracks that players are shown: of pictures and of sound, whole or growing, each cut into its segments."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from playhead.media.mp4 import codec_string
from playhead.model.plan import BUFFER_SECONDS, TIMESCALE, Chunk, Plan, PlannedRendition
from playhead.packaging import PRIMING, Lane, Rates, Segment, Steady, cut, header_size, rates

SOURCE = "source"
"""The name of the source's own pictures among the tracks."""
SOUND_SECONDS = 4
"""Length of the segments of sound that goes on after the last cut."""
UNSURE_SECONDS = 0.1
"""By how much a sound may end earlier or later than planned: what verifying it lets pass."""
SHORTEST_SECONDS = 1.0
"""Sound that is shorter is there at once."""
SLACK = TIMESCALE // 1000
"""Ticks by which a key frame may be early, and within which two moments are one."""


@dataclass(frozen=True)
class Whole:
    """A track all of whose samples are stored in one object."""

    name: str
    key: str
    lane: Lane
    segments: list[Segment]
    """Their times are in ticks of `timescale`."""

    @property
    def timescale(self) -> int:
        """Ticks a second of what players are told."""
        return self.lane.timescale

    @property
    def codec(self) -> str:
        """The RFC 6381 name of what it is encoded with."""
        return codec_string(self.lane.entries[0])

    @cached_property
    def rates(self) -> Rates:
        """Its bit rates."""
        return rates(self.segments, self.timescale)

    def durations(self) -> list[Fraction]:
        """The length of each segment, in seconds."""
        lengths = [each.duration for each in self.segments]
        # A film has a handful of different ones.
        seconds = {length: Fraction(length, self.timescale) for length in set(lengths)}
        return [seconds[length] for length in lengths]


@dataclass(frozen=True)
class Pictures(Whole):
    """Pictures: the source's or a finished rendition's."""

    width: int
    height: int

    @property
    def timescale(self) -> int:
        """One for all pictures, also where those of a source are stored by another: see `on_clock`."""
        return TIMESCALE

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second."""
        lane = self.lane
        return Fraction(len(lane.times) * lane.timescale, max(1, lane.end - lane.begin))

    @cached_property
    def keyframe_rates(self) -> Rates:
        """The bit rates of the first frame of each segment alone."""
        sizes = self.lane.sizes(0, len(self.lane.times))
        alone = [each._replace(size=sizes[each.first] + header_size(1)) for each in self.segments]
        return rates(alone, self.timescale)


@dataclass(frozen=True)
class Sound(Whole):
    """One sound."""

    language: str
    """ISO 639-2/T."""

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds."""
        return Fraction(self.lane.end, self.timescale)

    def durations(self) -> list[Fraction]:
        """The length of each segment on the media clock, in seconds.

        The first one's counts the packets that prime the decoder. So every segment's decode time is the sum of
        the lengths before it, which Shaka Player moves sound to: by any difference it would be early.
        """
        lengths = super().durations()
        if lengths:
            lengths[0] += Fraction(self.lane.lead, self.timescale)
        return lengths


@dataclass(frozen=True)
class Growing:
    """A track that is being encoded; segments that are not made yet can be asked for."""

    planned: PlannedRendition
    plan: Plan
    timescale: int = TIMESCALE

    @property
    def name(self) -> str:
        """The track's name."""
        return self.planned.track

    @property
    def codec(self) -> str:
        """What the plan makes the encoder say in its headers (RFC 6381, ISO/IEC 14496-15 annex E)."""
        profile = {"main": "4d40", "high": "6400"}[self.planned.profile]
        whole, _, tenth = self.planned.level.partition(".")
        return f"avc1.{profile}{int(whole) * 10 + int(tenth):02x}"

    @property
    def width(self) -> int:
        """In pixels."""
        return self.planned.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.planned.height

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(*self.plan.frame_rate)

    @property
    def rates(self) -> Rates:
        """Not known before it is made: what the encoder may reach at most, and what it usually does.

        It begins each piece with its buffer to spare, and may spend all of that within one segment. BANDWIDTH is of
        any run of segments that is at least half as long as the longest (RFC 8216, section 4.1), so it is the
        shortest of these that may be the heaviest.
        """
        lengths = self.durations()
        shortest = max(min(lengths), max(lengths) / 2)
        ceiling = self.planned.max_bit_rate
        return Rates(ceiling + math.ceil(BUFFER_SECONDS * ceiling / shortest), ceiling // 2)

    @property
    def segments(self) -> list[Segment]:
        """When its segments will be shown; which samples they will have is not known yet."""
        return [Segment(0, 0, start, end - start, 0) for start, end in self._extents()]

    def durations(self) -> list[Fraction]:
        """The length of each segment, in seconds."""
        return [Fraction(end - start, TIMESCALE) for start, end in self._extents()]

    def chunks_of(self, number: int) -> Sequence[Chunk]:
        """The chunks that a segment takes its frames from: mostly one, several where key frames are far apart."""
        chunks, segments = self.plan.chunks, self.plan.segments
        starts = [chunk.start for chunk in chunks]
        end = segments[number + 1] if number + 1 < len(segments) else self.plan.duration
        first = bisect_right(starts, segments[number] + SLACK) - 1
        return chunks[first : bisect_left(starts, end - SLACK)]

    def _extents(self) -> list[tuple[int, int]]:
        starts = self.plan.segments
        return list(zip(starts, [*starts[1:], self.plan.duration], strict=True))


@dataclass(frozen=True)
class GrowingSound:
    """A sound that is being encoded, when its end is known; what is not there yet of it can be waited for."""

    name: str
    language: str
    """ISO 639-2/T."""
    timescale: int
    """Ticks a second, which is its sample rate."""
    seconds: float
    """When it ends."""
    cuts: Sequence[int]
    """Where the pictures are cut."""

    @cached_property
    def segments(self) -> list[Segment]:
        """When its segments will be heard; how many bytes they will have is not known yet."""
        segments = sound_cut(Steady(self.timescale, round(self.seconds * self.timescale)), self.cuts)
        if len(segments) > 1 and segments[-1].duration < UNSURE_SECONDS * self.timescale:
            # Perhaps there will be no such segment: better the one before it is told to be longer than it is.
            *others, before, last = segments
            both = before.duration + last.duration
            return [*others, before._replace(stop=last.stop, duration=both)]
        return segments

    @property
    def end(self) -> Fraction:
        """When it ends, in seconds."""
        return Fraction(round(self.seconds * self.timescale), self.timescale)

    def durations(self) -> list[Fraction]:
        """As of a `Sound`."""
        lengths = [Fraction(each.duration, self.timescale) for each in self.segments]
        lengths[0] += Fraction(PRIMING, self.timescale)
        return lengths

    def settled(self, packets: int) -> list[Segment]:
        """The segments that nothing to come will change when so many packets are there.

        A cut moves none of the others, so the last one alone is open: it goes on, or is cut, or was the last. One
        packet is kept back, for the file of the whole sound rounds its end to milliseconds.
        """
        return sound_cut(Steady.of_packets(self.timescale, packets - 1), self.cuts)[:-1]


@dataclass(frozen=True)
class Due:
    """A sound that is not encoded yet, and whose segments nobody knows before it is."""

    name: str
    language: str


@dataclass(frozen=True)
class Text:
    """Captions in one language."""

    language: str
    """Their tag, which is also their name."""
    title: str
    """What a menu calls them."""
    version: str
    """Of their bytes: what stands behind `?v=` in their URL."""


Track = Pictures | Sound | Growing | GrowingSound


def source_pictures(key: str, lane: Lane, segments: list[Segment]) -> Pictures:
    """The source's own pictures; the segments' times are in ticks of a plan."""
    width, height = (int.from_bytes(lane.entries[0][at : at + 2], "big") for at in (32, 34))
    return Pictures(SOURCE, key, lane, segments, width, height)


def growing_sound(name: str, language: str, plan: Plan) -> GrowingSound | None:
    """A planned sound, if it can be told where it will be cut: neither its end nor its rate may be open.

    What is brought to one loudness is encoded again and again, and is there only when it is whole.
    """
    seconds, rate = plan.sound_seconds_of(name), plan.sample_rate_of(name)
    if seconds is None or rate is None or plan.normalised or seconds < SHORTEST_SECONDS:
        return None
    least, most = (round((seconds + by) * TIMESCALE) for by in (-UNSURE_SECONDS, UNSURE_SECONDS))
    if _further(plan.segments, least) != _further(plan.segments, most):
        return None
    return GrowingSound(name, language, rate, seconds, plan.segments)


def sound_cut(lane: Lane | Steady, cuts: Sequence[int]) -> list[Segment]:
    """Sound that goes on when the pictures have ended is cut like them, evenly."""
    end = lane.end * TIMESCALE // lane.timescale
    return cut(lane, [*cuts, *_further(cuts, end)], TIMESCALE)


def _further(cuts: Sequence[int], end: int) -> range:
    step = SOUND_SECONDS * TIMESCALE
    return range(cuts[-1] + step, end - step // 2, step)


def cut_on_keyframes(lane: Lane, planned: Sequence[int]) -> list[Segment]:
    """The segments of an encoded lane, each from the first key frame at or after its planned start.

    That is the planned start itself, but for what is encoded from a damaged source: frames that fill its
    gaps lie on a grid of their own, and at its end they may be missing. What has no key frame stays with
    the segment before it.
    """
    syncs = [lane.times[number] for number in lane.sync_numbers]
    starts: list[int] = []
    for begin, end in zip(planned, [*planned[1:], lane.end + 1], strict=True):
        at = bisect_left(syncs, begin - SLACK)
        if at == len(syncs) or (starts and not starts[-1] < syncs[at] < end - SLACK):
            break
        starts.append(syncs[at])
    return cut(lane, starts, lane.timescale)
