"""Which bytes of a file tell what would become of it: its beginning, and an MP4's index wherever it is. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator

HEAD = 1024 * 1024
"""Bytes of the beginning that are always sent."""
MOST = 16 * 1024 * 1024
"""Bytes that a server looks at, all together."""
MOST_RANGES = 4000
_HEADER = 16
"""Bytes of the largest box header."""
_INDEX = (b"moov", b"moof")

Read = Callable[[int, int], bytes]
"""Bytes from (start, length)."""


def telling(read: Read, size: int) -> list[tuple[int, int]]:
    """Ranges (start, length) worth sending, the beginning first; apart from each other, at most `MOST` bytes.

    Spec: ISO/IEC 14496-12, 4.2. Of media only its header is sent, so that the server can walk on behind it.
    """
    found = [(0, min(size, HEAD))]
    left = MOST - found[0][1]
    for start, length in _boxes(read, size):
        before, last = found[-1]
        covered = before + last
        if start + length <= covered:
            continue
        start, length = max(start, covered), start + length - max(start, covered)
        if length > left or len(found) >= MOST_RANGES:
            break
        left -= length
        if start == covered:
            found[-1] = (before, last + length)
        else:
            found.append((start, length))
    return found


def _boxes(read: Read, size: int) -> Iterator[tuple[int, int]]:
    """Index boxes whole, and the headers of all others."""
    at = 0
    while at < size:
        header = read(at, min(_HEADER, size - at))
        if len(header) < 8 or not header[4:8].isascii() or not header[4:8].decode().isprintable():
            return
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        elif length == 0:
            length = size - at
        if length < 8:
            return
        yield at, min(length if header[4:8] in _INDEX else _HEADER, size - at)
        at += length
