"""What the header of an AVI file says of its streams (Microsoft's AVI RIFF reference, and OpenDML 1.02). Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import compress, count, repeat
from operator import add, floordiv
from typing import Literal, NamedTuple

from playhead.media.avi.chunks import children, corrupt, u16, u32, u64

STREAM_LIMIT = 64

Kind = Literal["video", "audio", "other"]
_KINDS: dict[bytes, Kind] = {b"vids": "video", b"auds": "audio"}


class Place(NamedTuple):
    """Where a piece of a stream's index lies."""

    at: int
    size: int


@dataclass(frozen=True)
class Described:
    """One stream as the header describes it."""

    kind: Kind
    scale: int
    """The numerator of its tick in seconds."""
    rate: int
    """The denominator; 0 when the header does not tell."""
    start: int
    """Ticks of silence or of black before its first frame."""
    sample_size: int
    """Bytes of a tick of sound, where its chunks hold any number of ticks; 0 where a chunk is one."""
    block_align: int
    """Bytes that a sound decoder takes at once; 0 of pictures."""
    places: tuple[Place, ...] | None
    """Where the pieces of its own index lie (OpenDML); None when it has none of its own."""


@dataclass(frozen=True)
class Stream:
    """One stream with its frames, in file order."""

    kind: Kind
    tick: Fraction
    """Seconds."""
    sizes: array[int] = field(repr=False)
    """Bytes of each chunk. One without any stands for a frame that was dropped: the one before is shown on."""
    keys: bytes = field(repr=False)
    """Not 0 where decoding can start, of each chunk."""
    sample_size: int = 0
    block_align: int = 0

    @property
    def times(self) -> Sequence[int]:
        """When each frame that is there is shown, in ticks."""
        return range(len(self.sizes)) if all(self.sizes) else array("q", compress(count(), self.sizes))

    @property
    def shown_keys(self) -> Iterable[bool]:
        """Whether decoding can start at each of them."""
        return map(bool, self.keys if all(self.sizes) else compress(self.keys, self.sizes))

    @property
    def lasts(self) -> int:
        """How many ticks all chunks last: of sound, that depends on their sizes."""
        if self.kind == "audio" and self.sample_size:
            return sum(self.sizes) // (self.block_align or self.sample_size)
        if self.kind == "audio" and self.block_align:
            padded = map(add, self.sizes, repeat(self.block_align - 1))
            return sum(map(floordiv, padded, repeat(self.block_align)))
        return len(self.sizes)


def described(header: memoryview) -> tuple[Described, ...]:
    """Every stream of a `hdrl` list's payload, in file order.

    Raises:
        PlayheadError: `corrupt_file`.
    """
    lists = [body[4:] for name, body in children(header) if name == b"LIST" and bytes(body[:4]) == b"strl"]
    if len(lists) > STREAM_LIMIT:
        raise corrupt("it has more streams than their numbers can tell")
    return tuple(_described(body) for body in lists)


def _described(strl: memoryview) -> Described:
    found: dict[bytes, memoryview] = {}
    for name, body in children(strl):
        found.setdefault(name, body)
    header, form = found.get(b"strh"), found.get(b"strf", memoryview(b""))
    if header is None:
        raise corrupt("a stream is not described")
    kind = _KINDS.get(bytes(header[:4]), "other")
    index = found.get(b"indx")
    return Described(
        kind=kind,
        scale=u32(header, 20),
        rate=u32(header, 24),
        start=u32(header, 28),
        sample_size=u32(header, 44),
        block_align=u16(form, 12) if kind == "audio" else 0,
        places=None if index is None else _places(index),
    )


def _places(index: memoryview) -> tuple[Place, ...]:
    """The rows of a super index (OpenDML, section 3.1)."""
    # Its second half word is two fields: a kind below the first, and the kind itself.
    if u16(index, 0) != 4 or u16(index, 2) >> 8 != 0:
        raise corrupt("an index is of an unknown kind")
    rows = u32(index, 4)
    if 24 + 16 * rows > len(index):
        raise corrupt("an index has fewer rows than it says")
    return tuple(Place(u64(index, at), u32(index, at + 8)) for at in range(24, 24 + 16 * rows, 16))
