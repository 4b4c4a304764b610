"""Byte ranges (RFC 9110, section 14): which bytes a `Range` header asks for, and how several are framed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from playhead.model.errors import PlayheadError

MAX_RANGES = 5
"""Ranges served in one answer; whoever asks for more gets the whole object once (RFC 9110, section 14.2)."""
_SPEC = re.compile(r"([0-9]*)-([0-9]*)")
_BREAK = "\r\n"
_MAX_DIGITS = 18
"""Positions of more digits lie beyond every object."""


@dataclass(frozen=True)
class Span:
    """`length` bytes from `start`; never empty."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """The position after the last byte."""
        return self.start + self.length

    def content_range(self, size: int) -> str:
        """The `Content-Range` of these bytes out of `size`."""
        return f"bytes {self.start}-{self.end - 1}/{size}"


def requested(header: str | None, size: int) -> list[Span] | None:
    """The spans asked for, in the order asked, cut to an object of `size` bytes; None for the whole object.

    Whole is also what a header that breaks the grammar gets, another unit, more than `MAX_RANGES`, and ranges
    that overlap: no request makes us send more bytes than the object has.

    Raises:
        PlayheadError: `range_not_satisfiable` when all of them lie beyond the end.
    """
    specs = _specs(header)
    if specs is None:
        return None
    spans = [span for first, last in specs if (span := _span(first, last, size)) is not None]
    if not spans:
        raise PlayheadError("range_not_satisfiable", f"The file has {size} bytes.")
    return None if _overlap(spans) else spans


def _specs(header: str | None) -> list[tuple[int | None, int | None]] | None:
    """First and last position of each range; a first of None makes the last a length from the end."""
    unit, equals, listed = (header or "").partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    # Empty elements of a list are ignored (section 5.6.1).
    texts = [text for part in listed.split(",") if (text := part.strip(" \t"))]
    if not 0 < len(texts) <= MAX_RANGES:
        return None
    specs = []
    for text in texts:
        found = _SPEC.fullmatch(text)
        if found is None or text == "-":
            return None
        first, last = _position(found[1]), _position(found[2])
        if first is not None and last is not None and last < first:
            return None
        specs.append((first, last))
    return specs


def _position(digits: str) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MAX_DIGITS else 10**_MAX_DIGITS


def _span(first: int | None, last: int | None, size: int) -> Span | None:
    """One range cut to the object, or None when it holds none of its bytes."""
    if first is None:
        length = min(last or 0, size)
        return Span(size - length, length) if length else None
    end = size if last is None else min(last + 1, size)
    return Span(first, end - first) if first < end else None


def _overlap(spans: list[Span]) -> bool:
    ordered = sorted(spans, key=lambda span: span.start)
    return any(later.start < earlier.end for earlier, later in pairwise(ordered))


@dataclass(frozen=True)
class Parts:
    """Several spans framed as `multipart/byteranges` (RFC 9110, section 14.6)."""

    boundary: str
    heads: tuple[bytes, ...]
    """What is sent before each span."""
    tail: bytes
    """What is sent after the last one."""
    length: int
    """Bytes of the whole answer."""

    @property
    def content_type(self) -> str:
        """The answer's own type; that of the object is in each part."""
        return f"multipart/byteranges; boundary={self.boundary}"


def framed(spans: list[Span], size: int, content_type: str, boundary: str) -> Parts:
    """The frame around `spans` of an object. `boundary` must not occur in the object: make it random."""
    heads = tuple(
        (
            # The line break belongs to the boundary that follows a part; the first follows none.
            f"{_BREAK if number else ''}--{boundary}\r\n"
            f"Content-Type: {content_type}\r\nContent-Range: {span.content_range(size)}\r\n\r\n"
        ).encode()
        for number, span in enumerate(spans)
    )
    tail = f"\r\n--{boundary}--\r\n".encode()
    length = sum(map(len, heads)) + sum(span.length for span in spans) + len(tail)
    return Parts(boundary, heads, tail, length)
