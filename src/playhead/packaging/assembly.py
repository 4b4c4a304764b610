"""A file that is not stored: header bytes of its own, then spans of stored files."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple


class Span(NamedTuple):
    """Contiguous bytes of one stored file."""

    source: int
    """Which stored file, as the caller numbered them."""
    offset: int
    """In bytes from the beginning of that file."""
    length: int
    """In bytes, at least 1."""


@dataclass(frozen=True)
class Assembly:
    """What a virtual file consists of, in order: `head`, then every span."""

    head: bytes
    spans: tuple[Span, ...] = ()

    @property
    def size(self) -> int:
        """The size of the whole file in bytes."""
        return self._ends[-1]

    def part(self, start: int, length: int) -> Iterator[bytes | Span]:
        """What bytes `start` to `start + length` consist of; what lies beyond the end is left out."""
        stop = min(start + length, self.size)
        if start < min(stop, len(self.head)):
            yield self.head[start:stop]
            start = len(self.head)
        number = bisect_right(self._ends, start) - 1
        while start < stop:
            skipped = start - self._ends[number]
            source, offset, whole = self.spans[number]
            taken = min(whole - skipped, stop - start)
            yield Span(source, offset + skipped, taken)
            start += taken
            number += 1

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate((span.length for span in self.spans), initial=len(self.head)))
