"""Object keys: the only place that spells one. A slot names what an object is for, a key one attempt at it.

Keys are made of server-made ids only; nothing a user typed is ever part of one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from playhead.model.errors import PlayheadError

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


@dataclass(frozen=True)
class ObjectName:
    """Where one attempt at one thing is stored."""

    key: str
    slot: str


def checked(key: str) -> str:
    """The key itself, if it is one we could have made.

    Raises:
        PlayheadError: `not_found`, so that no other spelling ever reaches a store.
    """
    if not _KEY.fullmatch(key) or ".." in key or len(key) > 512:
        raise PlayheadError("not_found")
    return key


def _name(video_id: UUID, slot: str, attempt: str, suffix: str) -> ObjectName:
    return ObjectName(key=checked(f"videos/{video_id}/{slot}/{attempt}{suffix}"), slot=f"{slot}/")


def source(video_id: UUID, attempt: str) -> ObjectName:
    """The stored original."""
    return _name(video_id, "source", attempt, "")


def quarantine(video_id: UUID, attempt: str) -> ObjectName:
    """What a client sends straight to the store, before it was judged; URLs are signed for such keys alone."""
    return _name(video_id, "quarantine", attempt, "")


def index(video_id: UUID, attempt: str) -> ObjectName:
    """The index of a source whose container has none."""
    return _name(video_id, "index", attempt, "")


def piece(video_id: UUID, track: str, chunk: int, attempt: str) -> ObjectName:
    """One track's piece of one chunk."""
    return _name(video_id, f"piece/{track}/{chunk}", attempt, ".mp4")


def sound(video_id: UUID, track: str, attempt: str) -> ObjectName:
    """A sound track beside the first: no rendition holds it, so its one piece stays for good."""
    return _name(video_id, f"sound/{track}", attempt, ".mp4")


def stretch(video_id: UUID, track: str, number: int, attempt: str) -> ObjectName:
    """A stretch of a sound that is being encoded; it goes when all of the sound is there."""
    return _name(video_id, f"stretch/{track}/{number}", attempt, ".mp4")


def rendition(video_id: UUID, track: str, attempt: str) -> ObjectName:
    """A finished rendition: a whole track with sound, as one MP4."""
    return _name(video_id, f"rendition/{track}", attempt, ".mp4")


def thumbnail(video_id: UUID, track: str, number: int, attempt: str) -> ObjectName:
    """A thumbnail the caller asked for."""
    return _name(video_id, f"thumbnail/{track}/{number}", attempt, ".jpg")


def captions(video_id: UUID, language: str, attempt: str) -> ObjectName:
    """Captions in one language."""
    return _name(video_id, f"captions/{language.lower()}", attempt, ".vtt")


def poster(video_id: UUID, attempt: str) -> ObjectName:
    """The picture shown before playback."""
    return _name(video_id, "poster", attempt, ".jpg")
