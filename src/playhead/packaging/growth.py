"""A Matroska file of which the beginning is there, cut as the whole of it will be.

    growth = Growth(head, limits)
    growth.look(frames)                     # after each step of a walk; frames are the walk's own, and grow
    growth.shown                            # lanes and segments that are settled, pictures first

The verdict is that of `source.view` on the beginning, and holds for what is listed: a segment is settled once
nothing that may follow can change a byte of it. What follows is only held against the rules; where it breaks one,
growth is at its end, and the whole file is judged when it is stored. Each frame is looked at once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from playhead.media.matroska import Frames
from playhead.media.matroska.clock import BEGINNING, Even, Row, evened, movie_of, shown_late, sure_rate
from playhead.media.matroska.index import Head
from playhead.media.mp4 import Movie, Runs, Samples
from playhead.model.plan import TIMESCALE
from playhead.packaging.fitness import Limits
from playhead.packaging.lane import Lane, Section
from playhead.packaging.segments import Boundaries, Segment, header_size, keyframe_boundaries
from playhead.packaging.source import (
    FIRST_SEGMENT_SECONDS,
    SEGMENT_SECONDS,
    early_lead,
    rounded,
    segments_on_clock,
    view,
)
from playhead.packaging.timeline import REORDER_LIMIT

TRIED_FRAMES = 4_000
"""Pictures after which a beginning that players cannot be given is not judged again."""
FRAME_LIMIT = 2_000_000
"""Frames and packets of a file that are followed while it arrives: eight hours of film with sound."""
ROUNDED_OFF = 0.4
"""Seconds by which a segment of sound may be longer than its pictures are, and as long in a playlist's words."""
FINEST_STEP = Fraction(1, 4)
"""Frames a tick of the file's clock may be long: else their order is not told by their times."""


@dataclass(frozen=True)
class Grown:
    """One track, as far as it is settled."""

    lane: Lane
    segments: list[Segment]
    """Their times are on the clock that players are told: pictures' on the plan's, sounds' on their own."""


@dataclass
class _Pictures:
    """The pictures as far as they are known: all frames up to a moment before which none is missing."""

    frames: Frames
    even: Even
    model: Lane
    """The lane of the beginning, whose headers are those of the whole."""
    reorder: int
    gop: float
    """Ticks from one key frame to the next, at most."""
    times: array[int] = field(default_factory=lambda: array("q"))
    shown: array[int] = field(default_factory=lambda: array("q"))
    sync: array[int] = field(default_factory=lambda: array("I"))
    boundaries: Boundaries = field(init=False)
    starts: list[int] = field(default_factory=list)
    """The numbers of the key frames at the boundaries."""
    segments: list[Segment] = field(default_factory=list)
    scanned: int = 0
    latest: int = -(1 << 62)
    """The latest of the scanned frames, in ticks of the file."""
    settled: int = -(1 << 62)
    """The latest of those that are known."""

    def __post_init__(self) -> None:
        self.boundaries = Boundaries(self.model.timescale, SEGMENT_SECONDS, FIRST_SEGMENT_SECONDS)

    @property
    def end(self) -> int:
        """When the last known frame ends."""
        return self.shown[-1] + self.even.length

    def take(self) -> bool:
        """Go on through the frames that have come; False when they break a rule."""
        told, numerator = self.frames.times, self.even.row.per_tick.numerator
        denominator = self.even.row.per_tick.denominator
        for number in range(self.scanned, len(told)):
            self.latest = max(self.latest, told[number])
            # The first number + 1 frames are all there is up to a moment when they reach as far as they are many.
            if abs((self.latest - told[0]) * numerator - number * denominator) <= numerator:
                if not self._batch(len(self.times), number + 1):
                    return False
            elif number - len(self.times) > REORDER_LIMIT:
                return False
        self.scanned = len(told)
        return not self.shown or self.end - self.times[self.sync[-1]] <= self.gop

    def _batch(self, first: int, stop: int) -> bool:
        order = sorted(range(first, stop), key=self.frames.times.__getitem__)
        times = [self.frames.times[number] for number in order]
        if times[0] < self.settled or not all(self.frames.told[first:stop]):
            return False
        self.settled = times[-1]
        if not self.even.row.take(times, b"\1" * len(times)):
            return False
        spread = self.even.spread(first)
        if not first and shown_late(spread[0], self.even.timescale):
            spread[0] = 0
        self.shown += spread
        self.times += array("q", bytes(8 * len(order)))
        for time, number in zip(spread, order, strict=True):
            self.times[number] = time
        for number in range(first, stop):
            if self.shown[number] - self.times[number] > self.reorder:
                return False
            if self.frames.keys[number] and not self._key(number):
                return False
        return True

    def _key(self, number: int) -> bool:
        time = self.times[number]
        before = self.times[max(0, number - REORDER_LIMIT) : number]
        if time != self.shown[number] or (before and max(before) > time):
            return False  # an open GOP
        if self.sync and time - self.times[self.sync[-1]] > self.gop:
            return False
        self.sync.append(number)
        if self.boundaries.take(time):
            self.starts.append(number)
        return True

    def settle(self) -> list[int]:
        """Cut what is settled; the boundaries, in ticks of a plan."""
        found = self.boundaries.until(self.end) if self.shown else []
        for number in range(len(self.segments), len(found) - 1):
            first, stop = self.starts[number], self.starts[number + 1]
            start, end = found[number], found[number + 1]
            cut = Segment(first, stop, start, end - start, _size(self.frames, first, stop))
            self.segments += segments_on_clock([cut], self.model, TIMESCALE)
        return [rounded(time, self.even.timescale, TIMESCALE) for time in found]

    def grown(self, offsets: array[int]) -> Grown:
        """What is settled of it."""
        stop = self.segments[-1].stop
        sync = self.sync[: bisect_left(self.sync, stop)]
        lane = _lane(self.model, self.frames, offsets, self.times[:stop], self.shown[:stop], self.even.length)
        return Grown(replace(lane, sync=None if len(sync) == stop else sync), self.segments[:])


@dataclass
class _Sound:
    """A sound as far as it is known."""

    frames: Frames
    even: Even
    model: Lane
    times: array[int] = field(default_factory=lambda: array("q"))
    starts: list[int] = field(default_factory=lambda: [0])
    segments: list[Segment] = field(default_factory=list)
    passed: int = 1
    """Boundaries at which it was cut, the first one among them."""

    def take(self) -> bool:
        """Go on through the packets that have come; False when they break a rule."""
        first = len(self.times)
        if not self.even.row.take(self.frames.times[first:], self.frames.told[first:]):
            return False
        self.times += self.even.spread(first)
        return True

    def settle(self, cuts: Sequence[int], longest: float) -> bool:
        """Cut it at those boundaries that it has reached; False for a segment of more than so many seconds."""
        for boundary in cuts[self.passed :]:
            stop = bisect_left(self.times, -(-boundary * self.model.timescale // TIMESCALE))
            if stop == len(self.times):
                break
            self.passed += 1
            first = self.starts[-1]
            if stop == first:
                continue  # no packet begins before the next boundary
            start = self.times[first]
            if not self.segments:
                start = min(max(0, start), cuts[0] * self.model.timescale // TIMESCALE)
            duration = self.times[stop] - start
            if duration + self.model.lead > (longest + ROUNDED_OFF) * self.model.timescale:
                return False
            self.segments.append(Segment(first, stop, start, duration, _size(self.frames, first, stop)))
            self.starts.append(stop)
        return True

    def grown(self, offsets: array[int]) -> Grown:
        """What is settled of it."""
        times = self.times[: self.starts[-1]]
        return Grown(
            _lane(self.model, self.frames, offsets, times, times, self.even.length), self.segments[:]
        )


class Growth:
    """What players can be shown of a file that is walked through as it arrives."""

    def __init__(self, head: Head, limits: Limits = Limits()) -> None:
        self._head = head
        self._limits = limits
        self._pictures: _Pictures | None = None
        self._sounds: list[_Sound] = []
        self._numbers = array("I")
        self._bytes: dict[int, tuple[int, int]] = {}
        """Of each track: how many frames were counted, and their bytes."""
        self._again = BEGINNING
        """How many pictures it takes for the beginning to be judged again."""
        self.over = not self._may_be_fit()
        """Whether nothing will be added before the whole file is judged."""
        self.shown: tuple[Grown, ...] = ()
        """What is settled: the pictures, then each sound. Nothing as long as a track has no segment."""

    @property
    def longest(self) -> float:
        """Seconds that no segment is longer than, but for some packets of sound; those to come included."""
        return SEGMENT_SECONDS + self._limits.gop_seconds

    def look(self, frames: Sequence[Frames]) -> None:
        """Look at what has come of each track since; `frames` are the same every time, grown."""
        if self.over:
            return
        if sum(len(each.times) for each in frames) > FRAME_LIMIT:
            self.over = True
            return
        if self._pictures is None:
            self._pictures = self._begin(frames)
        if self._pictures is not None:
            self._go_on(frames, self._pictures)

    def _may_be_fit(self) -> bool:
        pictures = next((track for track in self._head.tracks if track.kind == "video"), None)
        if pictures is None:
            return False
        rate = sure_rate(pictures)
        tick = Fraction(self._head.tick_nanoseconds, 10**9)
        return pictures.codec == b"avc1" and rate is not None and tick * rate <= FINEST_STEP

    def _begin(self, frames: Sequence[Frames]) -> _Pictures | None:
        """Judge the beginning, as soon as it reaches beyond a segment."""
        tracks = self._head.tracks
        kinds = [track.kind for track in tracks]
        of_kinds = [found for kind, found in zip(kinds, frames, strict=True) if kind != "other"]
        if any(sum(found.told) < BEGINNING for found in of_kinds):
            self.over = any(len(found.told) > TRIED_FRAMES for found in of_kinds)
            return None
        place = kinds.index("video")
        tick = Fraction(self._head.tick_nanoseconds, 10**9)
        there = _complete(frames[place], tick * (sure_rate(tracks[place]) or 1))
        if there < self._again:
            self.over = len(frames[place].times) > TRIED_FRAMES
            return None
        begun = [_first(found, there) if number == place else found for number, found in enumerate(frames)]
        movie = movie_of(tracks, begun, self._head.tick_nanoseconds, 1 << 62)
        found = view(movie, self._limits)
        if found.video is None or not (found.sounds or found.silent):
            # The bit rate of all of it may be lower yet.
            self._again = there + there // 2
            return None
        if len(found.cuts) < 2:
            return None
        return self._model(frames, begun, movie, (found.video, *found.sounds))

    def _model(
        self, frames: Sequence[Frames], begun: Sequence[Frames], movie: Movie, lanes: Sequence[Lane]
    ) -> _Pictures | None:
        tick = Fraction(self._head.tick_nanoseconds, 10**9)
        by_samples = {id(lane.sections[0].samples): lane for lane in lanes}
        pictures = None
        for number, (described, track) in enumerate(zip(self._head.tracks, movie.tracks, strict=True)):
            lane = by_samples.get(id(track.samples))
            if lane is None:
                continue
            even = evened(described, begun[number], tick)
            if even is None or even.timescale != lane.timescale or len(lane.times) != track.samples.count:
                self.over = True  # some of it is hidden: that is for the whole to judge
                return None
            even = replace(even, row=Row(even.row.per_tick, even.row.start))
            if lane.kind == "video":
                early = early_lead(lane, keyframe_boundaries(lane, SEGMENT_SECONDS, FIRST_SEGMENT_SECONDS))
                gop = self._limits.gop_seconds * lane.timescale
                pictures = _Pictures(frames[number], even, lane, early.reorder, gop)
            else:
                self._sounds.append(_Sound(frames[number], even, lane))
        return pictures

    def _go_on(self, frames: Sequence[Frames], pictures: _Pictures) -> None:
        if not pictures.take() or not all(sound.take() for sound in self._sounds):
            self.over = True  # what was settled before stays
            return
        if self._too_many_bits(frames):
            return  # so far: on the whole they may be few enough
        cuts = pictures.settle()
        if not all(sound.settle(cuts, self.longest) for sound in self._sounds):
            self.over = True  # it begins so late that playlists could not tell how long segments get
            return
        tracks: tuple[_Pictures | _Sound, ...] = (pictures, *self._sounds)
        settled = [len(track.segments) for track in tracks]
        if all(settled) and settled != [len(track.segments) for track in self.shown]:
            longest = max(len(track.times) for track in tracks)
            self._numbers.extend(range(len(self._numbers), longest))
            self.shown = tuple(track.grown(self._numbers) for track in tracks)

    def _too_many_bits(self, frames: Sequence[Frames]) -> bool:
        rate = Fraction(0)
        for number, (track, found) in enumerate(zip(self._head.tracks, frames, strict=True)):
            if track.kind != "other" and found.times:
                counted, size = self._bytes.get(number, (0, 0))
                size += sum(found.sizes[counted:])
                self._bytes[number] = len(found.sizes), size
                ticks = max(1, found.times[-1] - found.times[0])
                rate += Fraction(8 * 10**9 * size, ticks * self._head.tick_nanoseconds)
        return rate > self._limits.bits_per_second


def _complete(frames: Frames, per_tick: Fraction) -> int:
    """How many of the first frames are all there is up to a moment, by their rate."""
    found, latest = 0, -(1 << 62)
    for number, time in enumerate(frames.times):
        latest = max(latest, time)
        if abs((latest - frames.times[0]) * per_tick - number) <= per_tick:
            found = number + 1
    return found


def _first(frames: Frames, stop: int) -> Frames:
    return Frames(
        frames.times[:stop],
        frames.told[:stop],
        frames.offsets[:stop],
        frames.sizes[:stop],
        frames.keys[:stop],
    )


def _size(frames: Frames, first: int, stop: int) -> int:
    return sum(frames.sizes[first:stop]) + header_size(stop - first)


def _lane(
    model: Lane, frames: Frames, numbers: array[int], times: array[int], shown: array[int], length: int
) -> Lane:
    """The lane of a track up to some moment. What the walk goes on to append lies behind all that it has."""
    count = len(times)
    samples = Samples(
        count=count,
        durations=Runs(array("I", (count,)), array("I", (length,))),
        chunk_firsts=numbers,
        chunk_offsets=frames.offsets,
        chunk_entries=array("H"),
        size_table=frames.sizes,
        longest_chunk=1,
    )
    return replace(
        model,
        sections=(Section(0, 0, 0, samples, 0),),
        times=times,
        shown=shown,
        begin=max(0, shown[0]),
        end=shown[-1] + length,
        last_duration=length,
    )
