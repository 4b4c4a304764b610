"""The plan: what will be made from a source. A pure function of the source and the request gives it.

A plan cuts the presentation timeline into chunks, on the source's own frame times, and names the renditions
to make. One chunk encoded for one rendition is a piece; inside a piece every grid time starts a closed GOP,
so that all renditions can be switched at the same moments.
"""

from __future__ import annotations

import msgspec

TIMESCALE = 90_000
"""Ticks per second of every time in a plan and of every video piece: divides 24, 25, 30, 50 and 60 fps."""


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the timeline that one job encodes, for all renditions from one decode."""

    number: int
    start: int
    """First frame's presentation time, in ticks since the timeline's beginning."""
    end: int
    """Where the next chunk starts, or the end of the last frame, in ticks."""
    source_start: int
    """First frame's timestamp in the source, in the source's own ticks."""
    source_end: int | None
    """Timestamp of the first frame that belongs to the next chunk; None in the last chunk."""
    seek_seconds: float | None
    """Where to seek in the source to be sure to decode the first frame; None: decode from the beginning."""
    frames: int | None
    """How many frames the source's packets promise here; None when packets cannot tell."""
    grid: tuple[int, ...]
    """Times at which a GOP must start, in ticks; the first is `start`."""


class PlannedRendition(msgspec.Struct, frozen=True, kw_only=True):
    """One size to make."""

    resolution: str
    """The name that was asked for, such as `480p`."""
    width: int
    height: int
    crf: int
    max_bit_rate: int
    """Bits per second the encoder may not exceed over a buffer of two seconds."""
    profile: str
    level: str
    note: str | None = None
    """Why this differs from what was asked, as a sentence."""


class PlannedImage(msgspec.Struct, frozen=True, kw_only=True):
    """A still to take from a rendition's size: the poster, or a thumbnail the caller asked for."""

    name: str
    """`poster`, or `thumbnail-<number>`."""
    at_seconds: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that will be made of one source. Same source and request, same plan."""

    version: int
    """Version of the planning rules; a piece's key depends on it."""
    timing: str
    """`source`: frames keep their times. `constant`: timestamps are unusable and are laid on `frame_rate`."""
    frame_rate: tuple[int, int]
    origin_seconds: float
    """Source timestamp, in seconds, at which the timeline begins."""
    duration: int
    """Length of the video track, in ticks."""
    chunks: tuple[Chunk, ...]
    renditions: tuple[PlannedRendition, ...]
    images: tuple[PlannedImage, ...]
    audio: str | None
    """`copy` when the source's AAC can be served as it is, `encode`, or None without sound."""
    deinterlace: bool = False
