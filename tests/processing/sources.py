"""Sources as probing would have described them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from playhead.media.ffmpeg.probe import Packets
from playhead.model.media import AudioTrack, MediaInfo, VideoTrack
from playhead.processing.timeline import Timeline, from_packets

SOUND = AudioTrack(index=1, codec="aac", sample_rate=48_000, channels=2, time_base=(1, 48_000))


def picture(**told: Any) -> VideoTrack:
    """A 1080p picture of a camera; `told` says otherwise."""
    usual: dict[str, Any] = {
        "index": 0,
        "codec": "h264",
        "coded_width": 1920,
        "coded_height": 1080,
        "width": 1920,
        "height": 1080,
        "rotation": 0,
        "time_base": (1, 90_000),
        "frame_rate": (25, 1),
        "pixel_format": "yuv420p",
    }
    return VideoTrack(**(usual | told))


def source(sound: AudioTrack | None = SOUND, sound_end: float | None = None, **told: Any) -> MediaInfo:
    """A source with that picture and sound."""
    return MediaInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        size_bytes=1_000_000,
        duration_seconds=10.0,
        video=picture(**told),
        audio=msgspec.structs.replace(sound, end_seconds=sound_end) if sound else None,
    )


def sound_alone(seconds: float = 20.0) -> MediaInfo:
    """A source without pictures."""
    told = source(sound_end=seconds)
    return msgspec.structs.replace(told, video=None, duration_seconds=seconds, container="mp3")


def packets(
    times: list[int | None], durations: list[int] | None = None, keys: set[int] | None = None
) -> Packets:
    """Packets with these times, in file order; `keys` are positions, the first by default."""
    wanted = {0} if keys is None else keys
    return Packets(
        pts=tuple(times),
        durations=tuple(durations or [0] * len(times)),
        keys=tuple(position in wanted for position in range(len(times))),
        shown=(True,) * len(times),
    )


def steady(rate: Fraction | int, seconds: float, tick: Fraction = Fraction(1, 90_000)) -> Timeline:
    """A timeline of equal frames, with a key frame every second."""
    count = round(seconds * rate)
    times = [round(number / rate / tick) for number in range(count)]
    keys = set(range(0, count, max(1, round(rate))))
    return from_packets(packets(list(times), [round(1 / rate / tick)] * count, keys), tick, Fraction(rate))
