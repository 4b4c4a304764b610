"""DASH manifests as text (ISO/IEC 23009-1): one period, SegmentTemplate with SegmentTimeline.

A finished video has a static manifest. One whose file is still arriving has a dynamic one, which players load
again and again while its timelines grow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from xml.sax.saxutils import quoteattr

from playhead.packaging.segments import Segment

_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
_TIME_OF_DAY = "urn:mpeg:dash:utc:direct:2014"
_CAPTION_BITS = 1000
"""Bits a second told for WebVTT: the attribute is required, and no player decides anything by it."""


@dataclass(frozen=True)
class Template:
    """Where a representation's segments are and when each is shown."""

    init: str
    media: str
    """With `$Number$` where the segment's number goes, counted from `first_number`."""
    timescale: int
    segments: Sequence[Segment]
    first_number: int = 0


@dataclass(frozen=True)
class Picture:
    """One video representation."""

    id: str
    bandwidth: int
    """The peak, in bits a second."""
    codec: str
    width: int
    height: int
    frame_rate: Fraction
    template: Template


@dataclass(frozen=True)
class SoundTrack:
    """One audio representation, an adaptation set of its own."""

    id: str
    bandwidth: int
    codec: str
    sample_rate: int
    channels: int
    language: str
    template: Template
    default: bool = False


@dataclass(frozen=True)
class Captions:
    """One WebVTT file as a whole."""

    id: str
    uri: str
    language: str
    label: str
    """What a menu calls it."""


@dataclass(frozen=True)
class Arrival:
    """What a manifest says of a file that is still arriving."""

    since: datetime
    """When it began to arrive."""
    now: datetime
    again_seconds: int
    """After how long a player is to look again."""


def manifest(
    duration: Fraction,
    pictures: Sequence[Picture],
    sounds: Sequence[SoundTrack] = (),
    captions: Sequence[Captions] = (),
    arrival: Arrival | None = None,
) -> str:
    """The MPD of a video, `duration` in seconds; the pictures' segments are aligned.

    Without pictures it is of sound alone. While it arrives, the segments are those that are there, and
    `duration` is what it will have.
    """
    longest = max(
        Fraction(segment.duration, track.template.timescale)
        for track in pictures or sounds
        for segment in track.template.segments
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011"'
        f' type="{"static" if arrival is None else "dynamic"}" minBufferTime="{_iso(longest)}"'
        f' mediaPresentationDuration="{_iso(duration)}"{_growing(duration, arrival)}>',
        '  <Period id="0" start="PT0S">',
        *(_pictures(pictures) if pictures else ()),
        *(line for number, sound in enumerate(sounds, 1) for line in _sound(sound, number)),
        *(line for number, text in enumerate(captions, 1 + len(sounds)) for line in _captions(text, number)),
        "  </Period>",
        *(
            [f'  <UTCTiming schemeIdUri="{_TIME_OF_DAY}" value="{_moment(arrival.now)}"/>']
            if arrival is not None
            else []
        ),
        "</MPD>",
    ]
    return "\n".join(lines) + "\n"


def _growing(duration: Fraction, arrival: Arrival | None) -> str:
    """The attributes of a dynamic manifest (section 5.3.1.2), a space before each.

    Segments count as available from their end on, on a clock that starts at `availabilityStartTime`: a whole
    duration before the file began to arrive, so that none that is listed lies in the future. Players take the
    end of the film for the live edge then; a delay of all of it lets them begin at the beginning.
    """
    if arrival is None:
        return ""
    begun = arrival.since - timedelta(seconds=math.ceil(duration))
    return (
        f' availabilityStartTime="{_moment(begun)}" publishTime="{_moment(arrival.now)}"'
        f' minimumUpdatePeriod="PT{arrival.again_seconds}S" suggestedPresentationDelay="{_iso(duration)}"'
    )


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pictures(pictures: Sequence[Picture]) -> list[str]:
    lines = [
        '    <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true"'
        ' startWithSAP="1">'
    ]
    for picture in pictures:
        rate = picture.frame_rate
        told = str(rate.numerator) if rate.denominator == 1 else f"{rate.numerator}/{rate.denominator}"
        lines += [
            f'      <Representation id={quoteattr(picture.id)} bandwidth="{picture.bandwidth}"'
            f' codecs={quoteattr(picture.codec)} width="{picture.width}" height="{picture.height}"'
            f' frameRate="{told}" sar="1:1">',
            *_template(picture.template),
            "      </Representation>",
        ]
    return [*lines, "    </AdaptationSet>"]


def _sound(sound: SoundTrack, number: int) -> list[str]:
    language = "" if sound.language == "und" else f" lang={quoteattr(sound.language)}"
    role = "main" if sound.default else "alternate"
    return [
        f'    <AdaptationSet id="{number}" contentType="audio" mimeType="audio/mp4"{language}'
        ' segmentAlignment="true" startWithSAP="1">',
        f'      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="{role}"/>',
        f'      <Representation id={quoteattr(sound.id)} bandwidth="{sound.bandwidth}"'
        f' codecs={quoteattr(sound.codec)} audioSamplingRate="{sound.sample_rate}">',
        f'        <AudioChannelConfiguration schemeIdUri="{_CHANNELS}" value="{sound.channels}"/>',
        *_template(sound.template),
        "      </Representation>",
        "    </AdaptationSet>",
    ]


def _captions(captions: Captions, number: int) -> list[str]:
    language = "" if captions.language == "und" else f" lang={quoteattr(captions.language)}"
    return [
        f'    <AdaptationSet id="{number}" contentType="text" mimeType="text/vtt"{language}>',
        f"      <Label>{_escaped(captions.label)}</Label>",
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>',
        f'      <Representation id={quoteattr(captions.id)} bandwidth="{_CAPTION_BITS}">',
        f"        <BaseURL>{_escaped(captions.uri)}</BaseURL>",
        "      </Representation>",
        "    </AdaptationSet>",
    ]


def _template(template: Template) -> list[str]:
    lines = [
        f'        <SegmentTemplate timescale="{template.timescale}" startNumber="{template.first_number}"'
        f" initialization={quoteattr(template.init)} media={quoteattr(template.media)}>",
        "          <SegmentTimeline>",
    ]
    time: int | None = None
    for duration, run in groupby(template.segments, key=lambda segment: segment.duration):
        same = list(run)
        start = f' t="{same[0].start}"' if same[0].start != time else ""
        more = f' r="{len(same) - 1}"' if len(same) > 1 else ""
        lines.append(f'            <S{start} d="{duration}"{more}/>')
        time = same[0].start + duration * len(same)
    return [*lines, "          </SegmentTimeline>", "        </SegmentTemplate>"]


def _iso(seconds: Fraction) -> str:
    """An ISO 8601 duration to the millisecond."""
    return f"PT{float(seconds):.3f}S"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
