"""What is put together for an answer: playlists as content, and segments from stretches of stored files."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from playhead.delivery import names
from playhead.delivery.conditions import Validators
from playhead.delivery.content import Blocks, Content
from playhead.delivery.tracks import Track
from playhead.packaging import Assembly, Lane, Segment, Span, init_segment, keyframe_segment, media_segment
from playhead.packaging.source import lead_on_clock, on_clock

HLS = "application/vnd.apple.mpegurl"
DASH = "application/dash+xml"
SEGMENT = "video/iso.segment"
INIT = "video/mp4"

BRIEF = 1
"""Seconds a playlist may be kept whose video is still growing."""
IN_THREAD = 2_000
"""Samples in a segment from which on its header is put together in a thread: it takes milliseconds."""

Stored = Callable[[Span], Blocks]
"""From a span of a stored file to its bytes."""


def listed(text: str, content_type: str, cache_control: str) -> Content:
    """A playlist or manifest."""
    body = text.encode()

    async def read(start: int, length: int) -> Blocks:
        yield body[start : start + length]

    return Content(
        size=len(body),
        content_type=content_type,
        validators=Validators(f'"{hashlib.sha256(body).hexdigest()[:32]}"'),
        cache_control=cache_control,
        read=read,
    )


def briefly(seconds_left: int | None) -> str:
    """The `Cache-Control` of a playlist that will soon say more."""
    return f"{'public' if seconds_left is None else 'private'}, max-age={BRIEF}"


def init(track: Track, lane: Lane) -> Assembly:
    """A track's init segment; `lane` holds samples of it."""
    if lane.timescale != track.timescale:
        lane = replace(lane, timescale=track.timescale, lead=lead_on_clock(lane, track.timescale))
    return Assembly(init_segment(lane))


async def segment(track: Track, lane: Lane, wanted: Segment, name: names.Segment) -> Assembly:
    """A track's media segment, or its first frame alone; `lane` holds its samples."""
    sequence, first, stop = name.number + 1, wanted.first, wanted.stop
    if lane.timescale != track.timescale:
        lane, first, stop = on_clock(lane, first, stop, track.timescale), 0, stop - first
    if name.keyframe:
        return keyframe_segment(lane, first, wanted.start + wanted.duration, sequence)
    make = partial(media_segment, lane, first, stop, sequence)
    return make() if stop - first < IN_THREAD else await asyncio.to_thread(make)


async def read(assembly: Assembly, stored: Stored, start: int, length: int) -> AsyncGenerator[bytes, None]:
    """Bytes of an assembly."""
    for part in assembly.part(start, length):
        if not isinstance(part, Span):
            yield part
            continue
        async with aclosing(stored(part)) as stream:
            async for block in stream:
                yield block
