"""Writing WebVTT (W3C, section 4.1), also as the one segment of an HLS rendition (RFC 8216bis, section 3.1.4)."""

from __future__ import annotations

from collections.abc import Iterable

from playhead.media.captions.cues import Cue

_HEADER = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"
"""Cue times are those of the pictures, which begin at 0 in every stream here. Outside of HLS it says nothing."""


def write(cues: Iterable[Cue]) -> bytes:
    """A file of cues, in the order given."""
    parts = [_HEADER, *(_cue(cue) for cue in cues)]
    return "\n".join(parts).encode()


def _cue(cue: Cue) -> str:
    settings = f" {cue.settings}" if cue.settings else ""
    return f"{_spelled(cue.start)} --> {_spelled(cue.end)}{settings}\n{cue.text}\n"


def _spelled(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}.{fraction:03d}"
