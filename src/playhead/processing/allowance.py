"""What the encode of a chunk may use before it is stopped. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from playhead.media.ffmpeg.invocation import GIB, Limits
from playhead.model.plan import TIMESCALE, Chunk, PlannedRendition
from playhead.processing import sound
from playhead.processing.sound import ALLOWANCE_SECONDS, most_bytes

SLOWEST = 60
"""Seconds of wall time an encode may take per second of its chunk, on top of a fixed allowance."""


def chunk_limits(chunk: Chunk, tracks: Sequence[PlannedRendition], *, from_beginning: bool) -> Limits:
    """The limits of encoding a chunk for these tracks, largest first; `from_beginning` when all before is decoded."""
    decoded = chunk.end if from_beginning else chunk.end - chunk.start
    seconds = decoded / TIMESCALE
    file_bytes = most_bytes((chunk.end - chunk.start) / TIMESCALE, tracks[0].max_bit_rate)
    return Limits(
        wall_seconds=ALLOWANCE_SECONDS + SLOWEST * seconds,
        # Frames before the chunk are decoded without a sign of progress.
        quiet_seconds=sound.QUIET_SECONDS + (seconds if from_beginning else 0),
        memory_bytes=8 * GIB,
        file_bytes=file_bytes,
        scratch_bytes=file_bytes * len(tracks),
    )
