"""Playlists and manifests of a presentation. Pure: what `presentation` found in, text out.

URIs are relative, so a private video's token, which is part of the path, goes with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from playhead.delivery import names
from playhead.delivery.presentation import Growing, Presentation, Track, Whole
from playhead.media.mp4 import codec_string, sound_format
from playhead.model.plan import AUDIO, TIMESCALE
from playhead.packaging import Rates, Segment, dash, hls, rates

SOUND_CODEC = "mp4a.40.2"
"""What sound that is still to be encoded will be: AAC-LC."""
SOUND_RATES = Rates(peak=140_000, average=130_000)
SOUND_CHANNELS = 2


def master(presentation: Presentation, version: str) -> str:
    """The multivariant playlist."""
    sounds = []
    if presentation.sound is not None or presentation.sound_due:
        sounds.append(_sound_option(presentation.sound, version))
    return hls.master_playlist([_variant(track, version) for track in presentation.pictures], sounds)


def media(presentation: Presentation, track: Track, version: str) -> str:
    """The playlist of one track. What is not made yet is listed too: asking for it makes it."""
    init = names.init(track.name, version)
    if isinstance(track, Whole):
        lengths = [Fraction(each.duration, track.lane.timescale) for each in track.segments]
    else:
        lengths = presentation.durations()
    return hls.media_playlist(
        [
            hls.Row(names.segment(track.name, number, version), length, init)
            for number, length in enumerate(lengths)
        ]
    )


def keyframes(track: Whole, version: str) -> str:
    """The I-frame playlist of one track, for scrubbing: the first frame of each segment."""
    init = names.init(track.name, version)
    return hls.keyframe_playlist(
        [
            hls.Row(
                names.keyframe(track.name, number, version),
                Fraction(each.duration, track.lane.timescale),
                init,
            )
            for number, each in enumerate(track.segments)
        ]
    )


def manifest(presentation: Presentation, version: str) -> str:
    """The DASH manifest."""
    pictures = [
        dash.Picture(
            id=track.name,
            bandwidth=_rates(track).peak,
            codec=track.codec,
            width=_size(track)[0],
            height=_size(track)[1],
            frame_rate=_rate(track),
            template=_template(track.name, *_segments(presentation, track), version),
        )
        for track in presentation.pictures
    ]
    sounds = []
    if presentation.sound is not None:
        sound = presentation.sound
        form = sound_format(sound.lane.entries[0])
        sounds.append(
            dash.SoundTrack(
                id=AUDIO,
                bandwidth=_rates(sound).peak,
                codec=codec_string(sound.lane.entries[0]),
                sample_rate=form.sample_rate,
                channels=form.channels,
                language=sound.lane.language,
                template=_template(AUDIO, sound.segments, sound.lane.timescale, version),
                default=True,
            )
        )
    return dash.manifest(Fraction(presentation.duration, TIMESCALE), pictures, sounds)


def _variant(track: Track, version: str) -> hls.Variant:
    width, height = _size(track)
    whole = isinstance(track, Whole)
    return hls.Variant(
        uri=names.playlist(track.name, version),
        rates=_rates(track),
        codec=track.codec,
        width=width,
        height=height,
        frame_rate=_rate(track),
        keyframes=names.keyframe_playlist(track.name, version) if whole else None,
        keyframe_rates=_keyframe_rates(track) if isinstance(track, Whole) else None,
    )


def _sound_option(sound: Whole | None, version: str) -> hls.AudioOption:
    entry = sound.lane.entries[0] if sound is not None else None
    language = sound.lane.language if sound is not None else "und"
    return hls.AudioOption(
        uri=names.playlist(AUDIO, version),
        name="Sound" if language == "und" else language,
        language=language,
        channels=sound_format(entry).channels if entry is not None else SOUND_CHANNELS,
        codec=codec_string(entry) if entry is not None else SOUND_CODEC,
        rates=_rates(sound) if sound is not None else SOUND_RATES,
        default=True,
    )


def _segments(presentation: Presentation, track: Track) -> tuple[Sequence[Segment], int]:
    """The segments of a track and the ticks per second of their times."""
    if isinstance(track, Whole):
        return track.segments, track.lane.timescale
    ends = [*presentation.cuts[1:], presentation.duration]
    times = zip(presentation.cuts, ends, strict=True)
    return [Segment(0, 0, start, end - start, 0) for start, end in times], TIMESCALE


def _template(name: str, segments: Sequence[Segment], timescale: int, version: str) -> dash.Template:
    return dash.Template(
        init=names.init(name, version),
        media=names.segment(name, "$Number$", version),
        timescale=timescale,
        segments=segments,
    )


def _rates(track: Track) -> Rates:
    if isinstance(track, Growing):
        # Not known before it is made: what the encoder may reach at most, and what it usually does.
        return Rates(track.planned.max_bit_rate, track.planned.max_bit_rate // 2)
    return rates(track.segments, track.lane.timescale)


def _keyframe_rates(track: Whole) -> Rates:
    alone = [
        Segment(
            each.first, each.first + 1, each.start, each.duration, track.lane.size(each.first, each.first + 1)
        )
        for each in track.segments
    ]
    return rates(alone, track.lane.timescale)


def _size(track: Track) -> tuple[int, int]:
    if isinstance(track, Growing):
        return track.planned.width, track.planned.height
    return track.width, track.height


def _rate(track: Track) -> Fraction:
    exact = Fraction(*track.plan.frame_rate) if isinstance(track, Growing) else track.rate
    return exact.limit_denominator(1001)
