"""A lane: the frames or sound packets of one rendition on its timeline, wherever they are stored.

Every format is a view of a lane. Times are integers in ticks of the lane's timescale and count from the
beginning of the presentation. Decode times are not kept: each format derives them from the order of the
samples and their presentation times, so that pieces with different encoder delays join without a seam.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, compress
from operator import add, gt, ne
from typing import Literal, NamedTuple

from playhead.packaging.assembly import Span


class Stretch(NamedTuple):
    """From sample `first` on, until the next stretch, samples lie in this source and use this entry."""

    first: int
    source: int
    entry: int


@dataclass(frozen=True, repr=False)
class Lane:
    """The samples of one rendition in decode order."""

    kind: Literal["video", "audio"]
    timescale: int
    entries: tuple[bytes, ...]
    """The distinct sample entries, without what belongs to one file only."""
    stretches: tuple[Stretch, ...]
    times: array[int]
    """The presentation time of each sample; negative for sound before the beginning."""
    sizes: array[int]
    offsets: array[int]
    """Where each sample starts in its source, in bytes."""
    sync: array[int] | None
    """The numbers of the sync samples; None when every sample is one."""
    begin: int
    """When the presentation of this lane begins; sound packets before it prime the decoder."""
    end: int
    """When it ends: the last sample may reach beyond, which is padding."""
    last_duration: int
    """How long the last shown sample is."""
    lead: int = 0
    """Ticks by which a segment's media clock is ahead of the presentation: what reordered frames, or the
    packets that prime a sound decoder, need before time 0. Constant for all segments of a rendition."""
    display_width: float = 0
    display_height: float = 0
    matrix: tuple[int, ...] = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    language: str = "und"

    def __repr__(self) -> str:
        return f"Lane({self.kind}, {len(self.times)} samples)"

    @cached_property
    def shown(self) -> array[int]:
        """The presentation times in the order of showing."""
        return array("q", sorted(self.times)) if any(map(gt, self.times, self.times[1:])) else self.times

    @cached_property
    def bytes_before(self) -> array[int]:
        """The sum of the sizes of all samples before each, and of all at the end."""
        return array("Q", accumulate(self.sizes, initial=0))

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

    def stretch_of(self, sample: int) -> Stretch:
        """The stretch that a sample is in."""
        return self.stretches[bisect_right(self._stretch_firsts, sample) - 1]

    def spans(self, first: int, stop: int) -> Iterator[Span]:
        """Where the bytes of samples `first` to `stop` are, contiguous ones as one span."""
        at = first
        while at < stop:
            upto = min(stop, self._seams[bisect_right(self._seams, at)])
            length = self.bytes_before[upto] - self.bytes_before[at]
            if length:
                yield Span(self.stretch_of(at).source, self.offsets[at], length)
            at = upto

    def in_language(self, language: str) -> Lane:
        """The same lane, said to be in this language (ISO 639-2/T)."""
        return replace(self, language=language)

    @cached_property
    def _stretch_firsts(self) -> list[int]:
        return [stretch.first for stretch in self.stretches]

    @cached_property
    def _seams(self) -> list[int]:
        """The samples that do not follow the one before them in the same file; then the end."""
        ends = map(add, self.offsets, self.sizes)
        moved = compress(range(1, len(self.offsets)), map(ne, ends, self.offsets[1:]))
        return [*sorted({*moved, *self._stretch_firsts[1:]}), len(self.offsets)]
