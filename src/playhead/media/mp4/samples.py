"""The samples of one track, kept as compactly as the file keeps them and expanded only when asked."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, compress, islice, repeat
from operator import add, ne, sub
from typing import NamedTuple

from playhead.model.errors import PlayheadError

EXPANDED_LIMIT = 20_000_000
"""Samples that may be expanded at once: 10 h at 500 a second. Raw PCM, one sample per tick, goes beyond."""


FEW_RUNS = 8
"""Samples in a run from which on a Python step for each run is cheaper than one in C for each sample."""
SUMMED_BY = 1024
"""Samples whose sizes are added up once and for all; what lies between is added when it is asked for."""


class Runs(NamedTuple):
    """Run lengths and the value of each run, in order."""

    counts: array[int]
    values: array[int]

    def expanded(self) -> array[int]:
        """Every value, repeated as often as its run is long.

        The tables of real files are either a few long runs or nearly one run a sample; both are copied in
        whole stretches.
        """
        counts, values = self.counts, self.values
        if counts == array(counts.typecode, (1,)) * len(counts):
            return values[:]
        made = array(values.typecode)
        if len(counts) * FEW_RUNS <= sum(counts):
            for count, value in zip(counts, values, strict=True):
                made += array(values.typecode, (value,)) * count
            return made
        copied = 0
        for run in compress(range(len(counts)), map(ne, counts, repeat(1))):
            made += values[copied:run]
            made += values[run : run + 1] * counts[run]
            copied = run + 1
        made += values[copied:]
        return made


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
    """The number of the first sample in each chunk; a chunk is contiguous in the file."""
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
    longest_chunk: int = 0
    """An upper bound for the samples in one chunk; 0 when none is known."""

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
            return decode if isinstance(decode, array) else array("q", decode)
        self._check_expandable()
        return array("q", map(add, decode, self.composition.expanded()))

    def _decode(self, start: int) -> Iterable[int]:
        self._check_expandable()
        counts, values = self.durations
        if len(values) == 1 and values[0]:
            return range(start, start + values[0] * self.count, values[0])
        if len(counts) * FEW_RUNS > self.count or not all(values):
            return islice(accumulate(self.durations.expanded(), initial=start), self.count)
        times = array("q")
        for count, value in zip(counts, values, strict=True):
            times.extend(range(start, start + count * value, value))
            start += count * value
        return times

    @cached_property
    def composition_offsets(self) -> array[int] | None:
        """Ticks from each sample's decode time to its composition time; None when all are 0."""
        if self.composition is None:
            return None
        self._check_expandable()
        return self.composition.expanded()

    @cached_property
    def offsets(self) -> array[int]:
        """Where each sample starts, in bytes from the beginning of the file."""
        self._check_expandable()
        if len(self.chunk_firsts) == self.count:
            return self.chunk_offsets
        before = array("Q", accumulate(self.sizes, initial=0))
        bias = [
            offset - before[first]
            for offset, first in zip(self.chunk_offsets, self.chunk_firsts, strict=True)
        ]
        lengths = map(sub, chain(self.chunk_firsts[1:], (self.count,)), self.chunk_firsts)
        return array("Q", map(add, before, chain.from_iterable(map(repeat, bias, lengths))))

    @cached_property
    def total_bytes(self) -> int:
        """Bytes of all samples together."""
        return self.constant_size * self.count if self.constant_size else sum(self.size_table)

    def bytes_of(self, first: int, stop: int) -> int:
        """Bytes of the samples `first` to `stop` together."""
        if self.constant_size:
            return self.constant_size * (stop - first)
        if stop - first <= 4 * SUMMED_BY:
            return sum(self.size_table[first:stop])
        low, high = -(-first // SUMMED_BY), stop // SUMMED_BY
        between = self._sums[high] - self._sums[low]
        edges = self.size_table[first : low * SUMMED_BY], self.size_table[high * SUMMED_BY : stop]
        return between + sum(map(sum, edges))

    @cached_property
    def _sums(self) -> list[int]:
        starts = range(0, self.count, SUMMED_BY)
        blocks = (sum(self.size_table[start : start + SUMMED_BY]) for start in starts)
        return list(accumulate(blocks, initial=0))

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

    def ends_within(self, size: int) -> bool:
        """Whether every byte that a sample uses lies before byte `size` of the file."""
        if not self.count:
            return True
        largest = (self.longest_chunk or self.count) * (self.constant_size or max(self.size_table))
        offsets, limit = self.chunk_offsets, size - largest
        # Only what lies near the end has to be looked at one by one.
        near = bisect_right(offsets, limit)
        suspects: Iterable[int] = range(near, len(offsets))
        if max(offsets[:near], default=limit) > limit:  # they are not in order
            suspects = (number for number, offset in enumerate(offsets) if offset > limit)
        firsts = self.chunk_firsts
        return all(
            offsets[number]
            + self.bytes_of(firsts[number], firsts[number + 1] if number + 1 < len(firsts) else self.count)
            <= size
            for number in suspects
        )

    def extents(self, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """Where the bytes of samples `first` to `stop` lie: (offset, length) of what is contiguous."""
        at, held, upto = first, -1, -1
        for chunk in range(self.chunk_of(first), len(self.chunk_firsts)):
            if at >= stop:
                break
            end = min(stop, self.chunk_firsts[chunk + 1] if chunk + 1 < len(self.chunk_firsts) else stop)
            start = self.chunk_offsets[chunk] + self.bytes_of(self.chunk_firsts[chunk], at)
            if start != upto:
                if upto > held:
                    yield held, upto - held
                held = start
            upto = start + self.bytes_of(at, end)
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
