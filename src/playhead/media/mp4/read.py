"""Reads the index of an MP4 or MOV file by ranged reads: box headers, `moov` and `moof`, never the media.

The reads are few: one for the start of the file, one behind the media when `moov` is last, one per fragment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

from playhead.media.mp4.boxes import corrupt
from playhead.media.mp4.fragments import FRAGMENT_SAMPLE_LIMIT, FragmentReader
from playhead.media.mp4.moov import read_moov
from playhead.media.mp4.movie import Movie
from playhead.media.window import Bytes, Window
from playhead.model.errors import PlayheadError

T = TypeVar("T")

AT_ONCE_BYTES = 64 << 10
"""Bytes of an index that are read in a millisecond."""
PAUSE_SECONDS = 0.05
"""How long a fragment is read before whoever waits for it may say that it takes too long."""
INDEX_LIMIT = 256 << 20
"""The largest `moov` or `moof` that is read, in bytes; 10 h with three tracks need about 40 MB."""
BOX_LIMIT = 2_000_000
"""Boxes at the top of a file; a 10 h file with a fragment per frame and track has about as many."""


class IndexLostError(PlayheadError):
    """The file has no index, or ends within it: nothing can tell where its samples are."""

    def __init__(self, detail: str) -> None:
        super().__init__("corrupt_file", corrupt(detail).detail)


class _Place(NamedTuple):
    """A box at the top of the file, not read yet."""

    kind: bytes
    at: int
    body: int
    end: int


async def read_movie(source: Bytes, most_samples: int = FRAGMENT_SAMPLE_LIMIT) -> Movie:
    """The index of a stored MP4 or MOV, plain or fragmented, with `moov` first or last.

    A file that is cut off after its `moov` still gives its index: `Movie.complete` is then false. Of fragments
    at most `most_samples` are read: unlike a plain file's, their samples are all listed in memory.

    Raises:
        PlayheadError: `corrupt_file` for damage, as an `IndexLostError` where no reader can help;
            `resource_limit` for an index beyond the limits here;
            `unsupported_format`, `reference_refused` and `limit_streams` as `read_moov` says;
            and what `source.read` raises.
    """
    window = Window(source)
    brand = "qt  "  # the oldest QuickTime files have no ftyp
    movie: Movie | None = None
    fragments: FragmentReader | None = None
    async for place in _top(window):
        if place.kind == b"ftyp":
            brand = (await _whole(window, place.body, min(4, place.end - place.body))).decode("latin-1")
        elif place.kind == b"moov" and movie is None:
            moov = await _payload(window, place)
            movie = await _apart(len(moov), partial(read_moov, moov, source.size, brand))
            if not movie.fragmented:
                return movie
            fragments = FragmentReader(movie, moov, most_samples)
        elif place.kind == b"moof" and fragments is not None:
            if place.end > source.size:
                break
            moof = await _payload(window, place)
            adding = fragments.adding(moof, place.at)
            while await _apart(len(moof), partial(_goes_on, adding)):
                pass  # who waits for it may have given up
    if fragments is None:
        raise IndexLostError("there is no movie header")
    return fragments.movie()


async def _apart(size: int, work: Callable[[], T]) -> T:
    """The result of `work` on so many bytes: of many in a thread, for whoever shares the loop has to go on."""
    return await asyncio.to_thread(work) if size > AT_ONCE_BYTES else work()


def _goes_on(steps: Iterator[None]) -> bool:
    """Do some of the steps; whether there are more."""
    until = time.monotonic() + PAUSE_SECONDS
    return any(time.monotonic() > until for _ in steps)


async def _top(window: Window) -> AsyncIterator[_Place]:
    at = 0
    for _ in range(BOX_LIMIT):
        header = await _whole(window, at, min(16, window.size - at))
        if len(header) < 8:
            return
        size, body = int.from_bytes(header[:4], "big"), 8
        if size == 1 and len(header) == 16:
            size, body = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = window.size - at
        if size < body:
            raise corrupt("a box is smaller than its own header")
        yield _Place(header[4:8], at, at + body, at + size)
        at += size
        if at >= window.size:
            return
    raise PlayheadError("resource_limit", f"The file has more than {BOX_LIMIT} boxes.")


async def _payload(window: Window, place: _Place) -> memoryview:
    length = place.end - place.body
    if length > INDEX_LIMIT:
        raise PlayheadError("resource_limit", f"The file's index takes {length} bytes.")
    if place.end > window.size:
        raise IndexLostError("the file ends within its index")
    return memoryview(await _whole(window, place.body, length))


async def _whole(window: Window, start: int, length: int) -> bytes:
    taken = await window.take(start, length)
    if len(taken) < length:
        raise corrupt("the file is shorter than it should be")
    return taken
