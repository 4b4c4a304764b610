"""Uploads: sessions of bytes arriving, each for one video."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from playhead.model.states import UploadState
from playhead.records.database import Row, Transaction
from playhead.records.tables import uploads

_EXPIRED = (uploads.c.expires_at < func.clock_timestamp()).label("expired")


async def create(
    tx: Transaction,
    project_id: UUID,
    video_id: UUID,
    *,
    content_type: str,
    declared_size: int | None,
    expires_in: timedelta,
    play_while_uploading: bool = False,
    auto_complete: bool = False,
    max_bytes: int | None = None,
    grant_id: UUID | None = None,
    tus: dict[str, str] | None = None,
) -> Row:
    """Open an upload for a video."""
    made = await tx.connection.execute(
        insert(uploads)
        .values(
            id=uuid4(),
            project_id=project_id,
            video_id=video_id,
            state=UploadState.WAITING,
            content_type=content_type,
            declared_size=declared_size,
            play_while_uploading=play_while_uploading,
            auto_complete=auto_complete,
            max_bytes=max_bytes,
            grant_id=grant_id,
            tus=tus,
            expires_at=func.clock_timestamp() + expires_in,
        )
        .returning(uploads)
    )
    return dict(made.one()._mapping)


async def find(tx: Transaction, upload_id: UUID, *, lock: bool = False) -> Row | None:
    """One upload's row, or None; `expired` tells whether its time is over by the database's clock."""
    query = select(uploads, _EXPIRED).where(uploads.c.id == upload_id)
    row = (await tx.connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return dict(row._mapping) if row else None


async def of_video(tx: Transaction, video_id: UUID, *, lock: bool = False) -> Row | None:
    """The upload of a video, as `find`."""
    query = select(uploads, _EXPIRED).where(uploads.c.video_id == video_id)
    row = (await tx.connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return dict(row._mapping) if row else None


async def of_videos(tx: Transaction, video_ids: list[UUID]) -> dict[UUID, Row]:
    """Uploads by video id."""
    found = await tx.connection.execute(select(uploads).where(uploads.c.video_id.in_(video_ids)))
    return {row.video_id: dict(row._mapping) for row in found}


async def states(tx: Transaction, upload_ids: list[UUID]) -> dict[UUID, str]:
    """Where these uploads stand, those that there are."""
    found = await tx.connection.execute(
        select(uploads.c.id, uploads.c.state).where(uploads.c.id.in_(upload_ids))
    )
    return {row.id: row.state for row in found}


async def receiving(tx: Transaction, upload_id: UUID, size: int) -> None:
    """Note how many bytes have arrived so far, for whoever watches; not a promise that they are kept."""
    await tx.connection.execute(
        update(uploads)
        .where(uploads.c.id == upload_id, uploads.c.state == UploadState.WAITING)
        .values(received_size=size)
    )


async def received(tx: Transaction, upload_id: UUID, size: int) -> None:
    """All bytes are safely on disk."""
    await tx.connection.execute(
        update(uploads)
        .where(uploads.c.id == upload_id)
        .values(state=UploadState.RECEIVED, received_size=size)
    )


async def end(tx: Transaction, upload_id: UUID, state: UploadState) -> None:
    """Close an upload for good: `complete` or `dead`."""
    await tx.connection.execute(update(uploads).where(uploads.c.id == upload_id).values(state=state))


async def overdue(tx: Transaction, limit: int) -> list[Row]:
    """Open uploads past their deadline."""
    open_states = (UploadState.WAITING, UploadState.RECEIVED)
    found = await tx.connection.execute(
        select(uploads)
        .where(uploads.c.state.in_(open_states), uploads.c.expires_at < func.clock_timestamp())
        .limit(limit)
    )
    return [dict(row._mapping) for row in found]
