"""Frames put back on their own clock.

Matroska rounds times to its ticks, mostly milliseconds. Frames of one length each, and sound packets of a
known number of samples, have lost nothing by that: when every time lies within a tick of an even row, the row
is what was meant. Where no row fits, the times stay as they are and `Track.unfit` sends the file to the
encoder: what is not known to be in sync is never served.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress, islice, repeat
from operator import floordiv, mul, sub

from playhead.media.matroska.ebml import corrupt
from playhead.media.matroska.scan import Frames
from playhead.media.matroska.tracks import Described
from playhead.media.mp4 import EditSpan, Movie, Runs, Samples, Track
from playhead.media.mp4.fragments import run_lengths
from playhead.media.mp4.movie import FOREVER
from playhead.media.mp4.samples import NO_SAMPLES

RATES = tuple(
    [Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)]
    + [Fraction(rate) for rate in (*range(1, 61), 100, 120)]
)
"""Frames a second that sources are recorded at."""
LATEST_PICTURE = Fraction(1, 10)
"""Seconds up to which pictures that begin after the sound are shown from the beginning, as encoders do it."""
SOUND_PACKETS = {b"mp4a": 1024}
"""Samples in a packet of AAC; twice that where the upper half of the spectrum is coded apart."""
FINER = 100
BEGINNING = 16
"""Frames, of those whose times are told, that say where a track's row begins."""
SURE = Fraction(1, 5000)
"""How far a told rate may be from a usual one to be that and no other: 30 and 29.97 are five times as far apart."""
NOT_EVEN = "its frames' times are rounded by the container"
SERVED = b"avc1"
"""Pictures that players may be given as they are: see `packaging.fitness`."""
PLAIN_TIMESCALE = 1_000_000
"""Ticks a second of times that lie on no even row: what ticks of whole microseconds lose nothing by."""
OUTLINED_FROM = 1000
"""Frames of a track up to which they are better told one by one."""
LONGEST_STEP = 0xFFFFFFFF
"""The longest time from one frame to the next, in ticks, that an MP4 could tell."""


def movie_of(
    tracks: Sequence[Described], frames: Sequence[Frames], tick_nanoseconds: int, size: int
) -> Movie:
    """The movie of these tracks, its brand `mkv`. Its pictures begin with the sound, or close behind."""
    return _movie(tracks, frames, tick_nanoseconds, size, _exactly)


def outline_of(
    tracks: Sequence[Described], frames: Sequence[Frames], tick_nanoseconds: int, size: int
) -> Movie:
    """The same as far as is asked of a film that must be encoded, for a fifth of the work: no frame's own time.

    Each track has as many frames, as many bytes, the same beginning and, of sounds, to the tick the same end.
    """
    return _movie(tracks, frames, tick_nanoseconds, size, _in_outline)


def may_be_served(tracks: Sequence[Described], frames: Sequence[Frames]) -> bool:
    """Whether players may be given the pictures as they are, by the codec, or there are none."""
    shown = (
        track for track, found in zip(tracks, frames, strict=True) if track.kind == "video" and found.sizes
    )
    first = next(shown, None)
    return first is None or first.codec == SERVED


Told = tuple[int, Samples, str | None]
"""A timescale, what there is to say of the samples in it, and why they are not to be given to players."""


def _movie(
    tracks: Sequence[Described],
    frames: Sequence[Frames],
    tick_nanoseconds: int,
    size: int,
    tell: Callable[[Described, Frames, Fraction], Told],
) -> Movie:
    tick = Fraction(tick_nanoseconds, 10**9)
    return Movie(
        timescale=1000,
        duration=0,
        tracks=tuple(
            _track(number, described, tell(described, found, tick))
            if described.kind != "other" and found.sizes
            else _track(number, described, (1000, NO_SAMPLES, None))
            for number, (described, found) in enumerate(zip(tracks, frames, strict=True), 1)
        ),
        brand="mkv",
        size=size,
    )


def _exactly(described: Described, frames: Frames, tick: Fraction) -> Told:
    unfit = None
    timescale, times = _times(described, frames, tick)
    if times is None:
        timescale, times = _plain(frames, tick)
        unfit = NOT_EVEN
    if described.kind == "video":
        first = min(times)
        if shown_late(first, timescale):
            times[times.index(first)] = 0
    return timescale, _samples(frames, times), unfit


def _in_outline(described: Described, frames: Frames, tick: Fraction) -> Told:
    count = len(frames.times)
    if count <= OUTLINED_FROM:
        return _exactly(described, frames, tick)
    even = evened(described, frames, tick) if described.kind == "audio" else None
    if even is not None:
        first, usual, timescale = even.first, even.length, even.timescale
        lasts = (count - 1) * usual
    else:
        scale, timescale = tick * PLAIN_TIMESCALE, PLAIN_TIMESCALE
        first, last = (
            each * scale.numerator // scale.denominator for each in (min(frames.times), max(frames.times))
        )
        lasts = last - first
        usual = lasts // (count - 1)
        if described.kind == "audio":
            lasts, usual = _length_and_step(frames, tick)
    between, rest = divmod(lasts, count - 1)
    lengths = (min(each, LONGEST_STEP) for each in (between, between + rest, usual))
    samples = Samples(
        count=count,
        durations=Runs(array("I", (count - 2, 1, 1)), array("I", lengths)),
        chunk_firsts=array("I", (0,)),
        chunk_offsets=frames.offsets[:1],
        chunk_entries=array("H", (0,)),
        size_table=frames.sizes,
        start=first,
    )
    return timescale, samples, NOT_EVEN if described.kind == "audio" and even is None else None


def _track(number: int, described: Described, told: Told) -> Track:
    timescale, samples, unfit = told
    unfit = described.unfit or unfit
    return Track(
        id=number,
        kind=described.kind,
        timescale=timescale,
        sample_entries=(described.entry,),
        samples=samples,
        spans=(EditSpan(0, FOREVER, 0),),
        width=described.width,
        height=described.height,
        display_width=described.display_width,
        display_height=described.display_height,
        language=described.language,
        enabled=described.enabled,
        unfit=unfit or "",
    )


@dataclass
class Row:
    """An even row, and how far from their places in it the told times of its first frames are."""

    per_tick: Fraction
    """How many steps a tick is long."""
    start: Fraction
    """Where it begins, in steps."""
    count: int = 0
    """Frames that were placed in it so far."""
    _least: int | None = None
    _most: int | None = None

    def take(self, times: Sequence[int], told: bytes | bytearray) -> bool:
        """Whether the frames that follow fit in as well: every told time within a tick of the row."""
        off = _off(times, told, self.per_tick, self.count)
        self.count += len(times)
        if off:
            self._least = min(off) if self._least is None else min(self._least, *off)
            self._most = max(off) if self._most is None else max(self._most, *off)
        return (
            self._least is None or self._most is None or self._most - self._least <= self.per_tick.numerator
        )


@dataclass(frozen=True)
class Even:
    """A track whose frames lie on an even row."""

    timescale: int
    length: int
    """Ticks from one frame to the next."""
    row: Row

    @property
    def first(self) -> int:
        """The time of the first frame."""
        return round(self.row.start * self.length)

    def spread(self, first: int = 0) -> array[int]:
        """The times of the row's frames, from number `first` on."""
        start = self.first
        return array(
            "q", range(start + first * self.length, start + self.row.count * self.length, self.length)
        )


def sure_rate(described: Described) -> Fraction | None:
    """The frame rate that a header tells, if it is a usual one and no other can be meant."""
    if not described.frame_nanoseconds:
        return None
    told = Fraction(10**9, described.frame_nanoseconds)
    near = min(RATES, key=lambda rate: abs(rate - told))
    return near if abs(near - told) <= SURE * near else None


def shown_late(time: int, timescale: int) -> bool:
    """Whether pictures that begin at this time are shown from the beginning instead."""
    return 0 < time <= LATEST_PICTURE * timescale


def evened(described: Described, frames: Frames, tick: Fraction) -> Even | None:
    """The row that a track's frames lie on; None where no even row fits.

    What it is follows from the header and the first frames alone wherever the header tells the rate: so the
    beginning of a file has the clock that the whole of it will have, if it has any.
    """
    if described.kind == "audio":
        step = SOUND_PACKETS.get(described.codec, 0)
        for length in (step, 2 * step):
            if step and described.rate:
                row = _row(frames.times, frames.told, tick * described.rate / length)
                if row is not None:
                    return Even(described.rate, length, row)
        return None
    if described.kind != "video" or not all(frames.told):
        return None
    times = array("q", sorted(frames.times))
    for rate in _likely(described, frames, tick):
        row = _row(times, frames.told, tick * rate)
        if row is not None:
            # Finer than the frames are long, so that a beginning between two places can be told.
            return Even(rate.numerator * FINER, rate.denominator * FINER, row)
        if (
            rate == sure_rate(described)
            and _row(times[:BEGINNING], b"\1" * BEGINNING, tick * rate) is not None
        ):
            break  # what the beginning bears out is not given up for what comes later
    return None


def _times(described: Described, frames: Frames, tick: Fraction) -> tuple[int, array[int] | None]:
    """A timescale and each frame's time in it; None where no even row fits."""
    even = evened(described, frames, tick)
    if even is None:
        return 1000, None
    spread = even.spread()
    if described.kind == "audio":
        return even.timescale, spread
    times = array("q", bytes(8 * len(spread)))
    for place, frame in enumerate(sorted(range(len(spread)), key=frames.times.__getitem__)):
        times[frame] = spread[place]
    return even.timescale, times


def _likely(described: Described, frames: Frames, tick: Fraction) -> list[Fraction]:
    """Rates that the frames may have, the likeliest first: as the header says, then as they are counted."""
    counted = Fraction(len(frames.times) - 1) / max(1, max(frames.times) - min(frames.times)) / tick
    told = Fraction(10**9, described.frame_nanoseconds) if described.frame_nanoseconds else counted
    near = [min(RATES, key=lambda rate: abs(rate - wanted)) for wanted in (told, counted)]
    return list(dict.fromkeys(near))


def _row(times: array[int], told: bytes | bytearray, per_tick: Fraction) -> Row | None:
    """The row that all of a track's frames fit in.

    Where it begins, the first of them alone decide: those that follow may move nothing.
    """
    begun = _off(times[: _last_of_beginning(told)], told, per_tick, 0)
    least, most, first = min(begun), max(begun), begun[0]
    # What the first time says, where rounding the others to the nearest agrees; else what does so best.
    start = Fraction(first, per_tick.denominator)
    if 2 * max(most - first, first - least) > per_tick.numerator:
        start = Fraction(most + least, 2 * per_tick.denominator)
    row = Row(per_tick, start)
    return row if row.take(times, told) else None


def _last_of_beginning(told: bytes | bytearray) -> int:
    """How many frames it takes until `BEGINNING` have a time that is told."""
    if 0 not in told[:BEGINNING]:
        return BEGINNING
    numbers = (number for number, is_told in enumerate(told, 1) if is_told)
    return next(islice(numbers, BEGINNING - 1, None), len(told))


def _off(times: Sequence[int], told: bytes | bytearray, per_tick: Fraction, first: int) -> list[int]:
    """How far each told time is from its place in a row that begins at zero, in 1/denominator of a step.

    `first` is the place of the first of them.
    """
    numerator, denominator = per_tick.numerator, per_tick.denominator
    places = range(first * denominator, (first + len(times)) * denominator, denominator)
    off = list(map(sub, map(mul, times, repeat(numerator)), places))
    return off if all(told) else [each for each, is_told in zip(off, told, strict=False) if is_told]


def _plain(frames: Frames, tick: Fraction) -> tuple[int, array[int]]:
    """The times as the file tells them, in milliseconds where its ticks are no others."""
    scale = tick * PLAIN_TIMESCALE
    times = map(mul, frames.times, repeat(scale.numerator))
    if scale.denominator != 1:
        times = map(floordiv, times, repeat(scale.denominator))
    return PLAIN_TIMESCALE, array("q", list(times))


def _samples(frames: Frames, times: array[int]) -> Samples:
    """Decode times are those of showing in their order: frames are decoded one by one as they are shown."""
    shown = array("q", sorted(times))
    count = len(times)
    steps = array("I", _steps(shown))
    steps.append(_usual(steps))
    reordered = shown != times
    ones = array("I", (1,)) * count
    offsets = list(map(sub, times, shown)) if reordered else []
    if reordered and max(map(abs, offsets)) >= 1 << 31:
        raise corrupt("its frames are out of any order")
    return Samples(
        count=count,
        durations=run_lengths(steps),
        chunk_firsts=array("I", range(count)),
        chunk_offsets=frames.offsets,
        chunk_entries=array("H", (0,)) * count,
        size_table=frames.sizes,
        composition=Runs(ones, array("i", offsets)) if reordered else None,
        sync=None if all(frames.keys) else array("I", compress(range(count), frames.keys)),
        start=shown[0],
        longest_chunk=1,
    )


def _steps(shown: Sequence[int]) -> list[int]:
    """The time from each frame to the next, as far as an MP4 could tell it."""
    steps = list(map(sub, shown[1:], shown))
    return [min(step, LONGEST_STEP) for step in steps] if steps and max(steps) > LONGEST_STEP else steps


def _length_and_step(frames: Frames, tick: Fraction) -> tuple[int, int]:
    """The time from the first frame to the last, and the usual one to the next, as `_samples` tells them."""
    scale = tick * PLAIN_TIMESCALE
    shown = sorted(frames.times)
    steps = list(map(sub, shown[1:], shown))
    if scale.denominator == 1 and max(steps) * scale.numerator <= LONGEST_STEP:
        # The same in the file's own ticks, which are smaller numbers.
        return (shown[-1] - shown[0]) * scale.numerator, _usual(steps) * scale.numerator
    steps = _steps(sorted(_plain(frames, tick)[1]))
    return sum(steps), _usual(steps)


def _usual(steps: Sequence[int]) -> int:
    return sorted(steps)[len(steps) // 2] if steps else 1
