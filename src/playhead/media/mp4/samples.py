"""The samples of one track, kept as compactly as the file keeps them and expanded only when asked."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, islice, repeat
from operator import add, sub
from typing import NamedTuple

from playhead.model.errors import PlayheadError

EXPANDED_LIMIT = 20_000_000
"""Samples that may be expanded at once: 10 h at 500 a second. Raw PCM, one sample per tick, goes beyond."""


class Runs(NamedTuple):
    """Run lengths and the value of each run, in order."""

    counts: array[int]
    values: array[int]

    def expanded(self) -> Iterable[int]:
        """Every value, repeated as often as its run is long."""
        return chain.from_iterable(map(repeat, self.values, self.counts))


@dataclass(frozen=True, repr=False)
class Samples:
    """The samples of one track in decode order.

    The tables were checked against each other when read, so that expanding them cannot fail; the arrays
    must not be changed by whoever reads them.
    """

    count: int
    durations: Runs
    """Ticks from each sample's decode time to the next one's."""
    chunk_firsts: array[int]
    """The number of the first sample in each chunk; a chunk is a contiguous stretch of the file."""
    chunk_offsets: array[int]
    """Where each chunk starts, in bytes from the beginning of the file."""
    chunk_entries: array[int]
    """Which of the track's sample entries each chunk's samples use, counted from 0."""
    size_table: array[int]
    """Bytes of each sample; empty when all have `constant_size`."""
    constant_size: int = 0
    composition: Runs | None = None
    """Ticks from decode time to composition time; None when all are 0."""
    sync: array[int] | None = None
    """The numbers of the sync samples; None when every sample is one."""
    start: int = 0
    """The decode time of the first sample; not 0 in some fragmented files."""

    def __repr__(self) -> str:
        return f"Samples(count={self.count})"  # a log line, not two million numbers

    @cached_property
    def sizes(self) -> array[int]:
        """Bytes of each sample."""
        if self.size_table or not self.count:
            return self.size_table
        self._check_expandable()
        return array("I", (self.constant_size,)) * self.count

    def composition_times(self, shift: int = 0) -> array[int]:
        """When each sample is shown on the media's own clock, in track ticks, plus `shift`."""
        decode = self._decode(self.start + shift)
        if self.composition is None:
            return array("q", decode)
        return array("q", map(add, decode, self.composition.expanded()))

    @cached_property
    def decode_times(self) -> array[int]:
        """The decode time of each sample in track ticks."""
        return array("q", self._decode(self.start))

    def _decode(self, start: int) -> Iterable[int]:
        self._check_expandable()
        step = self.durations.values[0] if len(self.durations.values) == 1 else 0
        if step:
            return range(start, start + step * self.count, step)
        return islice(accumulate(self.durations.expanded(), initial=start), self.count)

    @cached_property
    def composition_offsets(self) -> array[int] | None:
        """Ticks from each sample's decode time to its composition time; None when all are 0."""
        if self.composition is None:
            return None
        self._check_expandable()
        return array("i", self.composition.expanded())

    @cached_property
    def offsets(self) -> array[int]:
        """Where each sample starts, in bytes from the beginning of the file."""
        self._check_expandable()
        if len(self.chunk_firsts) == self.count:
            return self.chunk_offsets
        before = self.bytes_before
        bias = [
            offset - before[first]
            for offset, first in zip(self.chunk_offsets, self.chunk_firsts, strict=True)
        ]
        per_sample = Runs(self._chunk_lengths(), bias).expanded()  # type: ignore[arg-type]  # a list serves as well
        return array("Q", map(add, before, per_sample))

    @cached_property
    def bytes_before(self) -> array[int]:
        """The sum of the sizes of all samples before each; one more entry at the end is the sum of all."""
        return array("Q", accumulate(self.sizes, initial=0))

    @cached_property
    def entries(self) -> Sequence[int] | None:
        """Which sample entry each sample uses, counted from 0; None when all use the first."""
        if not any(self.chunk_entries):
            return None
        self._check_expandable()
        return array("H", Runs(self._chunk_lengths(), self.chunk_entries).expanded())

    @cached_property
    def duration(self) -> int:
        """The sum of all durations in track ticks."""
        return sum(count * value for count, value in zip(*self.durations, strict=True))

    @property
    def rising(self) -> bool:
        """Whether the samples are surely shown in the order of decoding, each at a time of its own."""
        return self.composition is None and (self.count < 2 or min(self.durations.values) > 0)

    @property
    def last_duration(self) -> int:
        """The duration of the last sample in decode order, in track ticks."""
        return self.durations.values[-1] if self.count else 0

    @cached_property
    def bytes_end(self) -> int:
        """The end of the last byte of the file that a sample uses."""
        if not self.count:
            return 0
        firsts = self.chunk_firsts
        if self.constant_size:
            starts: Iterable[int] = [self.constant_size * first for first in firsts]
            stops: Iterable[int] = [*starts, self.constant_size * self.count][1:]
        else:
            starts = map(self.bytes_before.__getitem__, firsts)
            stops = map(self.bytes_before.__getitem__, chain(firsts[1:], (self.count,)))
        ends: Iterable[int] = map(add, self.chunk_offsets, map(sub, stops, starts))
        return max(ends)

    def extents(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """Where the bytes of samples `first` to `stop` lie: (offset, length) of each contiguous stretch."""
        before, at = self.bytes_before, first
        held, upto = -1, -1
        for chunk in range(self.chunk_of(first), len(self.chunk_firsts)):
            if at >= stop:
                break
            end = min(stop, self.chunk_firsts[chunk + 1] if chunk + 1 < len(self.chunk_firsts) else stop)
            start = self.chunk_offsets[chunk] + before[at] - before[self.chunk_firsts[chunk]]
            if start != upto:
                if upto > held:
                    yield held, upto - held
                held = start
            upto = start + before[end] - before[at]
            at = end
        if upto > held:
            yield held, upto - held

    def chunk_of(self, sample: int) -> int:
        """The number of the chunk that holds a sample."""
        return bisect_right(self.chunk_firsts, sample) - 1

    def _chunk_lengths(self) -> array[int]:
        return array("I", map(sub, chain(self.chunk_firsts[1:], (self.count,)), self.chunk_firsts))

    def _check_expandable(self) -> None:
        if self.count > EXPANDED_LIMIT:
            raise PlayheadError(
                "resource_limit", f"A track has {self.count} samples, more than can be listed."
            )


NO_SAMPLES = Samples(0, Runs(array("I"), array("I")), array("I"), array("Q"), array("H"), array("I"))
"""The samples of a track that has none, or of a kind whose samples are not read."""
