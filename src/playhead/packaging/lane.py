"""A lane: the frames or sound packets of one rendition on its timeline, wherever they are stored.

Every format is a view of a lane. Times are integers in ticks of the lane's timescale and count from the
beginning of the presentation. Decode times are not kept: each format derives them from the order of the
samples and their presentation times, so that pieces with different encoder delays join without a seam.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, islice
from operator import sub
from typing import Literal, NamedTuple

from playhead.media.mp4 import Samples
from playhead.packaging.assembly import Span


class Section(NamedTuple):
    """Samples of the lane, from `first` until the next section, that lie in one source and use one entry."""

    first: int
    source: int
    entry: int
    samples: Samples
    """The source's own list of them."""
    offset: int
    """What to add to a number of the lane for the number in that list."""


@dataclass(frozen=True, repr=False)
class Lane:
    """The samples of one rendition in decode order."""

    kind: Literal["video", "audio"]
    timescale: int
    entries: tuple[bytes, ...]
    """The distinct sample entries, without what belongs to one file only."""
    sections: tuple[Section, ...]
    times: array[int]
    """The presentation time of each sample; negative for sound before the beginning."""
    shown: array[int]
    """The same in the order of showing, each different."""
    sync: array[int] | None
    """The numbers of the sync samples; None when every sample is one."""
    begin: int
    """When the presentation of this lane begins; sound packets before it prime the decoder."""
    end: int
    """When it ends: the last sample may reach beyond, which is padding."""
    last_duration: int
    """How long the last shown sample is."""
    lead: int
    """Ticks by which a segment's media clock is ahead of the presentation: what reordered frames, or the
    packets that prime a sound decoder, need before time 0. Constant for all segments of a rendition."""
    silence: tuple[int, bytes] = (0, b"")
    """How many packets of silence go before the first packet of late sound, and such a packet. Players show
    nothing of the pictures while there is no sound at all."""
    display_width: float = 0
    display_height: float = 0
    matrix: tuple[int, ...] = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    language: str = "und"

    def __repr__(self) -> str:
        return f"Lane({self.kind}, {len(self.times)} samples)"

    @cached_property
    def sync_numbers(self) -> Sequence[int]:
        """The numbers of the sync samples, also when all are."""
        return range(len(self.times)) if self.sync is None else self.sync

    def sync_between(self, first: int, stop: int) -> Sequence[int]:
        """The numbers of the sync samples from `first` to before `stop`."""
        numbers = self.sync_numbers
        return numbers[bisect_left(numbers, first) : bisect_left(numbers, stop)]

    def duration(self, first: int, stop: int) -> int:
        """Ticks from the showing of the `first` sample, in the order of showing, to that of `stop`."""
        return self.shown_at(stop) - self.shown_at(first)

    def shown_at(self, number: int) -> int:
        """When the sample of this number in the order of showing starts; past the last, when that ends."""
        return self.shown[number] if number < len(self.shown) else self.shown[-1] + self.last_duration

    def section_of(self, sample: int) -> Section:
        """The section that a sample is in."""
        return self.sections[bisect_right(self._section_firsts, sample) - 1]

    def sizes(self, first: int, stop: int) -> array[int]:
        """Bytes of each of the samples `first` to `stop`."""
        sizes = array("I")
        for _, samples, start, end in self._parts(first, stop):
            sizes += samples.sizes[start:end]
        return sizes

    def size(self, first: int, stop: int) -> int:
        """Bytes of the samples `first` to `stop` together."""
        if len(self.sections) == 1:
            offset = self.sections[0].offset
            return self.sections[0].samples.bytes_of(first + offset, stop + offset)
        return sum(samples.bytes_of(start, end) for _, samples, start, end in self._parts(first, stop))

    def spans(self, first: int, stop: int) -> Iterator[Span]:
        """Where the bytes of samples `first` to `stop` are, contiguous ones as one span."""
        for source, samples, start, end in self._parts(first, stop):
            for offset, length in samples.extents(start, end):
                yield Span(source, offset, length)

    @cached_property
    def _section_firsts(self) -> list[int]:
        return [section.first for section in self.sections]

    def _parts(self, first: int, stop: int) -> Iterator[tuple[int, Samples, int, int]]:
        """Source and range in its own list of samples, for each section that `first` to `stop` touches."""
        number = bisect_right(self._section_firsts, first) - 1
        while first < stop:
            last = number + 1 == len(self.sections)
            upto = stop if last else min(stop, self._section_firsts[number + 1])
            _, source, _, samples, offset = self.sections[number]
            yield source, samples, first + offset, upto + offset
            first = upto
            number += 1


def decode_by_duration(times: array[int], shown: array[int], end: int) -> array[int]:
    """Decode times that leave each sample, in decode order, the duration that its frame is shown for.

    `shown` are the same times in order, `end` is when the last shown frame ends.
    """
    if times == shown:
        return shown
    durations = array("q", map(sub, chain(shown[1:], (end,)), shown))
    if durations.count(durations[0]) == len(durations):
        return shown
    by_time = dict(zip(shown, durations, strict=True))
    return array("q", islice(accumulate(map(by_time.__getitem__, times), initial=shown[0]), len(times)))
