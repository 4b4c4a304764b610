"""Playlists and manifests of a presentation. Pure: what `presentation` found in, text out.

URIs are relative, so a private video's token, which is part of the path, goes with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import TypeVar

from playhead.delivery import names
from playhead.delivery.presentation import Presentation
from playhead.delivery.tracks import Due, Growing, GrowingSound, Pictures, Sound, Text, Track
from playhead.media.mp4 import codec_string, configuration, decoder_config, sound_format
from playhead.model import languages
from playhead.model.plan import AUDIO
from playhead.packaging import Rates, dash, hls

Option = TypeVar("Option", hls.AudioOption, hls.SubtitleOption)

SOUND_CODEC = "mp4a.40.2"
"""What sound that is still being encoded will be: AAC-LC, stereo."""
SOUND_RATES = Rates(peak=140_000, average=130_000)
SOUND_CHANNELS = 2
AGAIN_SECONDS = 2
"""After how long a player looks whether more of an arriving file is there."""
START_RATE = 1_500_000
"""Bits a second that a line is trusted with before it was measured. Native players start with the variant that
comes first, and climb from there."""


def master(presentation: Presentation, version: str, *, scrubbing: bool = True) -> str:
    """The multivariant playlist; `scrubbing` is false while I-frame playlists cannot be served."""
    listed: list[Sound | GrowingSound | Due] = [*presentation.sounds, *presentation.sounds_due]
    # `audio`, `audio-2`, … in order, whichever of them are made already.
    listed.sort(key=lambda each: (len(each.name), each.name))
    sounds = [_sound_option(each, version) for each in listed]
    if not presentation.pictures:
        return hls.sound_playlist(_told_apart(sounds))
    variants = [_variant(track, version, scrubbing=scrubbing) for track in presentation.pictures]
    first = next((each for each in variants if each.rates.peak <= START_RATE), variants[-1])
    texts = [
        hls.SubtitleOption(
            uri=names.captions_playlist(text.language, version),
            name=text.title,
            language=languages.primary(text.language),
        )
        for text in presentation.texts
    ]
    ordered = [first, *(each for each in variants if each is not first)]
    return hls.master_playlist(ordered, _told_apart(sounds), _told_apart(texts))


def captions(text: Text, duration: Fraction) -> str:
    """The playlist of captions, `duration` in seconds: one segment has them all, for they are few bytes."""
    row = hls.Row(names.captions(text.language, text.version), duration, init=None)
    return hls.media_playlist([row])


def media(track: Track, version: str) -> str:
    """The playlist of one track. What is not made yet is listed too: asking for it makes it."""
    return hls.media_playlist(_rows(track, version))


def arriving(
    track: Pictures | Sound, version: str, there: int, longest: Fraction | None = None, *, more: bool = False
) -> str:
    """The playlist of a track whose file is being uploaded: only the first `there` segments are.

    `longest` is told where not all segments were known from the beginning: no shorter than any, in seconds. `more`
    says that they are not yet.
    """
    rows = _rows(track, version)
    if longest is None:
        longest = max(row.duration for row in rows)
    return hls.media_playlist(rows[:there], "EVENT", ended=not more and there >= len(rows), longest=longest)


def _rows(track: Track, version: str) -> list[hls.Row]:
    init = names.init(track.name, version)
    return [
        hls.Row(names.segment(track.name, number, version), length, init)
        for number, length in enumerate(track.durations())
    ]


def keyframes(track: Pictures, version: str) -> str:
    """The I-frame playlist of one track, for scrubbing: the first frame of each segment."""
    init = names.init(track.name, version)
    return hls.keyframe_playlist(
        [
            hls.Row(names.keyframe(track.name, number, version), length, init)
            for number, length in enumerate(track.durations())
        ]
    )


def arriving_manifest(
    presentation: Presentation,
    version: str,
    there: Callable[[Pictures | Sound], int],
    since: datetime,
    lasting: Fraction | None = None,
) -> str:
    """The manifest of a file that is being uploaded since `since`: of each track the first `there` segments.

    Once all of them are, it is that of a finished file. `lasting` is told while more may come: the seconds that
    the film is thought to last.
    """
    tracks = [*presentation.pictures, *presentation.sounds]
    counts = {track.name: there(track) for track in tracks if not isinstance(track, Growing | GrowingSound)}
    if lasting is None and all(counts.get(track.name) == len(track.segments) for track in tracks):
        return manifest(presentation, version)
    arrival = dash.Arrival(since, datetime.now(UTC), AGAIN_SECONDS)
    return manifest(presentation, version, arrival, counts, lasting)


def manifest(
    presentation: Presentation,
    version: str,
    arrival: dash.Arrival | None = None,
    counts: Mapping[str, int] | None = None,
    lasting: Fraction | None = None,
) -> str:
    """The DASH manifest; `counts` are of how many segments of each track it tells, when not of all.

    `lasting` is told of a film whose end nobody knows: the seconds it is thought to last.
    """
    pictures = [
        dash.Picture(
            id=track.name,
            bandwidth=track.rates.peak,
            codec=track.codec,
            width=track.width,
            height=track.height,
            frame_rate=track.frame_rate.limit_denominator(1001),
            template=_template(track, version, counts),
        )
        for track in presentation.pictures
    ]
    sounds = [
        dash.SoundTrack(
            id=sound.name,
            bandwidth=(sound.rates if isinstance(sound, Sound) else SOUND_RATES).peak,
            codec=sound.codec if isinstance(sound, Sound) else SOUND_CODEC,
            sample_rate=(
                sound_format(sound.lane.entries[0]).sample_rate
                if isinstance(sound, Sound)
                else sound.timescale
            ),
            channels=channels(sound.lane.entries[0]) if isinstance(sound, Sound) else SOUND_CHANNELS,
            language=languages.tag(sound.language),
            template=_template(sound, version, counts),
            default=number == 0,
        )
        for number, sound in enumerate(presentation.sounds)
    ]
    texts = [
        dash.Captions(
            id=f"captions-{text.language}",
            uri=names.captions(text.language, text.version),
            language=languages.primary(text.language),
            label=text.title,
        )
        for text in presentation.texts
    ]
    duration = presentation.duration if lasting is None else lasting
    return dash.manifest(duration, pictures, sounds, texts, arrival=arrival)


def channels(entry: bytes) -> int:
    """How many channels a sound has. Of AAC, a sample entry mostly says two; its decoder knows better."""
    esds = configuration(entry, b"esds")
    config = decoder_config(esds)[1] if esds else b""
    told = sound_format(entry).channels
    # AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1): five bits of type, four of rate, four of channels.
    if len(config) < 2 or config[0] >> 3 in (29, 31) or config[0] & 7 == 7:
        return told  # parametric stereo, and forms that hold the number elsewhere
    configured = config[1] >> 3 & 15
    return {0: told, 7: 8}.get(configured, configured)


def _variant(track: Pictures | Growing, version: str, *, scrubbing: bool) -> hls.Variant:
    whole = track if scrubbing and isinstance(track, Pictures) else None
    return hls.Variant(
        uri=names.playlist(track.name, version),
        rates=track.rates,
        codec=track.codec,
        width=track.width,
        height=track.height,
        frame_rate=track.frame_rate.limit_denominator(1001),
        keyframes=names.keyframe_playlist(track.name, version) if whole else None,
        keyframe_rates=whole.keyframe_rates if whole else None,
    )


def _sound_option(sound: Sound | GrowingSound | Due, version: str) -> hls.AudioOption:
    entry = sound.lane.entries[0] if isinstance(sound, Sound) else None
    return hls.AudioOption(
        uri=names.playlist(sound.name, version),
        name=languages.title(sound.language),
        language=languages.tag(sound.language),
        channels=channels(entry) if entry is not None else SOUND_CHANNELS,
        codec=codec_string(entry) if entry is not None else SOUND_CODEC,
        rates=sound.rates if isinstance(sound, Sound) else SOUND_RATES,
        default=sound.name == AUDIO,
    )


def _told_apart(options: list[Option]) -> list[Option]:
    """The same with names of their own, as a group must have (RFC 8216bis, section 4.4.6.1.1)."""
    seen: Counter[str] = Counter()
    told = []
    for option in options:
        seen[option.name] += 1
        number = seen[option.name]
        told.append(option if number == 1 else replace(option, name=f"{option.name} {number}"))
    return told


def _template(track: Track, version: str, counts: Mapping[str, int] | None) -> dash.Template:
    segments = track.segments
    return dash.Template(
        init=names.init(track.name, version),
        media=names.segment(track.name, "$Number$", version),
        timescale=track.timescale,
        segments=segments if counts is None else segments[: counts[track.name]],
    )
