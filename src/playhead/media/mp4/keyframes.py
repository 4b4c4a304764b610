"""Whether key frames are what the index calls them: of H.264, pictures before which a decoder forgets all others.

Encoders of open GOPs mark pictures that are none (ISO/IEC 14496-15, section 5.3.1, wants a sync sample to be an
IDR picture). Chromium gives up with a decoding error when it comes to a segment that begins with one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from playhead.media.mp4.codec import configuration
from playhead.media.mp4.movie import Movie, Track
from playhead.media.window import Bytes
from playhead.model.errors import PlayheadError

OPEN_GOP = "open GOP"
LOOKED_AT = 8
"""Key frames that are looked at: an encoder's habit shows from the second one on."""
FIRST_TWO = 2
"""Of a file that is still coming, whose others are not there yet."""
WINDOW = 1024
"""Bytes read at a time: what encoders write before a picture is shorter, but for their own settings in the first."""
WINDOWS = 4
_IDR = 5
_PICTURES = (1, 2, _IDR)
"""NAL units that begin a picture (ITU-T H.264, table 7-1)."""


async def with_keyframes_checked(movie: Movie, source: Bytes, most: int = LOOKED_AT) -> Movie:
    """The same index; where key frames are none, its pictures are `unfit`. At `most` so many are looked at.

    What cannot be read, in a file that is cut off or damaged, is left to others to judge.

    Raises:
        PlayheadError: what `source.read` raises.
    """
    video = movie.video
    if video is None or video.unfit or await all_reset(video.sample_entry, _places(video, most), source):
        return movie
    return replace(
        movie,
        tracks=tuple(replace(each, unfit=OPEN_GOP) if each is video else each for each in movie.tracks),
    )


async def all_reset(entry: bytes, places: Iterable[tuple[int, int]], source: Bytes) -> bool:
    """Whether the samples at these offsets, of these sizes, begin with IDR pictures, as far as can be told.

    `entry` is their sample entry (ISO/IEC 14496-12, section 8.5.2): of H.264 alone something is told.

    Raises:
        PlayheadError: what `source.read` raises.
    """
    try:
        avcc = configuration(entry, b"avcC") if entry[4:8] in (b"avc1", b"avc3") else None
    except PlayheadError:
        return True
    if avcc is None or len(avcc) < 5:
        return True
    width = (avcc[4] & 3) + 1  # of the length before each NAL unit
    return all(await asyncio.gather(*(_resets(source, at, at + size, width) for at, size in places)))


def _places(video: Track, most: int) -> list[tuple[int, int]]:
    """Offset and size of the key frames to look at; none where the index makes no sense of them."""
    samples = video.samples
    numbers = range(samples.count) if samples.sync is None else samples.sync
    try:
        return [next(iter(samples.extents(number, number + 1))) for number in _spread(numbers, most)]
    except (PlayheadError, IndexError, StopIteration):
        return []


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """The first two, and others evenly to the end."""
    last = len(numbers) - 1
    chosen = {0, 1, *(last * step // (most - 2) for step in range(1, most - 1))}
    return [numbers[number] for number in sorted(chosen) if 0 <= number <= last]


async def _resets(source: Bytes, at: int, end: int, width: int) -> bool:
    """Whether a sample begins with an IDR picture, or cannot be read."""
    for _ in range(WINDOWS):
        held = await source.read(at, min(WINDOW, end - at)) if 0 <= at < min(end, source.size) else b""
        place = 0
        while place + width < len(held):
            kind = held[place + width] & 31
            if kind in _PICTURES:
                return kind == _IDR
            place += width + int.from_bytes(held[place : place + width], "big")
        if not place:
            break
        at += place
    return True
