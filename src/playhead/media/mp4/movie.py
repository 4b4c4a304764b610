"""What an MP4's index says: movie, tracks, edits. Immutable; times are integers in ticks of a timescale."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from playhead.media.mp4.samples import Samples
from playhead.model.errors import PlayheadError

Kind = Literal["video", "audio", "other"]

FOREVER = 1 << 62
"""A media time after every possible sample."""
NEVER = -(1 << 62)
"""The presentation time of a sample that no edit presents."""


@dataclass(frozen=True)
class Edit:
    """One row of the edit list (ISO/IEC 14496-12 section 8.6.6), as stored."""

    duration: int
    """In ticks of the *movie* timescale; 0 in the last row means "to the end"."""
    media_time: int
    """Where the edit starts, in ticks of the *track* timescale; -1 is an empty edit (nothing is shown)."""
    rate: int = 1 << 16
    """16.16 fixed point; anything but 1.0 is a dwell or a speed change."""


@dataclass(frozen=True)
class EditSpan:
    """A part of media time and where it lies in the presentation, all in track ticks."""

    media_start: int
    media_stop: int
    start: int
    """The presentation time of `media_start`."""


@dataclass(frozen=True)
class Track:
    """One track and its samples."""

    id: int
    kind: Kind
    timescale: int
    """Ticks per second of every time of this track."""
    sample_entries: tuple[bytes, ...]
    """The raw boxes of `stsd`, header included; `samples.chunk_entries` counts into them."""
    samples: Samples
    spans: tuple[EditSpan, ...]
    """The edit list in track ticks without its empty edits; a track without one has a single span from 0."""
    edits: tuple[Edit, ...] = ()
    width: int = 0
    """Coded pixels, from the sample entry; 0 for sound."""
    height: int = 0
    display_width: float = 0
    """Shown pixels before rotation, from the track header: pixel aspect applied, 0 when not told."""
    display_height: float = 0
    matrix: tuple[int, ...] = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    """The nine fixed point numbers of the track header (section 8.3.2)."""
    language: str = "und"
    """ISO 639-2/T."""
    enabled: bool = True
    unfit: str = ""
    """Why it cannot be given to players as it is, where only its container can tell; in a few words."""

    @property
    def sample_entry(self) -> bytes:
        """The first sample entry, the only one of most files.

        Raises:
            PlayheadError: `corrupt_file` when a damaged header has none.
        """
        if not self.sample_entries:
            raise PlayheadError("corrupt_file", "A track of the file does not say what it is coded with.")
        return self.sample_entries[0]

    @property
    def codec(self) -> str:
        """The four-character code of the first sample entry, such as `avc1`; empty when there is none."""
        return self.sample_entry[4:8].decode("latin-1") if self.sample_entries else ""

    @property
    def rotation(self) -> int:
        """Degrees clockwise to turn the picture by for showing it, 0 to 359."""
        return round(math.degrees(math.atan2(self.matrix[1], self.matrix[0]))) % 360

    @property
    def rate_changed(self) -> bool:
        """Whether an edit dwells on a picture or changes the speed."""
        return any(edit.rate != 1 << 16 for edit in self.edits if edit.media_time >= 0)

    @cached_property
    def composition_times(self) -> array[int]:
        """When each sample is shown on the media's own clock, in decode order, without the edit list."""
        return self.samples.composition_times()

    @cached_property
    def presentation_times(self) -> array[int]:
        """When each sample is shown, in decode order, with the edit list applied.

        With one span every sample is placed on that line, so samples before the edit come out negative
        and those after it lie beyond `presentation_end`. With several, a sample takes its first place,
        and one that no edit covers is `NEVER`.
        """
        if len(self.spans) == 1:
            return self.samples.composition_times(self.spans[0].start - self.spans[0].media_start)
        return array("q", map(self._place, self.composition_times))

    @cached_property
    def shown_times(self) -> array[int]:
        """The presentation times in the order of showing."""
        times = self.presentation_times
        return times if self.samples.rising and len(self.spans) == 1 else array("q", sorted(times))

    @cached_property
    def presentation_end(self) -> int:
        """The time at which the last presented sample ends."""
        last = self.spans[-1]
        return last.start + min(last.media_stop, self.media_end) - last.media_start

    @cached_property
    def media_end(self) -> int:
        """The end of the media on its own clock: its latest composition time and last duration."""
        if not self.samples.count:
            return 0
        if self.samples.rising:
            return self.samples.start + self.samples.duration
        if len(self.spans) == 1:  # whose times are at hand more often than those without edits
            shift = self.spans[0].start - self.spans[0].media_start
            return self.shown_times[-1] - shift + self.samples.last_duration
        return max(self.composition_times) + self.samples.last_duration

    def _place(self, time: int) -> int:
        for span in self.spans:
            if span.media_start <= time < span.media_stop:
                return time - span.media_start + span.start
        return NEVER


@dataclass(frozen=True)
class Movie:
    """The index of one MP4 or MOV file."""

    timescale: int
    duration: int
    """In ticks of `timescale`, as the file states it; 0 when it does not (fragmented files)."""
    tracks: tuple[Track, ...]
    brand: str = "isom"
    fragmented: bool = False
    size: int = 0
    """The size of the file in bytes when it was read."""

    def of_kind(self, kind: Literal["video", "audio"]) -> Iterator[Track]:
        """The tracks of one kind that have samples, in file order."""
        return (track for track in self.tracks if track.kind == kind and track.samples.count)

    @property
    def video(self) -> Track | None:
        """The first video track with samples."""
        return next(self.of_kind("video"), None)

    @cached_property
    def complete(self) -> bool:
        """Whether the file holds all the bytes that its index speaks of; false for a truncated file."""
        return all(track.samples.ends_within(self.size) for track in self.tracks)
