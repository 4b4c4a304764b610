"""How much work and space a plan would take, as intervals. Pure; calibrated by `bench/estimates.py`.

See `docs/decisions/0026-preflight.md` for what was measured and why the intervals are as wide as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playhead.media.ffmpeg.encode import AUDIO_BIT_RATE
from playhead.model.plan import PlannedRendition
from playhead.processing.unprobed import Unprobed

MEGA = 1_000_000


class Interval(NamedTuple):
    """From the least to the most that is to be expected."""

    low: float
    high: float


DECODING = {"h264": 0.006, "hevc": 0.010, "av1": 0.010, "vp9": 0.008, "prores": 0.020}
"""CPU seconds to decode a million pixels, by codec, in the middle of what was measured."""
DECODING_OTHER = 0.008
ENCODING = 0.020
"""CPU seconds to scale and encode a million pixels, checking included."""
SOURCE = 0.15
"""CPU seconds more for a million bytes of source: much of a file is much to decode, and noise to encode."""
SOUND = 0.01
"""CPU seconds for a second of sound."""
STARTING = 2.0
"""CPU seconds to inspect a file, take its poster and finish it, and to start what does it."""
CHUNK = 0.25
"""CPU seconds to start on a chunk: to seek, and decode up to it."""
CHUNK_SECONDS = 8
LEAST_SHARE, MOST_TIMES = 0.3, 3.0
"""How far the work goes below and above the middle, by what is in the pictures."""

LEAST_BITS_PER_PIXEL = 0.0005
"""A picture that never changes."""
LEAST_OF_SOUND = 0.02
"""What silence takes of the sound's bit rate."""
PICTURE_BYTES_PER_PIXEL = 1.5
"""A poster of noise."""
HEADERS = 0.02
"""What a file's index adds, as a share, for small pictures."""


def cpu_seconds(facts: Unprobed, size: int, renditions: Sequence[PlannedRendition]) -> Interval:
    """CPU seconds that workers spend on a source of `size` bytes, on a core of today's servers."""
    decoded = facts.video.coded_width * facts.video.coded_height * facts.frames / MEGA
    encoded = sum(width * height for width, height in _sizes(renditions)) * facts.frames / MEGA
    work = decoded * DECODING.get(facts.video.codec, DECODING_OTHER) + encoded * ENCODING
    work += SOURCE * size / MEGA
    work += SOUND * facts.longest_seconds if facts.sounds else 0
    fixed = STARTING + CHUNK * facts.seconds / CHUNK_SECONDS
    return Interval(round((work + fixed) * LEAST_SHARE, 2), round((work + fixed) * MOST_TIMES, 2))


def bytes_stored(facts: Unprobed, size: int, renditions: Sequence[PlannedRendition]) -> Interval:
    """Bytes that are kept of a video: its source of `size` bytes, its renditions and its poster."""
    low = high = float(size)
    chunks = facts.seconds / CHUNK_SECONDS + 3
    sound = AUDIO_BIT_RATE * facts.longest_seconds / 8 if facts.sounds else 0
    caps = {(each.width, each.height): each.max_bit_rate for each in renditions}
    for (width, height), cap in caps.items():
        low += width * height * facts.frames * LEAST_BITS_PER_PIXEL / 8 + sound * LEAST_OF_SOUND
        # Each chunk is an encode of its own, and may take the two seconds of its buffer beforehand.
        high += (cap * (facts.seconds + 2 * chunks) / 8 + sound) * (1 + HEADERS)
    high += PICTURE_BYTES_PER_PIXEL * facts.video.width * facts.video.height
    return Interval(round(low), round(high))


def _sizes(renditions: Sequence[PlannedRendition]) -> set[tuple[int, int]]:
    return {(each.width, each.height) for each in renditions}
