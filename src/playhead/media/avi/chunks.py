"""Chunks of RIFF files, read from bytes already in memory. Every read is checked against what is there."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from playhead.model.errors import PlayheadError

HEADER = 8
"""Bytes of a chunk's header: its kind and the size of its payload. A list's form is the first of that payload."""


def corrupt(detail: str) -> PlayheadError:
    """The error for bytes that break the format; `detail` is a clause without capital or full stop."""
    return PlayheadError("corrupt_file", f"The AVI file is damaged: {detail}.")


class Chunk(NamedTuple):
    """One chunk in memory: its four-character kind and its payload."""

    kind: bytes
    body: memoryview


def whole(size: int) -> int:
    """Bytes of a chunk with a payload of `size`, its header and the byte that makes it even included."""
    return HEADER + size + size % 2


def children(body: memoryview) -> Iterator[Chunk]:
    """The chunks inside of a list that is wholly in memory, in order.

    Raises:
        PlayheadError: `corrupt_file` when one is larger than what holds it.
    """
    at = 0
    while at + HEADER <= len(body):
        size = u32(body, at + 4)
        if at + HEADER + size > len(body):
            raise corrupt("a chunk is larger than the list that holds it")
        yield Chunk(bytes(body[at : at + 4]), body[at + HEADER : at + HEADER + size])
        at += whole(size)


def u16(body: memoryview | bytes, at: int) -> int:
    """The unsigned 16-bit number at byte `at`."""
    return _number("<H", body, at)


def u32(body: memoryview | bytes, at: int) -> int:
    """The unsigned 32-bit number at byte `at`."""
    return _number("<I", body, at)


def u64(body: memoryview | bytes, at: int) -> int:
    """The unsigned 64-bit number at byte `at`."""
    return _number("<Q", body, at)


def words(body: memoryview | bytes, count: int) -> array[int]:
    """The first `count` unsigned 32-bit numbers, as one array."""
    if 4 * count > len(body):
        raise corrupt("a table ends before its rows do")
    made = array("I")
    made.frombytes(body[: 4 * count])
    if sys.byteorder == "big":
        made.byteswap()
    return made


def _number(form: str, body: memoryview | bytes, at: int) -> int:
    if at + struct.calcsize(form) > len(body):
        raise corrupt("a chunk ends before its fields do")
    return int(struct.unpack_from(form, body, at)[0])
