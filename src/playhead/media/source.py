"""Opening a stranger's file: what it is, and with which guards a tool may read it."""

from __future__ import annotations

from pathlib import Path

from playhead.media.ffmpeg.hardening import input_arguments
from playhead.media.sniff import HEAD_BYTES, Sniffed, sniff
from playhead.model.errors import PlayheadError

__all__ = ["HEAD_BYTES", "guards_of", "require_video", "sniffed"]


def require_video(head: bytes, size: int) -> Sniffed:
    """What a file is by its first `HEAD_BYTES` bytes.

    Raises:
        PlayheadError: why it is refused, by name; `no_video_stream` for formats that hold sound only.
    """
    sniffed = sniff(head, size)
    if sniffed.refusal_code is not None:
        raise PlayheadError(sniffed.refusal_code, sniffed.sentence)
    if sniffed.kind == "audio":
        raise PlayheadError("no_video_stream")
    return sniffed


def sniffed(path: Path) -> Sniffed:
    """What a file is; blocks for one small read.

    Raises:
        PlayheadError: as `require_video`.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return require_video(head, path.stat().st_size)


def guards_of(path: Path) -> tuple[str, ...]:
    """The arguments that must stand before `-i` of this file; blocks for one small read.

    Raises:
        PlayheadError: as `require_video`.
    """
    return input_arguments(sniffed(path).demuxer)
