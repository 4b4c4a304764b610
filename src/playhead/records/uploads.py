"""Uploads: sessions of bytes arriving, each for one video."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from playhead.model.checksum import NO_CHECKSUMS, Checksums
from playhead.model.states import UploadState
from playhead.records import quotas
from playhead.records.database import Row, Transaction, among
from playhead.records.tables import uploads

OPEN = (UploadState.WAITING, UploadState.RECEIVED)
"""The states of uploads that are not over."""
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
    checksums: Checksums = NO_CHECKSUMS,
) -> Row:
    """Open an upload for a video; the bytes it may bring count as used from here on."""
    reserved = reservation(declared_size)
    await quotas.count(tx, project_id, open_uploads=1, stored=reserved)
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
            sha256=checksums.sha256,
            crc64nvme=checksums.crc64nvme,
            expires_at=func.clock_timestamp() + expires_in,
            reserved_bytes=reserved,
        )
        .returning(uploads)
    )
    return dict(made.one()._mapping)


def reservation(declared_size: int | None) -> int:
    """Bytes that an upload reserves."""
    return quotas.UNDECLARED_BYTES if declared_size is None else declared_size


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


async def standings(tx: Transaction, upload_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """`state` and `auto_complete` of these uploads, those that there are; they may be very many."""
    found = await tx.connection.execute(
        select(uploads.c.id, uploads.c.state, uploads.c.auto_complete).where(among(uploads.c.id, upload_ids))
    )
    return {row.id: dict(row._mapping) for row in found}


async def declare(tx: Transaction, upload_id: UUID, size: int) -> None:
    """Note the size of a file whose size was not known, or has changed; it reserves that much from here on.

    Raises:
        PlayheadError: `quota_exceeded`.
    """
    found = await tx.connection.execute(
        select(uploads.c.project_id, uploads.c.reserved_bytes)
        .where(uploads.c.id == upload_id, uploads.c.state.in_(OPEN))
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        return
    refusal = await quotas.overrun(tx, row.project_id, size - row.reserved_bytes)
    if refusal is not None:
        raise refusal
    await quotas.count(tx, row.project_id, stored=size - row.reserved_bytes)
    await tx.connection.execute(
        update(uploads).where(uploads.c.id == upload_id).values(declared_size=size, reserved_bytes=size)
    )


async def receiving(tx: Transaction, upload_id: UUID, size: int) -> None:
    """Note how many bytes have arrived so far, for whoever watches; not a promise that they are kept."""
    await tx.connection.execute(
        update(uploads)
        .where(uploads.c.id == upload_id, uploads.c.state == UploadState.WAITING)
        .values(received_size=size)
    )


async def received(tx: Transaction, upload_id: UUID, size: int) -> bool:
    """All bytes are safely on disk; False when the upload was over by then: whoever brought them clears them away."""
    noted = await tx.connection.execute(
        update(uploads)
        .where(uploads.c.id == upload_id, uploads.c.state.in_(OPEN))
        .values(state=UploadState.RECEIVED, received_size=size)
    )
    return bool(noted.rowcount)


def declared(row: Row) -> Checksums:
    """What the whole file of an upload must add up to."""
    return Checksums(row["sha256"], row["crc64nvme"])


async def declare_checksums(tx: Transaction, upload_id: UUID, checksums: Checksums) -> None:
    """Note what the whole file of an upload must add up to."""
    await tx.connection.execute(
        update(uploads)
        .where(uploads.c.id == upload_id)
        .values(sha256=checksums.sha256, crc64nvme=checksums.crc64nvme)
    )


async def verified(tx: Transaction, upload_id: UUID) -> None:
    """The whole file was seen to have the checksums that were declared."""
    await tx.connection.execute(
        update(uploads).where(uploads.c.id == upload_id).values(verified_at=func.clock_timestamp())
    )


async def end(tx: Transaction, upload_id: UUID, state: UploadState) -> None:
    """Close an open upload for good, `complete` or `dead`, and give back what it has reserved."""
    ended = await tx.connection.execute(
        update(uploads)
        .where(uploads.c.id == upload_id, uploads.c.state.in_(OPEN))
        .values(state=state)
        .returning(uploads.c.project_id, uploads.c.reserved_bytes)
    )
    row = ended.one_or_none()
    if row is not None:
        await quotas.count(tx, row.project_id, open_uploads=-1, stored=-row.reserved_bytes)


async def overdue(tx: Transaction, limit: int) -> list[Row]:
    """Open uploads past their deadline."""
    found = await tx.connection.execute(
        select(uploads)
        .where(uploads.c.state.in_(OPEN), uploads.c.expires_at < func.clock_timestamp())
        .limit(limit)
    )
    return [dict(row._mapping) for row in found]
