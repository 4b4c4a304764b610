"""What ffprobe is asked, and how its answers are read. No answer is trusted alone: `processing.inspect`
compares what headers claim with what packets and a decoded frame show.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from playhead.media.ffmpeg.invocation import Invocation, Limits
from playhead.media.ffmpeg.pictures import decoded
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack, TextTrack

MIB = 1024 * 1024
LIMITS = Limits(
    wall_seconds=60, quiet_seconds=20, cpu_seconds=60, memory_bytes=1024 * MIB, stdout_bytes=4 * MIB
)
LOOK_LIMITS = Limits(
    wall_seconds=10, quiet_seconds=5, cpu_seconds=3, memory_bytes=1024 * MIB, stdout_bytes=4 * MIB
)
"""Of what is asked for in the hope that it is all there: what takes longer is asked for piece by piece."""
LOOK_PACKETS = 8
"""Packets, of whatever stream, that mostly hold the first picture and the first sound that is heard."""
PACKET_LIMITS = Limits(
    wall_seconds=600, quiet_seconds=60, cpu_seconds=600, memory_bytes=1024 * MIB, stdout_bytes=128 * MIB
)
MOST_TITLE = 80
"""Characters of what a track calls itself."""
TEXT_CODECS = frozenset(("mov_text", "subrip", "webvtt", "ass", "ssa", "text"))
"""Captions that are text, by ffmpeg's names of their codecs."""
MOST_PACKETS = 3_000_000
"""Frames that are counted: more than half a day at 60 a second."""


@dataclass(frozen=True)
class VideoClaim:
    """What the container and codec headers say of one video stream."""

    index: int
    codec: str
    width: int
    height: int
    time_base: Fraction
    average_rate: Fraction | None
    nominal_rate: Fraction | None
    pixel_format: str
    is_picture: bool
    """Whether it is a cover, not a film."""
    profile: str | None
    bit_rate: int | None
    rotation: int
    """Clockwise degrees, as the container says."""
    number: int | None
    """The track's own number in the container, where it has one."""
    margins: tuple[int, int, int, int] | None
    """What ffmpeg, from 7.1 on, crops by itself as the container says: left, right, top, bottom."""
    dolby_vision_alone: bool
    """Whether the picture is in colours that only Dolby Vision decoders know, without a base of a usual kind."""
    alpha_beside: bool
    """Whether the container says that it keeps a fourth channel beside each frame, as WebM does."""


@dataclass(frozen=True)
class Claims:
    """What a file says of itself."""

    container: str
    duration_seconds: float | None
    start_seconds: float
    videos: tuple[VideoClaim, ...]
    audios: tuple[AudioTrack, ...]
    texts: tuple[TextTrack, ...]
    pictured: tuple[str, ...]
    """The codecs of captions that are pictures, or of another kind that is not read here."""
    streams: int


@dataclass(frozen=True)
class FirstFrame:
    """What the first frame is once decoded."""

    width: int
    height: int
    sample_aspect: Fraction
    rotation: int | None
    """Clockwise degrees to turn the decoded picture by; None where only the container can tell."""
    interlaced: bool
    pixel_format: str
    color_range: str | None
    color_space: str | None
    color_primaries: str | None
    color_transfer: str | None
    peak_nits: int | None
    """The brightest the source claims to get, in cd/m²."""


@dataclass(frozen=True)
class Packets:
    """The packets of one stream, in file order; times in the stream's ticks, None where unknown."""

    pts: tuple[int | None, ...]
    durations: tuple[int, ...]
    keys: tuple[bool, ...]
    shown: tuple[bool, ...]
    """False where an edit list discards what the packet decodes to."""

    def first(self, count: int) -> Packets:
        """The first `count` of them."""
        return Packets(self.pts[:count], self.durations[:count], self.keys[:count], self.shown[:count])


def claims_invocation(path: Path, guards: tuple[str, ...]) -> Invocation:
    """Ask what the file says of itself. `guards` are the input's hardening arguments."""
    arguments = (
        *("-v", "error", *guards),
        *("-show_streams", "-show_format"),  # headers alone: nothing is decoded yet but to find parameters
        *("-of", "json", "-i", str(path)),
    )
    return Invocation("ffprobe", arguments, reads=(path,), limits=LIMITS)


def look_invocation(path: Path, guards: tuple[str, ...]) -> Invocation:
    """Ask what the file says of itself and decode its first packets: one start of a program instead of three."""
    arguments = (
        *("-v", "error", *guards),
        *("-show_streams", "-show_format", "-show_frames"),
        *("-read_intervals", f"%+#{LOOK_PACKETS}"),  # decoding is what costs
        *("-of", "json", "-i", str(path)),
    )
    return Invocation("ffprobe", arguments, reads=(path,), limits=LOOK_LIMITS)


def packets_invocation(
    path: Path, guards: tuple[str, ...], stream: int, intervals: str | None = None
) -> Invocation:
    """Ask for the times and flags of every packet of one stream, without decoding any.

    `intervals` leaves out all but some, in ffprobe's words.
    """
    arguments = (
        *("-v", "error", *guards, "-select_streams", str(stream)),
        "-show_packets",  # as they lie in the file: none is decoded
        *("-show_entries", "packet=pts,duration,flags"),
        *("-of", "compact=p=0:nk=1:s=,"),  # bare values: the smallest text that ffprobe writes
        *("-read_intervals", intervals or f"%+#{MOST_PACKETS}"),  # a table may claim thousands of millions
        *("-i", str(path)),
    )
    return Invocation("ffprobe", arguments, reads=(path,), limits=PACKET_LIMITS)


def frames_invocation(path: Path, guards: tuple[str, ...], stream: int, packets: int) -> Invocation:
    """Decode the first packets of one stream and ask what comes out."""
    arguments = (
        *("-v", "error", *guards, "-select_streams", str(stream)),
        "-show_frames",  # decodes
        *("-read_intervals", f"%+#{packets}"),  # no further: decoding is what costs
        *("-of", "json", "-i", str(path)),
    )
    return Invocation("ffprobe", arguments, reads=(path,), limits=LIMITS)


def alpha_invocation(path: Path, guards: tuple[str, ...], stream: int, decoder: str) -> Invocation:
    """Decode the first frame of one stream with a decoder of our choice: ffprobe would take its own."""
    arguments = (
        *("-v", "error", *guards, *decoded(decoder, stream)),
        *("-i", str(path), "-map", f"0:{stream}"),
        *("-frames:v", "1", "-f", "framehash", "-"),  # a line for the frame, where there is one
    )
    return Invocation("ffmpeg", arguments, reads=(path,), limits=LIMITS)


def read_claims(stdout: bytes) -> Claims:
    """Read the answer to `claims_invocation` or `look_invocation`.

    Raises:
        PlayheadError: `corrupt_file` when it is not what ffprobe writes.
    """
    answer = _json(stdout)
    streams = [stream for stream in answer.get("streams", []) if isinstance(stream, dict)]
    form = answer.get("format", {})
    return Claims(
        container=str(form.get("format_name", "")),
        duration_seconds=_float(form.get("duration")),
        start_seconds=_float(form.get("start_time")) or 0.0,
        videos=tuple(_video(stream) for stream in streams if stream.get("codec_type") == "video"),
        audios=tuple(_audio(stream) for stream in streams if stream.get("codec_type") == "audio"),
        texts=tuple(_text(stream) for stream in streams if stream.get("codec_name") in TEXT_CODECS),
        pictured=tuple(
            str(stream.get("codec_name", "unknown"))
            for stream in streams
            if stream.get("codec_type") == "subtitle" and stream.get("codec_name") not in TEXT_CODECS
        ),
        streams=len(streams),
    )


def read_packets(stdout: bytes) -> Packets:
    """Read the answer to `packets_invocation`; lines that are not packets are left out.

    Raises:
        PlayheadError: `limit_duration` when there are more than are counted.
    """
    pts: list[int | None] = []
    durations: list[int] = []
    keys: list[bool] = []
    shown: list[bool] = []
    for line in stdout.decode("ascii", "replace").splitlines():
        fields = line.split(",")
        if len(fields) < 3:
            continue
        pts.append(_int(fields[0]))
        durations.append(_int(fields[1]) or 0)
        keys.append("K" in fields[2])
        shown.append("D" not in fields[2])
    if len(pts) >= MOST_PACKETS:
        raise PlayheadError("limit_duration", f"It has {MOST_PACKETS} frames or more.")
    return Packets(tuple(pts), tuple(durations), tuple(keys), tuple(shown))


def read_frame(stdout: bytes, stream: int) -> FirstFrame | None:
    """Read a stream's first picture in an answer that has frames; None when there is none."""
    frame = _first(stdout, stream)
    if frame is None:
        return None
    return FirstFrame(
        width=int(frame.get("width") or 0),
        height=int(frame.get("height") or 0),
        sample_aspect=_ratio(frame.get("sample_aspect_ratio"), ":") or Fraction(1),
        rotation=_rotation(frame.get("side_data_list", [])),
        interlaced=bool(frame.get("interlaced_frame")),
        pixel_format=str(frame.get("pix_fmt", "")),
        color_range=_known(frame.get("color_range")),
        color_space=_known(frame.get("color_space")),
        color_primaries=_known(frame.get("color_primaries")),
        color_transfer=_known(frame.get("color_transfer")),
        peak_nits=_peak_nits(frame.get("side_data_list", [])),
    )


def read_sound_start(stdout: bytes, stream: int) -> float | None:
    """When a stream's first sound is heard in an answer that has frames, in seconds; None without one."""
    frame = _first(stdout, stream)
    return None if frame is None else _float(frame.get("best_effort_timestamp_time")) or 0.0


def _first(stdout: bytes, stream: int) -> dict[str, Any] | None:
    frames = _json(stdout).get("frames", [])
    return next((frame for frame in frames if frame.get("stream_index") == stream), None)


def _json(stdout: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(stdout or b"{}")
    except ValueError as error:
        raise PlayheadError("corrupt_file") from error
    return answer if isinstance(answer, dict) else {}


def _video(stream: Mapping[str, Any]) -> VideoClaim:
    disposition, side_data = stream.get("disposition", {}), stream.get("side_data_list", [])
    return VideoClaim(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "unknown")),
        width=int(stream.get("width") or 0),
        height=int(stream.get("height") or 0),
        time_base=_ratio(stream.get("time_base"), "/") or Fraction(1, 1000),
        average_rate=_ratio(stream.get("avg_frame_rate"), "/"),
        nominal_rate=_ratio(stream.get("r_frame_rate"), "/"),
        pixel_format=str(stream.get("pix_fmt", "")),
        is_picture=bool(disposition.get("attached_pic") or disposition.get("timed_thumbnails")),
        profile=_known(stream.get("profile")),
        bit_rate=_int(stream.get("bit_rate")),
        rotation=_rotation(side_data) or 0,
        number=_hexadecimal(stream.get("id")),
        margins=_margins(side_data),
        dolby_vision_alone=any(
            entry.get("dv_profile") is not None and not entry.get("dv_bl_signal_compatibility_id")
            for entry in side_data
        ),
        alpha_beside=str(stream.get("tags", {}).get("alpha_mode")) == "1",
    )


def _audio(stream: Mapping[str, Any]) -> AudioTrack:
    language = stream.get("tags", {}).get("language")
    tick = _ratio(stream.get("time_base"), "/") or Fraction(1, 1000)
    return AudioTrack(
        index=int(stream["index"]),
        codec=str(stream.get("codec_name", "unknown")),
        sample_rate=int(stream.get("sample_rate") or 0),
        channels=int(stream.get("channels") or 0),
        time_base=(tick.numerator, tick.denominator),
        language=language
        if isinstance(language, str) and language.isascii() and len(language) == 3
        else None,
        profile=_known(stream.get("profile")),
        bit_rate=_int(stream.get("bit_rate")),
    )


def _text(stream: Mapping[str, Any]) -> TextTrack:
    language, title = (stream.get("tags", {}).get(name) for name in ("language", "title"))
    named = "".join(filter(str.isprintable, title))[:MOST_TITLE].strip() if isinstance(title, str) else ""
    return TextTrack(
        index=int(stream["index"]),
        codec=str(stream["codec_name"]),
        language=language
        if isinstance(language, str) and language.isascii() and len(language) == 3
        else None,
        title=named or None,
    )


def _rotation(side_data: list[Mapping[str, Any]]) -> int | None:
    for entry in side_data:
        turned = _float(entry.get("rotation"))
        if turned is not None:
            # ffprobe counts counter-clockwise; only quarter turns change which side is the short one.
            return round(-turned / 90) * 90 % 360
    return None


def _margins(side_data: list[Mapping[str, Any]]) -> tuple[int, int, int, int] | None:
    for entry in side_data:
        if "crop_left" in entry:
            left, right, top, bottom = (
                max(0, _int(entry.get(f"crop_{side}")) or 0) for side in ("left", "right", "top", "bottom")
            )
            return (left, right, top, bottom)
    return None


def _peak_nits(side_data: list[Mapping[str, Any]]) -> int | None:
    """The brightest pixel (CTA-861.3 MaxCLL), else the display it was graded on (SMPTE ST 2086)."""
    brightest = [_int(entry.get("max_content")) for entry in side_data]
    graded = [_ratio(entry.get("max_luminance"), "/") for entry in side_data]
    told = [nits for nits in (*brightest, *graded) if nits]
    return round(told[0]) if told else None


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and value not in ("unknown", "reserved", "unspecified") else None


def _int(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _hexadecimal(value: object) -> int | None:
    try:
        return int(str(value), 16)
    except ValueError:
        return None


def _float(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) < 1e12 else None


def _ratio(value: object, separator: str) -> Fraction | None:
    numerator, _, denominator = str(value).partition(separator)
    top, bottom = _int(numerator), _int(denominator)
    return Fraction(top, bottom) if top and bottom and top > 0 and bottom > 0 else None
