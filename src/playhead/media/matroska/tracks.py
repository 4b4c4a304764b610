"""The description of the tracks (RFC 9559, section 5.1.4), and sample entries made of it as an MP4 has them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from playhead.media.matroska.ebml import children, corrupt, real, text, unsigned, values
from playhead.model.errors import PlayheadError

TRACK_LIMIT = 256
RATE_LIMIT = 1 << 26
"""Samples a second that no sound has, in whatever way it is kept."""
_TRACK_ENTRY = 0xAE
_NUMBER, _TYPE, _CODEC, _PRIVATE, _FRAME_NANOSECONDS = 0xD7, 0x83, 0x86, 0x63A2, 0x23E383
_LANGUAGE, _ENABLED, _ENCODINGS, _VIDEO, _AUDIO = 0x22B59C, 0xB9, 0x6D80, 0xE0, 0xE1
_WIDTH, _HEIGHT, _SHOWN_WIDTH, _SHOWN_HEIGHT, _SHOWN_UNIT, _INTERLACED = (
    0xB0,
    0xBA,
    0x54B0,
    0x54BA,
    0x54B2,
    0x9A,
)
_CROPS = (0x54AA, 0x54BB, 0x54CC, 0x54DD)
_COLOUR, _MATRIX, _RANGE, _TRANSFER, _PRIMARIES = 0x55B0, 0x55B1, 0x55B9, 0x55BA, 0x55BB
_PROJECTION, _STEREO, _ALPHA = 0x7670, 0x53B8, 0x53C0
_RATE, _CHANNELS = 0xB5, 0x9F
_CODECS = {
    "V_MPEG4/ISO/AVC": b"avc1",
    "V_MPEGH/ISO/HEVC": b"hvc1",
    "V_VP8": b"vp08",
    "V_VP9": b"vp09",
    "V_AV1": b"av01",
    "A_AAC": b"mp4a",
    "A_OPUS": b"Opus",
    "A_VORBIS": b"vorb",
    "A_FLAC": b"fLaC",
    "A_AC3": b"ac-3",
    "A_EAC3": b"ec-3",
    "A_MPEG/L3": b".mp3",
}
_CONFIGURATIONS = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"av01": b"av1C"}

Kind = Literal["video", "audio", "other"]


@dataclass(frozen=True)
class Described:
    """One track as the file describes it."""

    number: int
    kind: Kind
    codec: bytes
    """The four-character code that an MP4 has for it."""
    private: bytes
    frame_nanoseconds: int
    """How long a frame lasts; 0 when that is not told."""
    language: str
    enabled: bool
    entry: bytes
    """A sample entry (ISO/IEC 14496-12, section 8.5.2)."""
    width: int = 0
    height: int = 0
    display_width: float = 0
    display_height: float = 0
    rate: int = 0
    """Samples of sound a second."""
    unfit: str | None = None
    """Why it is not to be given to players as it is, where the file says so."""


def described(body: memoryview) -> tuple[Described, ...]:
    """Every track of a `Tracks` element, in file order.

    Raises:
        PlayheadError: `corrupt_file`; `limit_streams`; `encrypted_file`.
    """
    entries = [payload for name, payload in children(body) if name == _TRACK_ENTRY]
    if len(entries) > TRACK_LIMIT:
        raise PlayheadError("limit_streams", f"The file has more than {TRACK_LIMIT} tracks.")
    return tuple(_described(entry) for entry in entries)


def _described(entry: memoryview) -> Described:
    found = values(entry)
    kind: Kind = {1: "video", 2: "audio"}.get(unsigned(found.get(_TYPE)), "other")  # type: ignore[assignment]
    name = text(found.get(_CODEC))
    codec = _CODECS.get(name, b"????")
    private = bytes(found.get(_PRIVATE, b""))
    unfit = "its frames are packed by the container" if _ENCODINGS in found else None
    track = Described(
        number=unsigned(found.get(_NUMBER)),
        kind=kind,
        codec=codec,
        private=private,
        frame_nanoseconds=unsigned(found.get(_FRAME_NANOSECONDS)),
        language=_language(text(found.get(_LANGUAGE), "eng")),
        enabled=unsigned(found.get(_ENABLED), 1) == 1,
        entry=_box(codec, bytes(28)),
        unfit=unfit,
    )
    if kind == "video":
        return _picture(track, values(found.get(_VIDEO, memoryview(b""))))
    return _sound(track, values(found.get(_AUDIO, memoryview(b"")))) if kind == "audio" else track


def _picture(track: Described, video: dict[int, memoryview]) -> Described:
    width, height = unsigned(video.get(_WIDTH)), unsigned(video.get(_HEIGHT))
    shown = unsigned(video.get(_SHOWN_WIDTH), width), unsigned(video.get(_SHOWN_HEIGHT), height)
    display = (float(width), float(height))
    if unsigned(video.get(_SHOWN_UNIT)) in (0, 3) and all(shown) and width and height:
        # Enlarged on the side that is too short, as ffmpeg does, so that no line is thrown away.
        ratio = shown[0] * height / (shown[1] * width)
        display = (width * max(1.0, ratio), height * max(1.0, 1 / ratio))
    unfit = track.unfit
    if any(unsigned(video.get(crop)) for crop in _CROPS):
        unfit = unfit or "its edges are not meant to be seen"
    if _PROJECTION in video or unsigned(video.get(_STEREO)) or unsigned(video.get(_ALPHA)):
        unfit = unfit or "it is no plain picture"
    if unsigned(video.get(_INTERLACED)) == 1:
        unfit = unfit or "interlaced"
    fields = bytes(6) + b"\0\1" + bytes(16) + struct.pack(">HH", width & 0xFFFF, height & 0xFFFF)
    fields += struct.pack(">IIIH", 72 << 16, 72 << 16, 0, 1) + bytes(32) + b"\0\x18\xff\xff"
    boxes = b""
    if track.codec in _CONFIGURATIONS:
        boxes += _box(_CONFIGURATIONS[track.codec], track.private)
    colour = values(video[_COLOUR]) if _COLOUR in video else {}
    if colour:
        told = (unsigned(colour.get(name), 2) for name in (_PRIMARIES, _TRANSFER, _MATRIX))
        full = unsigned(colour.get(_RANGE)) == 2
        boxes += _box(b"colr", b"nclx" + struct.pack(">3HB", *(each & 0xFFFF for each in told), full << 7))
    return _replaced(
        track,
        entry=_box(track.codec, fields + boxes),
        width=width,
        height=height,
        display_width=display[0],
        display_height=display[1],
        unfit=unfit,
    )


def _sound(track: Described, audio: dict[int, memoryview]) -> Described:
    told, channels = real(audio.get(_RATE), 8000.0), unsigned(audio.get(_CHANNELS), 1)
    if not 0 <= told <= RATE_LIMIT:  # nor is it not a number
        raise corrupt("a sound has a rate that no sound has")
    rate = round(told)
    fields = bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHI", channels & 0xFFFF, 16, 0)
    fields += struct.pack(">I", (rate if 0 < rate < 1 << 16 else 0) << 16)
    boxes = _esds(track.private) if track.codec == b"mp4a" and track.private else b""
    return _replaced(track, entry=_box(track.codec, fields + boxes), rate=rate)


def _replaced(track: Described, **changes: object) -> Described:
    return Described(**{**track.__dict__, **changes})


def _esds(config: bytes) -> bytes:
    """The box around an AudioSpecificConfig (ISO/IEC 14496-1, section 7.2.6.5)."""
    if len(config) > 64:
        return b""
    specific = b"\x05" + bytes((len(config),)) + config
    decoder = b"\x40\x15" + bytes(11) + specific
    inner = bytes(3) + b"\x04" + bytes((len(decoder),)) + decoder + b"\x06\x01\x02"
    return _box(b"esds", bytes(4) + b"\x03" + bytes((len(inner),)) + inner)


def _box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def _language(told: str) -> str:
    return told if len(told) == 3 and told.isascii() and told.islower() and told.isalpha() else "und"
