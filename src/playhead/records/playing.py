"""What playing a video takes, in three queries: its row, its renditions, and the pieces made so far."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from playhead.model.states import Status
from playhead.records.database import Row, Transaction
from playhead.records.tables import pieces, renditions, videos


@dataclass(frozen=True)
class Playing:
    """A video's rows as far as players are concerned."""

    video: Row
    renditions: list[Row]
    """Those that are not given up, finished or not."""
    pieces: dict[tuple[str, int], Row]
    """By track and chunk; only those that are made."""


async def load(tx: Transaction, video_id: UUID) -> Playing | None:
    """What there is to play of a video; None when there is no such video or it holds no source."""
    found = await tx.connection.execute(select(videos).where(videos.c.id == video_id))
    video = found.one_or_none()
    if video is None or video.source_key is None or video.status == Status.FAIL:
        return None
    listed = await tx.connection.execute(
        select(renditions).where(renditions.c.video_id == video_id, renditions.c.status != Status.FAIL)
    )
    made = await tx.connection.execute(
        select(pieces).where(pieces.c.video_id == video_id, pieces.c.done_at.is_not(None))
    )
    return Playing(
        video=dict(video._mapping),
        renditions=[dict(row._mapping) for row in listed],
        pieces={(row.track, row.chunk): dict(row._mapping) for row in made},
    )


async def piece(tx: Transaction, video_id: UUID, track: str, chunk: int) -> Row | None:
    """One piece once it is made, or None."""
    found = await tx.connection.execute(
        select(pieces).where(
            pieces.c.video_id == video_id,
            pieces.c.track == track,
            pieces.c.chunk == chunk,
            pieces.c.done_at.is_not(None),
        )
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None
