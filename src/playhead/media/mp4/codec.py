"""A sample entry's codec: its configuration boxes, and the RFC 6381 name that players ask for."""

from __future__ import annotations

from dataclasses import dataclass

from playhead.media.mp4.boxes import children, corrupt, find, u16, u32
from playhead.model.errors import PlayheadError

_VISUAL_FIELDS = 78
"""Bytes before the boxes of a visual sample entry (ISO/IEC 14496-12 section 12.1.3)."""
_SOUND_FIELDS = (28, 44, 64)
"""The same for sound: ISO's own, then versions 1 and 2 of QuickTime's sound description."""
_CONFIGURATIONS = (b"esds", b"wave", b"dOps", b"dac3", b"dec3", b"dfLa", b"alac")


@dataclass(frozen=True)
class SoundFormat:
    """The fields of a sound sample entry."""

    channels: int
    sample_rate: int
    """In Hz."""


def configuration(entry: bytes, kind: bytes) -> bytes | None:
    """The payload of one box inside a raw sample entry (`avcC`, `hvcC`, `esds`, `colr` ...), or None.

    Raises:
        PlayheadError: `corrupt_file` when the entry's boxes are damaged.
    """
    body = memoryview(entry)[8:]
    if kind in _CONFIGURATIONS:
        start = _sound_boxes(body)
        found = None if start is None else find(body, kind, start)
        if found is None and start is not None and kind == b"esds":
            wave = find(body, b"wave", start)  # where QuickTime keeps it
            found = None if wave is None else find(wave, b"esds")
    else:
        found = find(body, kind, _VISUAL_FIELDS)
    return None if found is None else bytes(found)


def sound_format(entry: bytes) -> SoundFormat:
    """Channels and sample rate as the sound sample entry states them."""
    body = memoryview(entry)[8:]
    return SoundFormat(channels=u16(body, 16), sample_rate=u32(body, 24) >> 16)


def codec_string(entry: bytes) -> str:
    """The RFC 6381 name of a sample entry's codec, such as `avc1.64001f` or `mp4a.40.2`.

    A codec without parameters of its own is named by its four-character code alone.

    Raises:
        PlayheadError: `corrupt_file` when the configuration is missing or cut off.
    """
    fourcc = entry[4:8].decode("latin-1")
    try:
        name = _named(fourcc, entry)
    except IndexError:
        raise corrupt(f"the {fourcc} configuration is cut off") from None
    return name


def _named(fourcc: str, entry: bytes) -> str:
    match fourcc:
        case "avc1" | "avc3":
            return f"{fourcc}.{_required(entry, b'avcC')[1:4].hex()}"
        case "hvc1" | "hev1":
            return f"{fourcc}.{_hevc(_required(entry, b'hvcC'))}"
        case "av01":
            return f"av01.{_av1(_required(entry, b'av1C'))}"
        case "vp09" | "vp08":
            profile, level, depth = _required(entry, b"vpcC")[4:7]
            return f"{fourcc}.{profile:02d}.{level:02d}.{depth >> 4:02d}"
        case "mp4a":
            return _mpeg4_audio(_required(entry, b"esds"))
        case "Opus":
            return "opus"
        case _:
            return fourcc


def _required(entry: bytes, kind: bytes) -> bytes:
    found = configuration(entry, kind)
    if found is None:
        raise corrupt(f"a sample entry lacks its {kind.decode('latin-1')} box")
    return found


def _hevc(hvcc: bytes) -> str:
    """ISO/IEC 14496-15 annex E.3: profile, compatibility flags reversed, tier and level, constraints."""
    space = ("", "A", "B", "C")[hvcc[1] >> 6]
    tier = "H" if hvcc[1] & 0x20 else "L"
    compatible = int(f"{int.from_bytes(hvcc[2:6], 'big'):032b}"[::-1], 2)
    constraints = hvcc[6:12].rstrip(b"\0")
    return ".".join(
        [
            f"{space}{hvcc[1] & 31}",
            f"{compatible:X}",
            f"{tier}{hvcc[12]}",
            *(f"{byte:X}" for byte in constraints),
        ]
    )


def _av1(av1c: bytes) -> str:
    """AV1-ISOBMFF section 5: profile, level and tier, bit depth."""
    profile, level, tier = av1c[1] >> 5, av1c[1] & 31, "H" if av1c[2] & 0x80 else "M"
    high, twelve = av1c[2] & 0x40, av1c[2] & 0x20
    depth = 12 if profile == 2 and high and twelve else 10 if high else 8
    return f"{profile}.{level:02d}{tier}.{depth:02d}"


def _mpeg4_audio(esds: bytes) -> str:
    """The object type of the elementary stream descriptor, and for AAC the audio object type."""
    kind, config = decoder_config(esds)
    if kind != 0x40 or not config:
        return f"mp4a.{kind:02X}"
    audio = config[0] >> 3
    if audio == 31:
        audio = 32 + ((config[0] & 7) << 3 | config[1] >> 5)
    return f"mp4a.40.{audio}"


def decoder_config(esds: bytes) -> tuple[int, bytes]:
    """The object type and the decoder's configuration in an `esds` payload (ISO/IEC 14496-1 section 7.2.6).

    Raises:
        PlayheadError: `corrupt_file` when the descriptors are damaged.
    """
    try:
        decoder = _decoder(esds)
        return decoder[0], _descriptor(decoder[13:], 5) if len(decoder) > 13 else b""
    except IndexError:
        raise corrupt("an audio descriptor is cut off") from None


def without_bit_rates(esds: bytes) -> bytes:
    """The same `esds` payload, saying nothing of the highest and the average bit rate (section 7.2.6.6).

    Raises:
        PlayheadError: `corrupt_file` when the descriptors are damaged.
    """
    try:
        decoder = _decoder(esds)
    except IndexError:
        raise corrupt("an audio descriptor is cut off") from None
    if len(decoder) < 13:
        return esds
    at = esds.index(decoder) + 5
    return esds[:at] + bytes(8) + esds[at + 8 :]


def _decoder(esds: bytes) -> bytes:
    """The decoder's own descriptor."""
    body = _descriptor(esds[4:], 3)
    flags = body[2]
    skip = 3 + (2 if flags & 0x80 else 0)
    skip += 1 + body[skip] if flags & 0x40 else 0
    skip += 2 if flags & 0x20 else 0
    return _descriptor(body[skip:], 4)


def _descriptor(data: bytes, tag: int) -> bytes:
    if data[0] != tag:
        raise corrupt("an audio descriptor is not what it should be")
    length, at = 0, 1
    while True:
        length = length << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            return data[at : at + length]


def _sound_boxes(body: memoryview) -> int | None:
    """Where the boxes of a sound entry start; its version field alone does not tell ISO from QuickTime."""
    for start in _SOUND_FIELDS:
        try:
            kinds = [box.kind for box in children(body, start)] if start < len(body) else []
        except PlayheadError:
            continue
        if any(kind in _CONFIGURATIONS for kind in kinds):
            return start
    return None
