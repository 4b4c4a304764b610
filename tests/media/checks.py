"""Judges of results, independent of the product: what a file is, looks like and sounds like.

They read with ffprobe, the ffmpeg command and PyAV (another build of the libraries), never with code
under `src/`. Each is a function of a path that returns facts; tests do the comparing.
"""

from __future__ import annotations

import array
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.media.samples import boxes, pictures

CORNERS = {"top_left": "red", "top_right": "green", "bottom_left": "blue", "bottom_right": "yellow"}
"""What `corner_colours` answers for a right side up test picture."""

_PALETTE = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}


class JudgeError(Exception):
    """The file could not be read at all; carries what the tool said."""


@dataclass(frozen=True)
class Described:
    """What ffprobe tells of a file. Sizes in pixels, times in seconds from the file's own zero."""

    container: str
    duration: float
    """As the container claims; 0 when it does not."""
    faststart: bool
    """Whether `moov` comes before `mdat` (False for other containers)."""
    codec: str
    profile: str
    level: int
    pixel_format: str
    width: int
    height: int
    sample_aspect_ratio: Fraction
    rotation: int
    """Clockwise degrees a player turns the picture by."""
    shown: tuple[int, int]
    """Width and height after sample aspect ratio and rotation."""
    frame_times: tuple[float, ...]
    """Presentation times of the video packets, ascending; without those an edit list hides."""
    keyframe_times: tuple[float, ...]
    packets: int
    """Coded frames of the picture, those without a time included."""
    video_seconds: float
    """From the first frame's start to the last frame's end, as the packets tell."""
    color: dict[str, str]
    """Those known of primaries, transfer, space and range."""
    audio_codec: str | None
    audio_channels: int
    audio_rate: int
    audio_seconds: float
    audio_tracks: int


@dataclass(frozen=True)
class Inspected(Described):
    """What ffprobe tells, and what decoding every frame of it showed."""

    frames: int
    """Frames that decode."""
    warnings: tuple[str, ...]
    """What the decoders complained of; empty is the only good answer for a file we made."""


@dataclass(frozen=True)
class Frame:
    """One decoded frame of a `pictures.Picture`, turned as a player would."""

    number: int | None
    """Its bar code; None when that cannot be read."""
    corners: dict[str, str]
    """Colour names by place: `CORNERS` when all is well; `#rrggbb` for a colour far from the four."""


def _run(args: Sequence[str | Path], *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([str(arg) for arg in args], capture_output=True, timeout=120, check=False)
    if check and done.returncode != 0:
        raise JudgeError(f"{args[0]}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done


def _ffmpeg(path: Path, *out: str, level: str = "error") -> subprocess.CompletedProcess[bytes]:
    # unaligned: crop exactly as the bitstream says, not in steps of the processor's vector size.
    exact = ("-flags", "unaligned")
    return _run(["ffmpeg", "-hide_banner", "-nostdin", "-v", level, *exact, "-i", path, *out])


def probe(path: Path, *extra: str) -> dict[str, Any]:
    """ffprobe's JSON of format and streams; raises `JudgeError` when it cannot read the file."""
    done = _run(["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", *extra, path])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def describe(path: Path) -> Described:
    """What ffprobe tells of any media file, without decoding it.

    Raises `JudgeError` when it is unreadable or has no video stream (cover art is none).
    """
    found = probe(path, "-show_packets", "-show_entries", "packet=stream_index,pts_time,duration_time,flags")
    streams = found["streams"]
    films = [s for s in streams if s["codec_type"] == "video" and not s["disposition"]["attached_pic"]]
    if not films:
        raise JudgeError("no video stream")
    video, sound = films[0], [s for s in streams if s["codec_type"] == "audio"]
    packets = _packets(found, video["index"])
    rotation, ratio = _rotation(video), _ratio(video)
    return Described(
        container=found["format"]["format_name"],
        duration=float(found["format"].get("duration", 0)),
        faststart=_faststart(path),
        codec=video.get("codec_name", "unknown"),
        profile=video.get("profile", ""),
        level=video.get("level", 0),
        pixel_format=video.get("pix_fmt", ""),
        width=video["width"],
        height=video["height"],
        sample_aspect_ratio=ratio,
        rotation=rotation,
        shown=_shown(video["width"], video["height"], ratio, rotation),
        frame_times=tuple(start for start, _, _ in packets),
        keyframe_times=tuple(start for start, _, key in packets if key),
        packets=sum(p["stream_index"] == video["index"] for p in found.get("packets", [])),
        video_seconds=_span(packets),
        color={name: video[f"color_{name}"] for name in _COLOR if f"color_{name}" in video},
        audio_codec=sound[0]["codec_name"] if sound else None,
        audio_channels=sound[0]["channels"] if sound else 0,
        audio_rate=int(sound[0]["sample_rate"]) if sound else 0,
        audio_seconds=_span(_packets(found, sound[0]["index"])) if sound else 0.0,
        audio_tracks=len(sound),
    )


def inspect_mp4(path: Path) -> Inspected:
    """`describe`, and a full decode of the pictures and all sound. Raises as `describe` does."""
    told = describe(path)
    decoded = _ffmpeg(path, "-map", "0:V:0", "-map", "0:a?", *_AS_IS, level="warning")
    return Inspected(
        **vars(told),
        frames=sum(line.startswith(b"0,") for line in decoded.stdout.splitlines()),
        warnings=tuple(decoded.stderr.decode(errors="replace").splitlines()),
    )


_COLOR = ("primaries", "transfer", "space", "range")

# Every frame once, at its own time; one line of checksum each.
_AS_IS = ("-fps_mode", "passthrough", "-f", "framemd5", "-")


def _packets(found: dict[str, Any], index: int) -> list[tuple[float, float, bool]]:
    """Start, duration and whether it is a sync point, of one stream's packets that have a time."""
    return sorted(
        (float(p["pts_time"]), float(p.get("duration_time", 0)), "K" in p["flags"])
        for p in found.get("packets", [])
        # D: discarded by an edit list, so never shown
        if p["stream_index"] == index and "pts_time" in p and "D" not in p["flags"]
    )


def _span(packets: list[tuple[float, float, bool]]) -> float:
    return max(start + long for start, long, _ in packets) - packets[0][0] if packets else 0.0


def _rotation(video: dict[str, Any]) -> int:
    sides = (side["rotation"] for side in video.get("side_data_list", ()) if "rotation" in side)
    return -int(next(sides, 0)) % 360  # ffprobe counts counterclockwise


def _ratio(video: dict[str, Any]) -> Fraction:
    over, _, under = str(video.get("sample_aspect_ratio", "1:1")).partition(":")
    return Fraction(int(over), int(under)) if int(over) and int(under) else Fraction(1)


def _shown(width: int, height: int, ratio: Fraction, rotation: int) -> tuple[int, int]:
    wide = round(width * ratio)
    return (height, wide) if rotation % 180 else (wide, height)


def _faststart(path: Path) -> bool:
    order = [box.path for box in boxes.boxes(path.read_bytes()) if not box.parents]
    return "moov" in order and "mdat" in order and order.index("moov") < order.index("mdat")


def frames_seen(
    path: Path, *, from_seconds: float = 0.0, most: int = 100_000, convert: str = "null"
) -> list[Frame]:
    """Each decoded frame from `from_seconds` on, in order: its bar code and corner colours, as displayed.

    What was dropped, doubled, swapped, turned or cropped shows. `convert` is a filter that comes first,
    for colours that plain scaling would show wrongly.
    """
    # A 16 x 8 grid of means: a cell lies within one corner patch, or within one block of the code
    # (rows 3 and 4). Means are blind to coding noise.
    filters = f"select=gte(t\\,{from_seconds}),{convert},scale=16:8:flags=area,format=rgb24"
    out = ("-map", "0:V:0", "-vf", filters, "-frames:v", str(most), "-fps_mode", "passthrough")
    raw = _ffmpeg(path, *out, "-f", "rawvideo", "-").stdout
    size = 3 * 16 * 8
    return [_frame(raw[start : start + size]) for start in range(0, len(raw), size)]


def _frame(grid: bytes) -> Frame:
    rows = [[grid[3 * (16 * y + x) :][:3] for x in range(16)] for y in range(8)]
    corners = {"top_left": rows[0][0], "top_right": rows[0][-1]}
    corners |= {"bottom_left": rows[-1][0], "bottom_right": rows[-1][-1]}
    brightness = [sum(rows[3][x]) // 3 for x in range(16)]
    return Frame(pictures.number_of(brightness), {place: _colour(pixel) for place, pixel in corners.items()})


def _colour(pixel: bytes) -> str:
    name, distance = min(
        ((name, max(abs(a - b) for a, b in zip(pixel, rgb, strict=True))) for name, rgb in _PALETTE.items()),
        key=lambda pair: pair[1],
    )
    return name if distance <= 96 else f"#{pixel.hex()}"


def corner_colours(path: Path, at_seconds: float = 0.0) -> dict[str, str]:
    """The corners of the first frame at or after `at_seconds`; compare with `CORNERS`.

    Raises `JudgeError` when there is no such frame.
    """
    seen = frames_seen(path, from_seconds=at_seconds, most=1)
    if not seen:
        raise JudgeError(f"no frame at {at_seconds} s")
    return seen[0].corners


def frame_numbers(path: Path) -> list[int | None]:
    """The bar code of each decoded frame, in order."""
    return [frame.number for frame in frames_seen(path)]


def framemd5(path: Path, stream: str = "v:0") -> list[str]:
    """A checksum per decoded frame of one stream: equal lists mean equal pictures (or samples)."""
    lines = _ffmpeg(path, "-map", f"0:{stream}", *_AS_IS).stdout.decode().splitlines()
    return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]


def packet_hashes(path: Path, stream: str = "v:0") -> list[str]:
    """A checksum per coded packet of one stream: equal lists mean nothing was encoded again."""
    entries = ("-show_data_hash", "MD5", "-show_packets", "-show_entries", "packet=data_hash")
    done = _run(["ffprobe", "-v", "error", "-of", "json", "-select_streams", stream, *entries, path])
    return [packet["data_hash"] for packet in json.loads(done.stdout)["packets"]]


def sound_starts(path: Path) -> float:
    """When the tone begins, in seconds after the first picture is shown; below zero when before it.

    Read with PyAV. Raises `JudgeError` when there is no sound louder than a twentieth of full scale.
    """
    with av.open(str(path)) as media:
        first_picture = next(frame.time for frame in media.decode(video=0) if frame.time is not None)
    with av.open(str(path)) as media:
        resampler = av.AudioResampler(format="s16", layout="mono")
        for frame in media.decode(audio=0):
            for plain in resampler.resample(frame):
                samples = array.array("h", bytes(plain.planes[0])[: 2 * plain.samples])
                loud = next((at for at, level in enumerate(samples) if abs(level) > 1638), None)
                if loud is not None and frame.time is not None:
                    return float(frame.time + loud / plain.sample_rate - first_picture)
    raise JudgeError("silence")
