"""Opening a stranger's file: what it is, and with which guards a tool may read it."""

from __future__ import annotations

from pathlib import Path

from playhead.media.ffmpeg.hardening import input_arguments
from playhead.media.sniff import HEAD_BYTES, Sniffed, sniff
from playhead.model.errors import PlayheadError

__all__ = ["HEAD_BYTES", "guards_of", "require_media", "sniffed"]


def require_media(head: bytes, size: int) -> Sniffed:
    """What a film or a sound is by its first `HEAD_BYTES` bytes.

    Raises:
        PlayheadError: why it is refused, by name.
    """
    sniffed = sniff(head, size)
    if sniffed.refusal_code is not None:
        raise PlayheadError(sniffed.refusal_code, sniffed.sentence)
    return sniffed


def sniffed(path: Path) -> Sniffed:
    """What a file is; blocks for one small read.

    Raises:
        PlayheadError: as `require_media`.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return require_media(head, path.stat().st_size)


def guards_of(path: Path) -> tuple[str, ...]:
    """The arguments that must stand before `-i` of this file; blocks for one small read.

    Raises:
        PlayheadError: as `require_media`.
    """
    return input_arguments(sniffed(path).demuxer)
