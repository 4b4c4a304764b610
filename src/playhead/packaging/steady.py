"""Sound as it is encoded here, whose packets can be counted before they are there.

Every packet is AAC of 1024 samples, on a clock of one tick a sample, and the first one primes the decoder: it
lies before the beginning. So when each is heard follows from its number alone, and where segments are cut from
when the sound ends.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from playhead.media.mp4 import Movie, Track, sound_format
from playhead.model.errors import PlayheadError
from playhead.packaging.entries import sound_entry
from playhead.packaging.lane import Lane, Section
from playhead.packaging.silence import PACKET

PRIMING = PACKET
"""Ticks before the beginning at which ffmpeg's encoder starts."""


@dataclass(frozen=True)
class Steady:
    """The packets of such a sound, as far as when they are heard: what `cut` asks of a lane."""

    timescale: int
    """Ticks a second, which is the sample rate."""
    end: int
    """When it ends, in ticks."""
    kind: Literal["audio"] = "audio"
    lead: int = PRIMING

    @classmethod
    def of_packets(cls, timescale: int, count: int) -> Steady:
        """So many whole packets."""
        return cls(timescale, count * PACKET - PRIMING)

    @property
    def times(self) -> range:
        """When each packet is heard."""
        return range(-PRIMING, max(1 - PRIMING, self.end), PACKET)

    @property
    def shown(self) -> range:
        """The same, for packets come in order."""
        return self.times

    @property
    def sync_numbers(self) -> range:
        """All of them can be begun with."""
        return range(len(self.times))

    def shown_at(self, number: int) -> int:
        """When the packet of this number begins; past the last, when that ends."""
        times = self.times
        return times[number] if number < len(times) else max(self.end, times[0] + 1)

    def size(self, first: int, stop: int) -> int:
        """Bytes of these packets, which nobody knows yet."""
        del first, stop
        return 0


def whole_packets(track: Track) -> int:
    """How many packets a stored stretch of such a sound has, if all of them are whole; 0 when it is anything else."""
    if len(track.sample_entries) != 1:
        return 0
    on_samples = track.timescale == sound_format(track.sample_entry).sample_rate
    return track.samples.count if on_samples and set(track.samples.durations.values) == {PACKET} else 0


def lane_of_stretches(movies: Sequence[Movie], first: int) -> Lane:
    """The lane of stretches that follow each other, the first of which begins with packet number `first`.

    Its source k is `movies[k]`. What their own clocks say is not asked: those are rounded to milliseconds.

    Raises:
        PlayheadError: `output_invalid` when one of them has no sound.
    """
    entries: dict[bytes, int] = {}
    sections: list[Section] = []
    count, track = 0, None
    for source, movie in enumerate(movies):
        track = _sound(movie)
        entry = entries.setdefault(sound_entry(track.sample_entry), len(entries))
        sections.append(Section(count, source, entry, track.samples, -count))
        count += track.samples.count
    if track is None:
        raise PlayheadError("output_invalid", "There are no stretches.")
    begin = first * PACKET - PRIMING
    times = array("q", range(begin, begin + count * PACKET, PACKET))
    return Lane(
        kind="audio",
        timescale=track.timescale,
        entries=tuple(entries),
        sections=tuple(sections),
        times=times,
        shown=times,
        lead=PRIMING,
        sync=None,
        begin=max(0, begin),
        end=begin + count * PACKET,
        last_duration=PACKET,
        display_width=track.display_width or track.width,
        display_height=track.display_height or track.height,
        matrix=track.matrix,
        language=track.language,
    )


def _sound(movie: Movie) -> Track:
    track = next(movie.of_kind("audio"), None)
    if track is None:
        raise PlayheadError("output_invalid", "A stretch has no sound.")
    return track
