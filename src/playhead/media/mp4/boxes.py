"""Boxes of ISO base media files (ISO/IEC 14496-12, section 4.2), read from bytes already in memory.

Everything here is bounds-checked against the bytes at hand before anything is allocated, so a box that
claims four billion entries in forty bytes is refused at once.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from playhead.model.errors import PlayheadError

U16 = struct.Struct(">H")
U32 = struct.Struct(">I")
U64 = struct.Struct(">Q")
I64 = struct.Struct(">q")


def corrupt(detail: str) -> PlayheadError:
    """The error for bytes that break the format; `detail` is a clause without capital or full stop."""
    return PlayheadError("corrupt_file", f"The MP4 index is damaged: {detail}.")


CHILD_LIMIT = 100_000
"""Boxes that one may hold. Those at the top of a file are counted apart."""
PART_LIMIT = 1_000
"""Boxes in one that describes a track, or a part of it; writers put some ten there."""


class Box(NamedTuple):
    """One box: its four-character kind and its payload, without the header."""

    kind: bytes
    body: memoryview


def u16(body: memoryview, at: int) -> int:
    """The unsigned 16-bit number at byte `at`."""
    _need(body, at, 2)
    return int(U16.unpack_from(body, at)[0])


def u32(body: memoryview, at: int) -> int:
    """The unsigned 32-bit number at byte `at`."""
    _need(body, at, 4)
    return int(U32.unpack_from(body, at)[0])


def u64(body: memoryview, at: int) -> int:
    """The unsigned 64-bit number at byte `at`."""
    _need(body, at, 8)
    return int(U64.unpack_from(body, at)[0])


def i64(body: memoryview, at: int) -> int:
    """The signed 64-bit number at byte `at`."""
    _need(body, at, 8)
    return int(I64.unpack_from(body, at)[0])


def version_and_flags(body: memoryview) -> tuple[int, int]:
    """The version and the flags of a full box (section 4.2.2)."""
    word = u32(body, 0)
    return word >> 24, word & 0xFFFFFF


def children(body: memoryview, start: int = 0) -> Iterator[Box]:
    """The boxes inside a container, in order.

    Fewer than eight bytes at the end are ignored: QuickTime closes some containers with four zero bytes.

    Raises:
        PlayheadError: `corrupt_file` when a box is larger than what holds it, or there are too many.
    """
    at, end = start, len(body)
    for _ in range(CHILD_LIMIT):
        if end - at < 8:
            return
        size, header = u32(body, at), 8
        if size == 1:
            size, header = u64(body, at + 8), 16
        elif size == 0:
            size = end - at
        if size < header or size > end - at:
            raise corrupt("a box is larger than the box that holds it")
        yield Box(bytes(body[at + 4 : at + 8]), body[at + header : at + size])
        at += size
    raise corrupt("a box holds too many others")


def find(body: memoryview, kind: bytes, start: int = 0) -> memoryview | None:
    """The payload of the first child of this kind, or None."""
    return next((box.body for box in children(body, start) if box.kind == kind), None)


def require(body: memoryview, kind: bytes) -> memoryview:
    """The payload of the first child of this kind.

    Raises:
        PlayheadError: `corrupt_file` when there is none.
    """
    return _there(find(body, kind), kind)


class Parts(dict[bytes, memoryview]):
    """The payload of the first child of each kind, of a box that has few. It is looked through once.

    Raises:
        PlayheadError: `corrupt_file` as `children`, and for more than `PART_LIMIT`.
    """

    def __init__(self, body: memoryview) -> None:
        super().__init__()
        for number, (kind, payload) in enumerate(children(body)):
            if number == PART_LIMIT:
                raise corrupt("a box holds too many others")
            self.setdefault(kind, payload)

    def require(self, kind: bytes) -> memoryview:
        """That of this kind.

        Raises:
            PlayheadError: `corrupt_file` when there is none.
        """
        return _there(self.get(kind), kind)


def _there(found: memoryview | None, kind: bytes) -> memoryview:
    if found is None:
        raise corrupt(f"the {kind.decode('latin-1')} box is missing")
    return found


def words(body: memoryview, at: int, count: int) -> array[int]:
    """`count` unsigned 32-bit numbers from byte `at`, as one array."""
    return _table(array("I"), body, at, count)


def signed_words(body: memoryview, at: int, count: int) -> array[int]:
    """`count` signed 32-bit numbers from byte `at`, as one array."""
    return _table(array("i"), body, at, count)


def long_words(body: memoryview, at: int, count: int) -> array[int]:
    """`count` unsigned 64-bit numbers from byte `at`, as one array."""
    return _table(array("Q"), body, at, count)


def _table(empty: array[int], body: memoryview, at: int, count: int) -> array[int]:
    length = count * empty.itemsize
    _need(body, at, length)
    empty.frombytes(body[at : at + length])
    if sys.byteorder == "little":
        empty.byteswap()
    return empty


def _need(body: memoryview, at: int, length: int) -> None:
    if at + length > len(body):
        raise corrupt("a box ends before its fields do")
