"""Which sound tracks of a source are encoded, and until when each is heard. Pure."""

from __future__ import annotations

from playhead.media.ffmpeg.encode import encoded_rate
from playhead.model.media import AudioTrack, MediaInfo
from playhead.model.plan import MOST_SOUNDS, PlannedSound, sound_track
from playhead.processing.timeline import Timeline


def sound_seconds(sound: AudioTrack | None, timeline: Timeline) -> float | None:
    """When a sound ends, from the timeline's beginning, as its packets promise; None when they cannot."""
    if sound is None or sound.end_seconds is None or not timeline.usable:
        return None
    return max(0.0, sound.end_seconds - float(timeline.begin * timeline.tick))


def other_sounds(info: MediaInfo, timeline: Timeline) -> tuple[PlannedSound, ...]:
    """The sounds beside the first, as far as they are encoded: `MOST_SOUNDS` in all."""
    return tuple(
        PlannedSound(
            track=sound_track(number),
            stream=sound.index,
            language=sound.language,
            seconds=sound_seconds(sound, timeline),
            sample_rate=encoded_rate(sound.sample_rate),
        )
        for number, sound in enumerate(info.other_audio[: MOST_SOUNDS - 1], 1)
    )
