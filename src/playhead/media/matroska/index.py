"""Reads a Matroska or WebM file (RFC 9559): its header, then every block's."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol, runtime_checkable

from playhead.media.matroska.clock import may_be_served, movie_of, outline_of
from playhead.media.matroska.ebml import LONGEST_HEADER, corrupt, header, real, text, unsigned, values
from playhead.media.matroska.scan import BLOCK_HEAD, FRAME_LIMIT, TIME_LIMIT, Frames, Walk
from playhead.media.matroska.tracks import Described, described
from playhead.media.mp4 import Movie
from playhead.media.window import Bytes, Window

WINDOW = 1 << 20
"""Bytes that are read at once."""
NEAR_WINDOW = 1 << 19
"""The same of a file at hand: few enough that a hostile one takes no time that counts to look at."""
BEGINNING_LIMIT = 64 << 20
"""Bytes of a file's first clusters that are walked through to know its first seconds."""
WINDOWS_AT_ONCE, ELEMENTS_AT_ONCE = 16, 10_000
"""Of those so many are looked at before anybody may say that it takes too long, unless they hold very much."""
LEFT_OVER = BLOCK_HEAD + LONGEST_HEADER
"""Bytes at the end of a window that may not be enough to tell what they are."""
HEADER_LIMIT = 16 << 20
"""The largest description of tracks that is read, in bytes: cover pictures and fonts are elsewhere."""
HEAD_LIMIT = 1000
"""Elements before the first cluster that are stepped over: writers put some ten there."""
SECONDS_LIMIT = 1 << 31
"""No frame is shown later, so that times in whatever unit are numbers of 64 bits."""

_EBML, _SEGMENT, _CLUSTER, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B
_TICK, _LASTING, _DOCUMENT, _LONGEST_ID, _LONGEST_SIZE = 0x2AD7B1, 0x4489, 0x4282, 0x42F2, 0x42F3
_MILLISECOND = 1_000_000


@dataclass(frozen=True)
class MatroskaIndex:
    """What a file holds."""

    tracks: tuple[Described, ...]
    size: int
    """Of the file."""
    tick_nanoseconds: int
    """Length of a tick of the file's own clock."""
    frames: tuple[Frames, ...]
    """What the file itself says of each track's frames, tracks in its order."""

    @cached_property
    def movie(self) -> Movie:
        """Where each frame lies, and when it is shown.

        Raises:
            PlayheadError: `corrupt_file` for frames that are out of any order.
        """
        return movie_of(self.tracks, self.frames, self.tick_nanoseconds, self.size)

    @cached_property
    def judged(self) -> Movie:
        """What is needed to judge whether players can be given the file, and to give it to them if they can.

        Raises:
            PlayheadError: as `movie`.
        """
        if may_be_served(self.tracks, self.frames):
            return self.movie
        return outline_of(self.tracks, self.frames, self.tick_nanoseconds, self.size)


@dataclass(frozen=True)
class Head:
    """What stands before the first cluster."""

    tracks: tuple[Described, ...]
    tick_nanoseconds: int
    begin: int
    """The byte at which the first cluster begins."""
    duration: Fraction = Fraction(0)
    """Seconds that the file says it lasts, which nobody has checked; 0 when it does not say."""

    def walk(self, size: int, most_frames: int = FRAME_LIMIT) -> Walk:
        """A walk through a file of that size, or of which so much is there."""
        tracks = {track.number: Frames() for track in self.tracks}
        latest = min(TIME_LIMIT, SECONDS_LIMIT * 10**9 // self.tick_nanoseconds)
        return Walk(tracks, size, self.begin, most_frames=most_frames, latest=latest)

    def frames(self, walk: Walk) -> tuple[Frames, ...]:
        """What a walk has found of each track so far."""
        return tuple(walk.tracks[track.number] for track in self.tracks)

    def index(self, walk: Walk, size: int) -> MatroskaIndex:
        """What a walk has found, in a file that is `size` bytes long."""
        return MatroskaIndex(self.tracks, size, self.tick_nanoseconds, self.frames(walk))


async def read_matroska(source: Bytes, most_frames: int = FRAME_LIMIT) -> MatroskaIndex:
    """The index of a stored Matroska or WebM file. A file that is cut off gives the blocks that are whole.

    All its frames are listed in memory: `most_frames` at most, of all tracks.

    Raises:
        PlayheadError: `corrupt_file` for damage, `resource_limit`, `limit_streams`; and what `source.read` raises.
    """
    head = await read_head(source)
    walk = head.walk(source.size, most_frames)
    await (_through_at_hand(walk, source) if isinstance(source, BytesAtHand) else _through(walk, source))
    return head.index(walk, source.size)


async def read_beginning(source: BytesAtHand, seconds: float) -> MatroskaIndex:
    """The same of the first clusters alone, as far as they hold these seconds, or `BEGINNING_LIMIT` is reached.

    Raises:
        PlayheadError: as `read_matroska`.
    """
    head = await read_head(source)
    walk = head.walk(source.size, FRAME_LIMIT)
    stop = min(source.size, walk.at + BEGINNING_LIMIT)
    while walk.at < stop and walk.clock * head.tick_nanoseconds < seconds * 10**9:
        await asyncio.sleep(0)
        before = walk.at
        walk.through(source.read_now(before, NEAR_WINDOW), before)
        if walk.at == before:
            break
    return head.index(walk, source.size)


@runtime_checkable
class BytesAtHand(Bytes, Protocol):
    """A file that can be read without waiting for anybody else, by who may be held up."""

    def read_now(self, start: int, length: int) -> memoryview:
        """As `read`.

        Raises:
            OSError: the disk fails.
        """


async def _through_at_hand(walk: Walk, source: BytesAtHand) -> None:
    """Walk through the whole of a file at hand."""
    while walk.at < source.size:
        await asyncio.sleep(0)
        enough = walk.elements + ELEMENTS_AT_ONCE
        for _ in range(WINDOWS_AT_ONCE):
            before = walk.at
            walk.through(source.read_now(before, NEAR_WINDOW), before)
            if walk.at == before:
                return  # fewer bytes are left than a header has
            if walk.elements > enough:
                break


async def _through(walk: Walk, source: Bytes) -> None:
    """Walk through the whole file; while one window is looked at, the next is read."""

    def read(start: int) -> asyncio.Task[bytes]:
        return asyncio.create_task(source.read(start, min(WINDOW, max(0, source.size - start))))

    start = walk.at
    reading = read(start)
    try:
        while walk.at < source.size:
            data, before = await reading, walk.at
            # It begins early enough for whatever is left of this one.
            following = max(start, start + len(data) - LEFT_OVER)
            reading = read(following)
            await asyncio.sleep(0)  # so that it begins
            walk.through(data, start)
            if walk.at == before == start:
                break  # fewer bytes are left than a header has
            if walk.at > before and following <= walk.at < following + WINDOW - LEFT_OVER:
                start = following
            else:
                reading.cancel()
                start = walk.at
                reading = read(start)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def read_head(source: Bytes) -> Head:
    """Everything before the first cluster.

    Raises:
        PlayheadError: as `read_matroska`.
    """
    window = Window(source)
    name, size, body = await _header(window, 0)
    if name != _EBML or size is None or size > 4096:
        raise corrupt("it does not begin as one")
    found = values(memoryview(await window.take(body, size)))
    if unsigned(found.get(_LONGEST_ID), 4) > 4 or unsigned(found.get(_LONGEST_SIZE), 8) > 8:
        raise corrupt("its elements have longer names or sizes than the format allows")
    if text(found.get(_DOCUMENT), "matroska") not in ("matroska", "webm"):
        raise corrupt("it is another kind of document")
    name, _, at = await _header(window, body + size)
    if name != _SEGMENT:
        raise corrupt("there is no film in it")
    begin, payloads = await _before_clusters(window, at)
    told = values(payloads.get(_INFO, memoryview(b"")))
    tick, lasting = unsigned(told.get(_TICK), _MILLISECOND), real(told.get(_LASTING))
    tracks = described(payloads[_TRACKS]) if _TRACKS in payloads else None
    if tracks is None or len({track.number for track in tracks}) < len(tracks):
        raise corrupt("its tracks are not described")
    if not 0 < tick <= 1_000_000_000:
        raise corrupt("its clock has no ticks")
    known = math.isfinite(lasting) and 0 < lasting < TIME_LIMIT
    return Head(tracks, tick, begin, Fraction(lasting) * tick / 10**9 if known else Fraction(0))


async def _before_clusters(window: Window, at: int) -> tuple[int, dict[int, memoryview]]:
    """Where the first cluster begins, and what the first description of the file and of its tracks holds.

    Where there are several, they say the same (RFC 9559, section 5.1).
    """
    payloads: dict[int, memoryview] = {}
    for _ in range(HEAD_LIMIT):
        name, size, body = await _header(window, at)
        if name == _CLUSTER:
            return at, payloads
        if size is None or body + size > window.size:
            raise corrupt("it ends before its first frame")
        if name in (_INFO, _TRACKS) and name not in payloads:
            if size > HEADER_LIMIT:
                raise corrupt("its header is too large")
            payloads[name] = memoryview(await window.take(body, size))
        at = body + size
    raise corrupt("too much stands before its first frame")


async def _header(window: Window, at: int) -> tuple[int, int | None, int]:
    """Id and size of an element's payload, and where that begins."""
    found = header(await window.take(at, LONGEST_HEADER), 0)
    if found is None:
        raise corrupt("it ends before its first frame")
    name, size, body = found
    return name, size, at + body
