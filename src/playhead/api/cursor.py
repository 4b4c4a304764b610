"""Cursors of pages: opaque to clients, a creation time and an id to us."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from playhead.model.errors import PlayheadError

MAX_LIMIT = 100


def encode(created_at: datetime, video_id: UUID) -> str:
    """A cursor that continues after this video."""
    return urlsafe_b64encode(f"{created_at.isoformat()} {video_id}".encode()).decode().rstrip("=")


def decode(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Where a page continues.

    Raises:
        PlayheadError: `invalid_request` for a cursor that is not ours.
    """
    if cursor is None:
        return None
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, video_id = text.partition(" ")
        return datetime.fromisoformat(at), UUID(video_id)
    except ValueError:
        raise PlayheadError("invalid_request", "The cursor is not one of ours.", field="cursor") from None


def check_limit(limit: int) -> int:
    """A page's length.

    Raises:
        PlayheadError: `invalid_request`.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise PlayheadError("invalid_request", f"limit must be 1 to {MAX_LIMIT}.", field="limit")
    return limit
