"""The headers that an MP4 file and a CMAF init segment share (ISO/IEC 14496-12, section 8)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from playhead.packaging.boxes import box, full_box
from playhead.packaging.lane import Lane

UNITY_MATRIX = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_LONG = 1 << 32


class EditRow(NamedTuple):
    """A row of an edit list: its duration in movie ticks, its media time in track ticks (-1: nothing)."""

    duration: int
    media_time: int


def mvhd(timescale: int, duration: int, next_track: int) -> bytes:
    """The movie header (section 8.2.2)."""
    tail = struct.pack(">IHxx8x9I24xI", 1 << 16, 1 << 8, *UNITY_MATRIX, next_track)
    if duration < _LONG:
        return full_box(b"mvhd", 0, 0, struct.pack(">4I", 0, 0, timescale, duration), tail)
    return full_box(b"mvhd", 1, 0, struct.pack(">QQIQ", 0, 0, timescale, duration), tail)


def trak(
    lane: Lane, number: int, duration: int, media_duration: int, edits: list[EditRow], stbl: bytes
) -> bytes:
    """One track (section 8.3): `duration` in movie ticks, `media_duration` in the lane's."""
    mdia = box(b"mdia", _mdhd(lane, media_duration), _hdlr(lane), _minf(lane, stbl))
    return box(b"trak", _tkhd(lane, number, duration), _edts(edits), mdia)


def _tkhd(lane: Lane, number: int, duration: int) -> bytes:
    enabled_in_movie = 3
    video = lane.kind == "video"
    tail = struct.pack(
        ">8xHHHxx9iII",
        0,
        0 if video else 1,  # sounds are alternatives to each other
        0 if video else 1 << 8,  # volume
        *lane.matrix,
        round(lane.display_width * 65536),
        round(lane.display_height * 65536),
    )
    if duration < _LONG:
        return full_box(b"tkhd", 0, enabled_in_movie, struct.pack(">4xIIxxxxI", 0, number, duration), tail)
    return full_box(b"tkhd", 1, enabled_in_movie, struct.pack(">8xQIxxxxQ", 0, number, duration), tail)


def _edts(edits: list[EditRow]) -> bytes:
    if not edits:
        return b""
    long = any(max(row) >= 1 << 31 for row in edits)
    rows = b"".join(struct.pack(">QqI" if long else ">IiI", *row, 1 << 16) for row in edits)
    return box(b"edts", full_box(b"elst", int(long), 0, struct.pack(">I", len(edits)), rows))


def _mdhd(lane: Lane, duration: int) -> bytes:
    packed = 0
    for letter in lane.language:
        packed = packed << 5 | ord(letter) - 0x60
    if duration < _LONG:
        return full_box(b"mdhd", 0, 0, struct.pack(">4IHxx", 0, 0, lane.timescale, duration, packed))
    return full_box(b"mdhd", 1, 0, struct.pack(">QQIQHxx", 0, 0, lane.timescale, duration, packed))


def _hdlr(lane: Lane) -> bytes:
    kind, name = (b"vide", b"VideoHandler") if lane.kind == "video" else (b"soun", b"SoundHandler")
    return full_box(b"hdlr", 0, 0, b"\0\0\0\0", kind, b"\0" * 12, name, b"\0")


def _minf(lane: Lane, stbl: bytes) -> bytes:
    media_header = (
        full_box(b"vmhd", 0, 1, b"\0" * 8) if lane.kind == "video" else full_box(b"smhd", 0, 0, b"\0" * 4)
    )
    here = full_box(b"url ", 0, 1)  # the samples are in this very file
    dinf = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), here))
    return box(b"minf", media_header, dinf, stbl)


def stsd(entries: tuple[bytes, ...]) -> bytes:
    """The sample descriptions (section 8.5.2)."""
    return full_box(b"stsd", 0, 0, struct.pack(">I", len(entries)), *entries)
