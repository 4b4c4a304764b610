"""A file of which only some ranges are at hand, as the index reader wants it."""

from __future__ import annotations

from collections.abc import Mapping

Range = tuple[int, int]
"""Where it starts and how many bytes it has."""


class RangeMissingError(Exception):
    """None of the bytes that were asked for are at hand."""


class SparseBytes:
    """Ranges of a file of `size` bytes, held in memory. What is not there is noted in `missing`."""

    def __init__(self, size: int, ranges: Mapping[int, bytes]) -> None:
        self.size = size
        self.missing: Range | None = None
        """What the last read wanted and did not get; None when it got everything."""
        self._runs: list[tuple[int, bytearray]] = []
        for start, data in sorted(ranges.items()):
            self._add(start, memoryview(data)[: max(0, size - start)])

    def _add(self, start: int, data: memoryview) -> None:
        if self._runs:
            before, run = self._runs[-1]
            overlap = before + len(run) - start
            if overlap >= 0:
                run += data[overlap:]
                return
        self._runs.append((start, bytearray(data)))

    def held(self, start: int, length: int) -> bytes:
        """The bytes from `start` that are at hand without a gap, at most `length`."""
        for begin, run in self._runs:
            if begin <= start < begin + len(run):
                return bytes(run[start - begin : start - begin + length])
        return b""

    async def read(self, start: int, length: int) -> bytes:
        """What there is of the bytes `start` to `start + length`, without a gap.

        Raises:
            RangeMissingError: there is nothing of them.
        """
        wanted = max(0, min(length, self.size - start))
        piece = self.held(start, wanted)
        self.missing = (start + len(piece), wanted - len(piece)) if len(piece) < wanted else None
        if wanted and not piece:
            raise RangeMissingError
        return piece


class AtHand:
    """The same ranges for a reader who does without what is not there."""

    def __init__(self, ranges: SparseBytes) -> None:
        self.size = ranges.size
        self._ranges = ranges

    async def read(self, start: int, length: int) -> bytes:
        """What there is of the bytes `start` to `start + length`, without a gap."""
        return self._ranges.held(start, length)
