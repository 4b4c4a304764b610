"""Which bytes of a file there are: a set of numbers, kept as ranges. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class ByteSet:
    """Byte numbers as sorted ranges that neither touch nor overlap; each is a pair (start, stop)."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in ranges:
            self.add(start, stop)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._starts, self._stops, strict=True)

    def __len__(self) -> int:
        """How many bytes there are."""
        return sum(self._stops) - sum(self._starts)

    def add(self, start: int, stop: int) -> None:
        """Add the bytes from `start` to before `stop`."""
        if start >= stop:
            return
        # Ranges that touch the new one become one with it.
        first, last = bisect_left(self._stops, start), bisect_right(self._starts, stop)
        if first < last:
            start, stop = min(start, self._starts[first]), max(stop, self._stops[last - 1])
        self._starts[first:last] = [start]
        self._stops[first:last] = [stop]

    @property
    def end(self) -> int:
        """Where the last of them ends; 0 when there are none."""
        return self._stops[-1] if self._stops else 0

    def run(self, start: int) -> int:
        """Where the bytes that follow each other from `start` on end; `start` itself when it is missing."""
        at = bisect_right(self._starts, start) - 1
        return max(start, self._stops[at]) if at >= 0 else start

    def covers(self, start: int, stop: int) -> bool:
        """Whether all bytes from `start` to before `stop` are there."""
        return self.run(start) >= stop

    def missing(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """The ranges between `start` and `stop` that are not there, in order."""
        while (start := self.run(start)) < stop:
            after = bisect_right(self._starts, start)
            upto = min(stop, self._starts[after]) if after < len(self._starts) else stop
            yield start, upto
            start = upto
