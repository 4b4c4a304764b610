"""HLS playlists as text (RFC 8216bis). URIs are the caller's and are written as given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from playhead.packaging.segments import Rates

VERSION = 7
"""EXT-X-MAP in a playlist that is not of I-frames only asks for 6, and 7 is what fMP4 players test with."""


@dataclass(frozen=True)
class Row:
    """One segment of a media playlist."""

    uri: str
    duration: Fraction
    """In seconds."""
    init: str | None
    """The URI of its init segment; a change starts a new EXT-X-MAP. None for WebVTT, which has none."""


@dataclass(frozen=True)
class AudioOption:
    """One sound of the alternate audio group (section 4.4.6.1)."""

    uri: str
    name: str
    language: str
    """An RFC 5646 tag, or `und`."""
    channels: int
    codec: str
    rates: Rates
    default: bool = False


@dataclass(frozen=True)
class SubtitleOption:
    """One WebVTT track of the subtitle group."""

    uri: str
    name: str
    language: str
    default: bool = False
    forced: bool = False


@dataclass(frozen=True)
class Variant:
    """One video rendition."""

    uri: str
    rates: Rates
    codec: str
    width: int
    height: int
    frame_rate: Fraction
    keyframes: str | None = None
    """The URI of its I-frame playlist."""
    keyframe_rates: Rates | None = None
    """The bit rates of that playlist."""


def media_playlist(
    rows: Sequence[Row],
    kind: Literal["VOD", "EVENT"] = "VOD",
    *,
    ended: bool = True,
    longest: Fraction | None = None,
) -> str:
    """The playlist of one rendition's segments; `ended` is false while more will be added to an EVENT.

    `longest`, in seconds, is that of all segments, those to come included: the target duration must not
    change from one reload to the next (section 6.2.1).

    Every segment starts with a sync sample, so each says that it is independent of those before it.
    """
    lines = [
        *_opening(rows, longest),
        f"#EXT-X-PLAYLIST-TYPE:{kind}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        *_rows(rows),
    ]
    return _text(lines, ended=ended)


def keyframe_playlist(rows: Sequence[Row]) -> str:
    """The I-frame playlist of a finished rendition: each row is one keyframe, shown until the next."""
    lines = [*_opening(rows), "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-I-FRAMES-ONLY", *_rows(rows)]
    return _text(lines, ended=True)


def master_playlist(
    variants: Sequence[Variant],
    sounds: Sequence[AudioOption] = (),
    subtitles: Sequence[SubtitleOption] = (),
) -> str:
    """The multivariant playlist, variants in the order given: a player starts with the first.

    A variant's bit rate counts the heaviest sound, for any of the group may go with it.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_sound(option) for option in sounds]
    lines += [_subtitle(option) for option in subtitles]
    codecs = list(dict.fromkeys(option.codec for option in sounds))
    peak = max((option.rates.peak for option in sounds), default=0)
    average = max((option.rates.average for option in sounds), default=0)
    for variant in variants:
        attributes = [
            f"BANDWIDTH={variant.rates.peak + peak}",
            f"AVERAGE-BANDWIDTH={variant.rates.average + average}",
            f"CODECS={_quoted(','.join([variant.codec, *codecs]))}",
            f"RESOLUTION={variant.width}x{variant.height}",
            f"FRAME-RATE={float(variant.frame_rate):.3f}",
            *(['AUDIO="audio"'] if sounds else []),
            *(['SUBTITLES="subtitles"'] if subtitles else []),
            "CLOSED-CAPTIONS=NONE",
        ]
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", variant.uri]
    lines += [line for variant in variants for line in _keyframes(variant)]
    return _text(lines, ended=False)


def sound_playlist(sounds: Sequence[AudioOption]) -> str:
    """The multivariant playlist of sound alone: one variant without a picture, and the others to choose from."""
    first = sounds[0]
    attributes = [
        f"BANDWIDTH={max(option.rates.peak for option in sounds)}",
        f"AVERAGE-BANDWIDTH={max(option.rates.average for option in sounds)}",
        f"CODECS={_quoted(','.join(dict.fromkeys(option.codec for option in sounds)))}",
        # A group of one would only have the same sound fetched twice.
        *(['AUDIO="audio"'] if len(sounds) > 1 else []),
        "CLOSED-CAPTIONS=NONE",
    ]
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_sound(option) for option in sounds] if len(sounds) > 1 else []
    return _text([*lines, f"#EXT-X-STREAM-INF:{','.join(attributes)}", first.uri], ended=False)


def _keyframes(variant: Variant) -> list[str]:
    if variant.keyframes is None or variant.keyframe_rates is None:
        return []
    attributes = [
        f"BANDWIDTH={variant.keyframe_rates.peak}",
        f"AVERAGE-BANDWIDTH={variant.keyframe_rates.average}",
        f"CODECS={_quoted(variant.codec)}",
        f"RESOLUTION={variant.width}x{variant.height}",
        f"URI={_quoted(variant.keyframes)}",
    ]
    return [f"#EXT-X-I-FRAME-STREAM-INF:{','.join(attributes)}"]


def _sound(option: AudioOption) -> str:
    attributes = [
        'TYPE=AUDIO,GROUP-ID="audio"',
        f"NAME={_quoted(option.name)}",
        *_language(option.language),
        f"DEFAULT={_yes(option.default)},AUTOSELECT=YES",
        f'CHANNELS="{option.channels}"',
        f"URI={_quoted(option.uri)}",
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _subtitle(option: SubtitleOption) -> str:
    attributes = [
        'TYPE=SUBTITLES,GROUP-ID="subtitles"',
        f"NAME={_quoted(option.name)}",
        *_language(option.language),
        f"DEFAULT={_yes(option.default)},AUTOSELECT=YES,FORCED={_yes(option.forced)}",
        f"URI={_quoted(option.uri)}",
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _opening(rows: Sequence[Row], longest: Fraction | None = None) -> list[str]:
    # EXT-X-TARGETDURATION is an integer that no rounded duration may exceed (section 4.4.3.1).
    if longest is None:
        longest = max((row.duration for row in rows), key=float, default=Fraction(1))
    target = math.floor(longest + Fraction(1, 2))
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{max(1, target)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]


def _rows(rows: Sequence[Row]) -> list[str]:
    """The rows, each as long as is missing from the sum of all before it: what is rounded does not add up.

    The sums are rounded up, as Shaka Player moves by a millisecond what seems to begin before its time.
    """
    lines: list[str] = []
    init, total, told = None, 0, 0
    # In whole numbers, of which a film has thousands to add: sums of fractions take ten times as long.
    unit = math.lcm(*{row.duration.denominator for row in rows})
    for row in rows:
        total += row.duration.numerator * (unit // row.duration.denominator)
        micros = -(-total * 1_000_000 // unit) - told
        told += micros
        if row.init is not None and row.init != init:
            init = row.init
            lines.append(f"#EXT-X-MAP:URI={_quoted(init)}")
        lines += [f"#EXTINF:{micros // 1_000_000}.{micros % 1_000_000:06d},", row.uri]
    return lines


def _language(tag: str) -> list[str]:
    return [] if tag == "und" else [f"LANGUAGE={_quoted(tag)}"]


def _yes(value: bool) -> str:
    return "YES" if value else "NO"


def _quoted(text: str) -> str:
    """A quoted string, which can hold neither quotes nor line breaks (section 4.2); names come from users."""
    return '"' + "".join("'" if char == '"' else " " if ord(char) < 32 else char for char in text) + '"'


def _text(lines: Sequence[str], *, ended: bool) -> str:
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else [])]) + "\n"
