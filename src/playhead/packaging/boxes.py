"""Writes boxes (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

import struct
import sys
from array import array


def box(kind: bytes, *parts: bytes) -> bytes:
    """One box with these parts as its payload."""
    return struct.pack(">I", 8 + sum(map(len, parts))) + kind + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """One box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def big_endian(numbers: array[int]) -> bytes:
    """The array's numbers as the file format has them."""
    if sys.byteorder == "little":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def table(kind: bytes, numbers: array[int], columns: int = 1, version: int = 0) -> bytes:
    """A full box that is a row count and rows of numbers."""
    return full_box(kind, version, 0, struct.pack(">I", len(numbers) // columns), big_endian(numbers))
