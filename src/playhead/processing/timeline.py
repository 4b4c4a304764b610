"""The timeline of a source: when each of its frames is shown, worked out from its packets.

A container's header may lie about duration and frame rate; packets cannot lie about how many there are. When
their timestamps are missing, doubled or torn apart, the frames are laid on a constant rate instead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, compress, pairwise
from operator import sub

from playhead.media.ffmpeg.probe import Packets
from playhead.model.plan import TIMESCALE

MAX_RATE = 60
"""Frames per second that are kept; faster sources are thinned to this."""
JUMP_SECONDS = 10
"""In a container whose clock may restart, a gap this long is a restart, not a pause; ffmpeg repairs the same."""
REORDERED_SECONDS = 5
"""No codec reorders frames over more: times that fall back further are torn."""
LONGEST_LEAD_SECONDS = 60
"""In a container whose clock may restart, sound that is further ahead of the pictures is of another clock."""
SHORTEST_SOUND_SECONDS = 0.1
FALLBACK_RATE = Fraction(25)


@dataclass(frozen=True)
class Timeline:
    """When frames are shown, in the source's ticks, or at a constant rate."""

    tick: Fraction
    """Seconds per tick of `times` and `keys`."""
    times: tuple[int, ...]
    """Presentation times of the frames in order; empty when timestamps cannot be used."""
    keys: tuple[int, ...]
    """Presentation times of the frames that decoding can start at, in order."""
    end: int
    """When the last frame ends."""
    rate: Fraction
    """Frames per second: the average of `times`, or the constant rate."""
    count: int
    """How many frames the packets promise."""
    begin: int = 0
    """When the presentation begins, in ticks: with the first frame, or with sound that is heard before it."""

    clocked: bool = True
    """Whether the source's clock means anything: where a header claims a rate that cannot be, it does not."""

    @property
    def usable(self) -> bool:
        """Whether the source's own frame times can be kept."""
        return bool(self.times)

    @property
    def duration_seconds(self) -> Fraction:
        """From the presentation's beginning to the last frame's end."""
        if self.times:
            return (self.end - self.begin) * self.tick
        return self.count / self.rate

    def from_sound(self, seconds: float, *, clock_may_restart: bool = False) -> Timeline:
        """The timeline when sound is heard from `seconds` on: it begins there, if that is before the pictures.

        The first picture is then shown from the beginning, so that no sound is lost and nothing is blank.
        """
        heard = round(Fraction(seconds) / self.tick)
        lead = (self.begin - heard) * self.tick
        if not self.usable or lead <= 0 or (clock_may_restart and lead > LONGEST_LEAD_SECONDS):
            return self
        return replace(self, begin=heard)

    def key_before(self, time: int) -> int | None:
        """The key frame from which decoding is sure to reach the frame at `time`, or None for the start.

        One key frame more than needed is left in: frames that lead an open GOP need the GOP before it.
        """
        position = bisect_right(self.keys, time) - 2
        return self.keys[position] if position > 0 else None


def rounded(ticks: int, tick: Fraction) -> int:
    """Ticks of the source → ticks of the plan, to the nearest, halves away from zero, as ffmpeg rescales."""
    numerator, denominator = tick.numerator * TIMESCALE, tick.denominator
    nearest = (2 * abs(ticks) * numerator + denominator) // (2 * denominator)
    return nearest if ticks >= 0 else -nearest


def rounded_from(begin: int, times: Sequence[int], tick: Fraction) -> list[int]:
    """The same of many times since `begin`, none of which lies before it: a film has hundreds of thousands."""
    numerator, denominator = 2 * tick.numerator * TIMESCALE, 2 * tick.denominator
    if numerator % denominator == 0:  # a tick of theirs is so many of ours
        whole = numerator // denominator
        return [(time - begin) * whole for time in times]
    half = tick.denominator
    return [((time - begin) * numerator + half) // denominator for time in times]


def from_packets(
    packets: Packets, tick: Fraction, average_rate: Fraction | None, *, clock_may_restart: bool = False
) -> Timeline:
    """Work out the timeline of a stream from its packets.

    `average_rate` is the header's claim, believed only where packets have no times. `clock_may_restart` is
    true of broadcast containers (MPEG-TS and -PS), where a long gap is a splice and not a pause.
    """
    # A film has hundreds of thousands of packets: what is looked at one by one here is looked at in C.
    times: Sequence[int | None] = packets.pts
    starting: Sequence[bool] = packets.keys
    if not all(packets.shown):
        times = list(compress(packets.pts, packets.shown))
        starting = list(compress(packets.keys, packets.shown))
    in_file_order = [time for time in times if time is not None]
    known = sorted(in_file_order)
    rate = _plausible(average_rate)
    gaps = sorted(map(sub, known[1:], known))
    torn = _falls_back(in_file_order, tick) or (clock_may_restart and _jumps(known, tick))
    if not times or len(known) < len(times) or 0 in gaps[:1] or torn:
        return Timeline(tick, (), (), 0, rate or FALLBACK_RATE, len(times), clocked=rate is not None)
    keys = sorted(time for time in compress(times, starting) if time is not None)
    end = known[-1] + _last_duration(packets, known[-1], gaps, tick, rate)
    measured = Fraction(len(known)) / ((end - known[0]) * tick)
    return Timeline(tick, tuple(known), tuple(keys), end, measured, len(known), begin=known[0])


def end_by_packets(packets: Packets, tick: Fraction, *, clock_may_restart: bool = False) -> float | None:
    """When the last packet of a sound ends, in seconds of the source's clock; None when they cannot tell."""
    times = [time for time in packets.pts if time is not None]
    if not times or _falls_back(times, tick) or (clock_may_restart and _jumps(sorted(times), tick)):
        return None
    lasts = (
        time + duration
        for time, duration, shown in zip(packets.pts, packets.durations, packets.shown, strict=True)
        if time is not None and shown
    )
    return float(max(lasts, default=max(times)) * tick)


def of_sound(start: float, lasts: float, *, trusted: bool) -> Timeline:
    """The timeline of a sound without pictures, that is heard from `start` on for `lasts` seconds.

    It counts one frame, the drawing of it, which is seen for a moment however short the sound is. Unless its
    clock is `trusted` it begins at its own zero.
    """
    tick = Fraction(1, TIMESCALE)
    begin, length = round(start * TIMESCALE), round(max(SHORTEST_SOUND_SECONDS, lasts) * TIMESCALE)
    if not trusted:
        return Timeline(tick, (), (), 0, 1 / (length * tick), 1)
    return Timeline(tick, (begin,), (begin,), begin + length, 1 / (length * tick), 1, begin=begin)


def lasts_by_durations(packets: Packets, tick: Fraction) -> float:
    """How long a sound is whose clock cannot be believed: what its packets hold, one after the other."""
    return float(sum(packets.durations) * tick)


def _plausible(rate: Fraction | None) -> Fraction | None:
    return rate if rate is not None and Fraction(1, 10) <= rate <= 1000 else None


def _jumps(times: list[int], tick: Fraction) -> bool:
    return any((after - before) * tick > JUMP_SECONDS for before, after in pairwise(times))


def _falls_back(times: list[int], tick: Fraction) -> bool:
    slack, in_order = round(REORDERED_SECONDS / tick), sorted(times)
    if times == in_order:
        return False
    # None falls back by more than twice as far as the furthest is from its place in order.
    away = list(map(sub, times, in_order))
    if 2 * max(max(away), -min(away)) <= slack:
        return False
    return bool(min(map(sub, times, accumulate(times, max))) < -slack)


def _last_duration(
    packets: Packets, last_time: int, gaps: Sequence[int], tick: Fraction, rate: Fraction | None
) -> int:
    """How long the last frame is shown: its packet's word if it is like its neighbours', else theirs.

    `gaps` are the ticks from one frame to the next, the shortest first.
    """
    last = packets.pts.index(last_time)
    usual = gaps[len(gaps) // 2] if gaps else round(1 / ((rate or FALLBACK_RATE) * tick))
    claimed = packets.durations[last]
    return claimed if 0 < claimed <= max(10 * usual, round(1 / tick)) else max(1, usual)
