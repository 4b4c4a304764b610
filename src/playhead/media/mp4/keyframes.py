"""Whether key frames are what the index calls them: of H.264, pictures before which a decoder forgets all others.

Encoders of open GOPs mark pictures that are none (ISO/IEC 14496-15, section 5.3.1, wants a sync sample to be an
IDR picture). Chromium gives up with a decoding error when it comes to a segment that begins with one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from playhead.media.mp4.codec import configuration
from playhead.media.mp4.movie import Movie, Track
from playhead.media.window import Bytes
from playhead.model.errors import PlayheadError

OPEN_GOP = "open GOP"
LOOKED_AT = 8
"""Key frames that are looked at: an encoder's habit shows from the second one on."""
WINDOW = 1024
"""Bytes read at a time: what encoders write before a picture is shorter, but for their own settings in the first."""
WINDOWS = 4
_IDR = 5
_PICTURES = (1, 2, _IDR)
"""NAL units that begin a picture (ITU-T H.264, table 7-1)."""


async def with_keyframes_checked(movie: Movie, source: Bytes) -> Movie:
    """The same index; where key frames are none, its pictures are `unfit`.

    What cannot be read, in a file that is cut off or damaged, is left to others to judge.

    Raises:
        PlayheadError: what `source.read` raises.
    """
    video = movie.video
    if video is None or video.unfit:
        return movie
    places, width = _places(video)
    found = await asyncio.gather(*(_resets(source, at, at + size, width) for at, size in places))
    if all(found):
        return movie
    return replace(
        movie,
        tracks=tuple(replace(each, unfit=OPEN_GOP) if each is video else each for each in movie.tracks),
    )


def _places(video: Track) -> tuple[list[tuple[int, int]], int]:
    """Offset and size of the key frames to look at, and how many bytes tell the length of a NAL unit."""
    try:
        entry = video.sample_entry
        avcc = configuration(entry, b"avcC") if entry[4:8] in (b"avc1", b"avc3") else None
        if avcc is None or len(avcc) < 5:
            return [], 4
        samples = video.samples
        numbers = range(samples.count) if samples.sync is None else samples.sync
        return [next(iter(samples.extents(number, number + 1))) for number in _spread(numbers)], (
            avcc[4] & 3
        ) + 1
    except (PlayheadError, IndexError, StopIteration):
        return [], 4


def _spread(numbers: Sequence[int]) -> list[int]:
    """The first two, and others evenly to the end."""
    last = len(numbers) - 1
    chosen = {0, 1, *(last * step // (LOOKED_AT - 2) for step in range(1, LOOKED_AT - 1))}
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
