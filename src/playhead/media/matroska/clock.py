"""Frames put back on their own clock.

Matroska rounds times to its ticks, mostly milliseconds. Frames of one length each, and sound packets of a
known number of samples, have lost nothing by that: when every time lies within a tick of an even row, the row
is what was meant. Where no row fits, the times stay as they are and `Track.unfit` sends the file to the
encoder: what is not known to be in sync is never served.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from fractions import Fraction
from itertools import compress, repeat
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
NOT_EVEN = "its frames' times are rounded by the container"


def movie_of(
    tracks: Sequence[Described], frames: Sequence[Frames], tick_nanoseconds: int, size: int
) -> Movie:
    """The movie of these tracks, its brand `mkv`. Its pictures begin with the sound, or close behind."""
    tick = Fraction(tick_nanoseconds, 10**9)
    return Movie(
        timescale=1000,
        duration=0,
        tracks=tuple(
            _track(number, described, found, tick)
            for number, (described, found) in enumerate(zip(tracks, frames, strict=True), 1)
        ),
        brand="mkv",
        size=size,
    )


def _track(number: int, described: Described, frames: Frames, tick: Fraction) -> Track:
    timescale, samples, unfit = 1000, NO_SAMPLES, described.unfit
    if described.kind != "other" and frames.sizes:
        timescale, times = _evened(described, frames, tick)
        if times is None:
            timescale, times = _plain(frames, tick)
            unfit = unfit or NOT_EVEN
        if described.kind == "video":
            first = min(range(len(times)), key=times.__getitem__)
            if 0 < times[first] <= LATEST_PICTURE * timescale:
                times[first] = 0
        samples = _samples(frames, times)
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


def _evened(described: Described, frames: Frames, tick: Fraction) -> tuple[int, array[int] | None]:
    """A timescale and each frame's time in it; None where no even row fits."""
    if described.kind == "audio":
        step = SOUND_PACKETS.get(described.codec, 0)
        for length in (step, 2 * step):
            if step and described.rate:
                row = _row(frames.times, frames.told, tick * described.rate / length)
                if row is not None:
                    return described.rate, _spread(row, length)
        return 1000, None
    if described.kind != "video" or not all(frames.told):
        return 1000, None
    for rate in _likely(described, frames, tick):
        order = sorted(range(len(frames.times)), key=frames.times.__getitem__)
        row = _row(array("q", map(frames.times.__getitem__, order)), frames.told, tick * rate)
        if row is not None:
            # Finer than the frames are long, so that a beginning between two places can be told.
            spread = _spread(row, rate.denominator * FINER)
            times = array("q", bytes(8 * len(order)))
            for place, frame in enumerate(order):
                times[frame] = spread[place]
            return rate.numerator * FINER, times
    return 1000, None


def _likely(described: Described, frames: Frames, tick: Fraction) -> list[Fraction]:
    """Rates that the frames may have, the likeliest first: as the header says, then as they are counted."""
    counted = Fraction(len(frames.times) - 1) / max(1, max(frames.times) - min(frames.times)) / tick
    told = Fraction(10**9, described.frame_nanoseconds) if described.frame_nanoseconds else counted
    near = [min(RATES, key=lambda rate: abs(rate - wanted)) for wanted in (told, counted)]
    return list(dict.fromkeys(near))


def _row(times: array[int], told: bytes | bytearray, per_tick: Fraction) -> tuple[Fraction, int] | None:
    """Where an even row begins, in steps, and how many there are, if every told time is within a tick of it.

    `per_tick` is how many steps a tick is long.
    """
    count = len(times)
    numerator, denominator = per_tick.numerator, per_tick.denominator
    # How far each time is from its place in a row that begins at zero, in 1/denominator of a step.
    off = list(map(sub, map(mul, times, repeat(numerator)), range(0, count * denominator, denominator)))
    if not all(told):
        off = [each for each, is_told in zip(off, told, strict=True) if is_told]
    least, most = min(off), max(off)
    if most - least > numerator:  # one tick
        return None
    # What the first time says, where rounding the others to the nearest agrees; else what does so best.
    first = off[0]
    if 2 * max(most - first, first - least) > numerator:
        return Fraction(most + least, 2 * denominator), count
    return Fraction(first, denominator), count


def _spread(row: tuple[Fraction, int], length: int) -> array[int]:
    """The times of a row whose steps are `length` long."""
    start = round(row[0] * length)
    return array("q", range(start, start + length * row[1], length))


def _plain(frames: Frames, tick: Fraction) -> tuple[int, array[int]]:
    """The times as the file tells them, in milliseconds where its ticks are no others."""
    scale = tick * 1_000_000
    return 1_000_000, array(
        "q", map(floordiv, map(mul, frames.times, repeat(scale.numerator)), repeat(scale.denominator))
    )


def _samples(frames: Frames, times: array[int]) -> Samples:
    """Decode times are those of showing in their order: frames are decoded one by one as they are shown."""
    shown = array("q", sorted(times))
    steps = [min(step, 0xFFFFFFFF) for step in map(sub, shown[1:], shown)]
    usual = sorted(steps)[len(steps) // 2] if steps else 1
    offsets = list(map(sub, times, shown))
    count = len(times)
    ones = array("I", (1,)) * count
    reordered = any(offsets)
    if reordered and max(map(abs, offsets)) >= 1 << 31:
        raise corrupt("its frames are out of any order")
    return Samples(
        count=count,
        durations=run_lengths(array("I", [*steps, usual])),
        chunk_firsts=array("I", range(count)),
        chunk_offsets=frames.offsets,
        chunk_entries=array("H", (0,)) * count,
        size_table=frames.sizes,
        composition=Runs(ones, array("i", offsets)) if reordered else None,
        sync=None if all(frames.keys) else array("I", compress(range(count), frames.keys)),
        start=shown[0],
        longest_chunk=1,
    )
