"""What the origin serves: the stored object behind a playback name, in one query each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from playhead.records.database import Row, Transaction
from playhead.records.tables import captions as captions_
from playhead.records.tables import images, renditions, videos

_OF_VIDEO = (videos.c.is_public, videos.c.filename)


async def rendition(tx: Transaction, video_id: UUID, resolution: str) -> Row | None:
    """The finished rendition of that name: its `key`, `size_bytes`, `etag`, `ready_at`, and whose it is."""
    return await _one(
        tx,
        select(
            *_OF_VIDEO, renditions.c.key, renditions.c.size_bytes, renditions.c.etag, renditions.c.ready_at
        )
        .join(videos, videos.c.id == renditions.c.video_id)
        .where(
            renditions.c.video_id == video_id,
            renditions.c.resolution == resolution,
            renditions.c.key.is_not(None),
        ),
    )


async def thumbnail(tx: Transaction, video_id: UUID, resolution: str, number: int) -> Row | None:
    """A thumbnail's `key` and `ready_at`, and whose it is."""
    return await _one(
        tx,
        select(*_OF_VIDEO, images.c.key, renditions.c.ready_at)
        .join(
            renditions, (renditions.c.video_id == images.c.video_id) & (renditions.c.track == images.c.track)
        )
        .join(videos, videos.c.id == renditions.c.video_id)
        .where(
            renditions.c.video_id == video_id,
            renditions.c.resolution == resolution,
            images.c.number == number,
        ),
    )


async def poster(tx: Transaction, video_id: UUID) -> Row | None:
    """The poster's `key`, and whose it is."""
    return await _one(
        tx,
        select(*_OF_VIDEO, videos.c.poster_key.label("key")).where(
            videos.c.id == video_id, videos.c.poster_key.is_not(None)
        ),
    )


async def captions(tx: Transaction, video_id: UUID, language: str) -> Row | None:
    """The `key` of captions, and whose they are."""
    return await _one(
        tx,
        select(*_OF_VIDEO, captions_.c.key)
        .join(captions_, captions_.c.video_id == videos.c.id)
        .where(videos.c.id == video_id, captions_.c.language == language, captions_.c.key.is_not(None)),
    )


async def _one(tx: Transaction, query: Select[Any]) -> Row | None:
    row = (await tx.connection.execute(query)).one_or_none()
    return dict(row._mapping) if row else None
