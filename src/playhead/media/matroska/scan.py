"""Walking through the clusters (RFC 9559, sections 5.1.3 and 10): where each frame lies, and its time.

The walk is flat: elements that hold others are stepped into, and what is of no interest is stepped over, so
that neither depth nor a size that is not told can lead it astray. Only block headers are looked at.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from playhead.media.matroska.ebml import corrupt, header, unsigned
from playhead.model.errors import PlayheadError

FRAME_LIMIT = 8_000_000
"""Frames of all tracks together, some 700 MB and 8 s of work; ten hours with three sounds have seven millions."""
BYTES_A_FRAME = 4
"""Fewer bytes of a file for each of its frames, and it is no film."""
ELEMENTS_A_FRAME = 4
"""A group, its block and what it refers to; a hostile file is made of elements of two bytes."""
BLOCK_HEAD = 11 + 1 + 4 * 256
"""Bytes of a block that may be needed to know its frames: track, time, flags, and the sizes of a lace."""
BLOCK_START = 8
"""Bytes from the start of a usual block to its first frame."""
TIME_LIMIT = 1 << 48
"""Ticks that no film lasts, however short they are."""

_EBML, _SEGMENT, _CLUSTER, _GROUP = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0xA0
_CLUSTER_TIME, _SIMPLE, _BLOCK, _DURATION, _REFERENCE = 0xE7, 0xA3, 0xA1, 0x9B, 0xFB
_USUAL = struct.Struct(">BHBhB").unpack_from
"""A block whose size takes two bytes: its id, that size with its mark, the track, the time and the flags."""
_TRACK_TIME_FLAGS = struct.Struct(">BhB").unpack_from
_TO_FRAME = 4
"""Bytes of track, time and flags, which a block of usual shape has before its frame."""
_TWO_BYTES, _TWO_BYTES_MARK, _UNTOLD_OF_TWO = 3, 0x4000, 0x7FFF
"""Bytes of id and size, the mark of a size of two bytes, and one that is not told."""
_LEAST_OF_TWO = _TWO_BYTES_MARK + _TO_FRAME + 1
_IS_KEY = bytes(flags >> 7 for flags in range(256))
"""From the flags of a simple block to 1 for a key frame (section 10.2)."""
_INTO = frozenset({_CLUSTER, _GROUP})

_Take = Callable[[int], None]
_Taking = tuple[_Take, _Take, _Take, _Take]


@dataclass
class Frames:
    """The frames of one track as the file lists them."""

    times: array[int] = field(default_factory=lambda: array("q"))
    """When each is shown, in ticks of the segment. A lace tells only its first frame's."""
    told: bytearray = field(default_factory=bytearray)
    """1 where a frame's time is told, 0 where it follows the one before it in a lace."""
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    keys: bytearray = field(default_factory=bytearray)
    """1 where decoding can start."""
    last_duration: int = 0
    """What the last block says of how long it lasts, in ticks; 0 when nothing."""

    def taking(self) -> _Taking:
        """How a frame's time, offset and size are noted, and the flags of its block, until `settle`."""
        return self.times.append, self.offsets.append, self.sizes.append, self.keys.append

    def settle(self, first: int) -> int:
        """The flags from frame `first` on become what they say, each of them of a block alone; how many."""
        count = len(self.sizes) - first
        if count:
            self.keys[first:] = self.keys[first:].translate(_IS_KEY)
            self.told += b"\1" * count
            self.last_duration = 0
        return count


@dataclass
class Walk:
    """Where the walk is, between two stretches of bytes."""

    tracks: dict[int, Frames]
    size: int
    """Of the file, as far as it is there."""
    at: int
    clock: int = 0
    """The time of the cluster."""
    elements: int = 0
    frames: int = 0
    most_frames: int = FRAME_LIMIT
    latest: int = TIME_LIMIT
    """The last time that a cluster may have, in ticks."""
    _group: tuple[int, int, int] | None = None
    """Track, first frame and how many, of the block of a group that is under way."""
    _group_end: int = 0
    _grouped: bool = False

    def through(self, data: bytes | memoryview, start: int) -> None:
        """Go on through `data`, which lie at `start` of the file, as far as whole headers go.

        Raises:
            PlayheadError: `corrupt_file`; `resource_limit` for more than any film has.
        """
        end, at = start + len(data), self.at
        while at < end:
            at = self._simple_blocks(data, start, at)
            if self._grouped and at >= self._group_end:
                self._grouped, self._group = False, None
            found = header(data, at - start) if at < end else None
            if found is None:
                break
            name, size, body = found
            body += start
            if name in _INTO:
                if name == _GROUP:
                    if size is None:
                        raise corrupt("a group of blocks has no size")
                    self._grouped, self._group_end = True, body + size
                at = body
            elif name in (_EBML, _SEGMENT):
                raise corrupt("another film follows in the same file")
            elif size is None:
                raise corrupt("an element has no size")
            elif body + size > self.size:
                at = self.size  # the file ends within it
                break
            else:
                needed = min(size, BLOCK_HEAD) if name in (_SIMPLE, _BLOCK) else min(size, 8)
                if name in _WANTED and body + needed > end:
                    break
                if name == _SIMPLE or (name == _BLOCK and self._grouped):
                    self._block(data, body - start, size, start)
                elif name == _CLUSTER_TIME:
                    self.clock = unsigned(memoryview(data)[body - start : body - start + size])
                    if self.clock > self.latest:
                        raise corrupt("a cluster lies beyond any clock")
                elif self._group is not None and name in (_REFERENCE, _DURATION):
                    self._of_group(name, memoryview(data)[body - start : body - start + size])
                at = body + size
            self.elements += 1
        self.at = at
        if self.frames * BYTES_A_FRAME > self.size:
            raise corrupt("it has not enough bytes for its frames")
        if self.frames > self.most_frames or self.elements > self.most_frames * ELEMENTS_A_FRAME:
            raise PlayheadError("resource_limit", "The file has too many frames.")

    def _simple_blocks(self, data: bytes | memoryview, start: int, at: int) -> int:
        """Go on while one usual block follows another: nearly all of a film, so little is done for each.

        What is the same for all of them is told afterwards, at once.
        """
        last, limit = min(len(data) - BLOCK_START, self.size - start), self.size - start
        place, clock, passed_over = at - start, self.clock, 0
        if self._grouped or place >= last or data[place] != _SIMPLE:
            return at
        began = {number: len(frames.sizes) for number, frames in self.tracks.items()}
        wanted = {number | 0x80: frames.taking() for number, frames in self.tracks.items() if number < 0x80}
        first_frame = start + _TO_FRAME
        while place < last:
            element, size, number, time, flags = _USUAL(data, place)
            if element != _SIMPLE:
                break
            if _LEAST_OF_TWO <= size < _UNTOLD_OF_TWO:  # a size of two bytes, as most have
                at, size = place + _TWO_BYTES, size - _TWO_BYTES_MARK
            else:
                at, size = _sized(data, place)
                if not size:
                    break
                number, time, flags = _TRACK_TIME_FLAGS(data, at)
            following = at + size
            if flags & 6 or following > limit:
                break
            if number in wanted:
                take_time, take_offset, take_size, take_flags = wanted[number]
                take_time(clock + time)
                take_offset(first_frame + at)
                take_size(size - _TO_FRAME)
                take_flags(flags)
            elif number < 0x80:
                break
            else:
                passed_over += 1
            place = following
        taken = sum(frames.settle(began[number]) for number, frames in self.tracks.items())
        self.elements += taken + passed_over
        self.frames += taken
        return start + place

    def _of_group(self, name: int, value: memoryview) -> None:
        number, first, count = self._group or (0, 0, 0)
        frames = self.tracks[number]
        if name == _REFERENCE:
            frames.keys[first : first + count] = bytes(count)
        else:
            frames.last_duration = unsigned(value) // max(1, count)
            if frames.last_duration > TIME_LIMIT:
                raise corrupt("a block lasts longer than any clock tells")

    def _block(self, data: bytes | memoryview, at: int, size: int, start: int) -> None:
        """The frames of one block (section 10.1); `at` is where its payload lies in `data`.

        One in a group is a key frame unless the group goes on to name what it refers to.
        """
        if not 4 <= size < 1 << 32:
            raise corrupt("a block is too short or too long")
        number, head = data[at], 1
        if number & 0x80:
            number &= 0x7F
        else:
            head = 9 - number.bit_length()
            if head > 8 or size < head + 3:
                raise corrupt("a block is of no track")
            number = int.from_bytes(data[at : at + head], "big") & (1 << 7 * head) - 1
        frames = self.tracks.get(number)
        if frames is None:
            return
        time = int.from_bytes(data[at + head : at + head + 2], "big")
        time += self.clock - (time >> 15 << 16)
        flags = data[at + head + 2]
        key = self._grouped or flags & 0x80
        body, left = at + head + 3, size - head - 3
        sizes = [left]
        if flags & 6:
            laced = _laced(data, body, left, flags >> 1 & 3)
            if laced is None:
                raise corrupt("the sizes of a lace do not fit")
            used, sizes = laced
            if not all(sizes):
                raise corrupt("a lace holds frames without a byte")
            body += used
        first = len(frames.sizes)
        offset = start + body
        for length in sizes:
            frames.times.append(time)
            frames.offsets.append(offset)
            frames.sizes.append(length)
            offset += length
        frames.told += b"\1" + bytes(len(sizes) - 1)
        frames.keys += (b"\1" if key else b"\0") * len(sizes)
        frames.last_duration = 0
        self.frames += len(sizes)
        if self._grouped:
            self._group = number, first, len(sizes)


def _sized(data: bytes | memoryview, place: int) -> tuple[int, int]:
    """Where a simple block's payload begins, and its size of one, two or three bytes; a size of 0 for any other."""
    first = data[place + 1]
    if first >= 0x80:
        head, size, untold = 2, first & 0x7F, 0x7F
    elif first >= 0x40:
        head, size, untold = 3, (first & 0x3F) << 8 | data[place + 2], 0x3FFF
    else:
        head, size, untold = 4, (first & 0x1F) << 16 | data[place + 2] << 8 | data[place + 3], 0x1FFFFF
    return place + head, size if first >= 0x20 and _TO_FRAME < size < untold else 0


_WANTED = frozenset({_SIMPLE, _BLOCK, _CLUSTER_TIME, _REFERENCE, _DURATION})


def _laced(data: bytes | memoryview, at: int, left: int, kind: int) -> tuple[int, list[int]] | None:
    """Bytes of the lace's own header and the size of each frame (section 10.3); None when they do not fit."""
    if left < 1 or at >= len(data):
        return None
    count, used = data[at] + 1, 1
    if kind == 2:  # all of one size
        return (1, [(left - 1) // count] * count) if (left - 1) % count == 0 else None
    sizes: list[int] = []
    for number in range(count - 1):
        if kind == 1:  # as in Ogg: bytes that are added up, to the first below 255
            size = 0
            while True:
                if used >= left or at + used >= len(data):
                    return None
                size += data[at + used]
                used += 1
                if data[at + used - 1] != 255:
                    break
        else:  # EBML: the first size, then signed differences
            if at + used >= len(data) or not data[at + used]:
                return None
            length = 9 - data[at + used].bit_length()
            raw = int.from_bytes(data[at + used : at + used + length], "big") & (1 << 7 * length) - 1
            used += length
            size = raw if not number else sizes[-1] + raw - ((1 << 7 * length - 1) - 1)
        if size < 0:
            return None
        sizes.append(size)
    rest = left - used - sum(sizes)
    return (used, [*sizes, rest]) if rest >= 0 else None
