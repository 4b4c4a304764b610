"""Elements of EBML (RFC 8794), read from bytes already in memory. Every read is checked against what is there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from playhead.model.errors import PlayheadError

MAGIC = b"\x1a\x45\xdf\xa3"
"""How every file begins: the id of its first element."""
LONGEST_HEADER = 12
"""Bytes of the longest element header Matroska allows: four of id, eight of size (RFC 9559, section 5.1)."""
CHILD_LIMIT = 10_000
"""Elements that one in memory may hold: of those that are read whole, tracks have the most, some twenty each."""


def corrupt(detail: str) -> PlayheadError:
    """The error for bytes that break the format; `detail` is a clause without capital or full stop."""
    return PlayheadError("corrupt_file", f"The Matroska file is damaged: {detail}.")


class Element(NamedTuple):
    """One element in memory: its id with the length marker, and its payload."""

    id: int
    body: memoryview


def header(data: memoryview | bytes, at: int) -> tuple[int, int | None, int] | None:
    """Id, size of the payload (None: unknown) and where the payload begins; None when bytes are missing.

    Raises:
        PlayheadError: `corrupt_file` for an id or a size longer than Matroska allows.
    """
    if at >= len(data):
        return None
    first = data[at]
    width = 9 - first.bit_length()
    if width > 4:
        raise corrupt("an element has no name")
    after = at + width
    if after >= len(data):
        return None
    name = int.from_bytes(data[at:after], "big")
    first = data[after]
    length = 9 - first.bit_length()
    if length > 8:
        raise corrupt("an element has no size")
    body = after + length
    if body > len(data):
        return None
    size = int.from_bytes(data[after:body], "big") & (1 << 7 * length) - 1
    return name, None if size == (1 << 7 * length) - 1 else size, body


def children(body: memoryview) -> Iterator[Element]:
    """The elements inside of one that is wholly in memory, in order.

    Raises:
        PlayheadError: `corrupt_file` when one is larger than what holds it, or there are too many.
    """
    at = count = 0
    while at < len(body):
        count += 1
        if count > CHILD_LIMIT:
            raise corrupt("an element holds too many others")
        name, size, start = header(body, at) or (0, None, 0)
        if size is None or start + size > len(body):
            raise corrupt("an element is larger than the element that holds it")
        yield Element(name, body[start : start + size])
        at = start + size


def values(body: memoryview) -> dict[int, memoryview]:
    """The children by id, the first of each."""
    found: dict[int, memoryview] = {}
    for name, payload in children(body):
        found.setdefault(name, payload)
    return found


def unsigned(body: memoryview | None, default: int = 0) -> int:
    """An unsigned integer (RFC 8794, section 7.2)."""
    if body is None:
        return default
    if len(body) > 8:
        raise corrupt("a number is too long")
    return int.from_bytes(body, "big")


def real(body: memoryview | None, default: float = 0.0) -> float:
    """A floating point number of four or eight bytes (section 7.3)."""
    if body is None or not len(body):
        return default
    if len(body) not in (4, 8):
        raise corrupt("a number is too long")
    return float(struct.unpack(">f" if len(body) == 4 else ">d", body)[0])


def text(body: memoryview | None, default: str = "") -> str:
    """A string, which zero bytes may end early (section 7.4)."""
    if body is None:
        return default
    return bytes(body[:255]).split(b"\0", 1)[0].decode("utf-8", "replace")
