"""The plan of a source that is sound alone. Pure.

Players are streamed the sound and nothing else. The MP4s that the caller asked for show its waveform, since
whoever plays a rendition expects a film of its size: one still, which costs an encoder next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from msgspec.structs import replace

from playhead.media.ffmpeg.encode import encoded_rate
from playhead.media.ffmpeg.pictures import DRAWN_HEIGHT, DRAWN_WIDTH
from playhead.model.media import MediaInfo
from playhead.model.plan import TIMESCALE, Chunk, Plan
from playhead.processing.ladder import ladder
from playhead.processing.sounds import other_sounds, sound_seconds
from playhead.processing.timeline import Timeline

VERSION = 1
"""Version of the planning rules, of films as well."""
RATE = Fraction(1)
"""Frames a second of the still: few enough to cost nothing, often enough for a player's clock to be seen to go."""
GOP_SECONDS = 10
"""Distance of its key frames, which are all there is to its size."""
NOTE = "The file is sound alone; its waveform is shown."


def plan(
    info: MediaInfo,
    timeline: Timeline,
    resolutions: Sequence[str],
    thumbnail_seconds: Sequence[float],
) -> Plan:
    """Plan what to make of a sound: itself, encoded, and its waveform at each size.

    One chunk has it all, for what takes time is to decode the sound, once for all sizes.
    """
    duration = max(1, round(timeline.duration_seconds * TIMESCALE))
    frames = -(-duration // TIMESCALE)
    chunk = Chunk(
        number=0,
        start=0,
        end=duration,
        source_start=0,
        source_end=None,
        seek_seconds=None,
        frames=frames,
        grid=tuple(range(0, duration, GOP_SECONDS * TIMESCALE)),
    )
    asked = ladder(DRAWN_WIDTH, DRAWN_HEIGHT, RATE, resolutions)
    return Plan(
        version=VERSION,
        timing="drawn",
        frame_rate=(RATE.numerator, RATE.denominator),
        origin_seconds=float(timeline.begin * timeline.tick),
        origin_ticks=timeline.begin,
        duration=duration,
        chunks=(chunk,),
        segments=(0,),
        lead=0,
        source_reasons=("it has no pictures",),
        sound_from_source=False,
        renditions=tuple(replace(each, note=NOTE) for each in asked),
        poster_seconds=0.0,
        thumbnail_seconds=tuple(min(max(0.0, at), float(frames - 1)) for at in thumbnail_seconds),
        audio=info.audio.index if info.audio else None,
        sound_seconds=sound_seconds(info.audio, timeline),
        sample_rate=encoded_rate(info.audio.sample_rate) if info.audio else None,
        other_sounds=other_sounds(info, timeline),
        color_matrix="bt709",
        trusted_timestamps=timeline.usable,
    )
