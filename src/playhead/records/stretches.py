"""Stretches of a sound that is being encoded: from its beginning, one after the other, until all of it is there."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model.states import Status
from playhead.records import objects
from playhead.records.database import Row, Transaction
from playhead.records.tables import pieces, stretches


async def of_track(tx: Transaction, video_id: UUID, track: str) -> list[Row]:
    """The stretches of a sound that are there, in order."""
    found = await tx.connection.execute(
        select(stretches)
        .where(stretches.c.video_id == video_id, stretches.c.track == track)
        .order_by(stretches.c.number)
    )
    return [dict(row._mapping) for row in found]


async def publish(
    tx: Transaction, video: Row, track: str, number: int, *, key: str, size_bytes: int, packets: int
) -> bool:
    """Make the next stretch known; False when another attempt was first or nobody wants it any more.

    `video` must be locked, and of the generation that it was made for.
    """
    wanted = await tx.connection.execute(
        select(
            exists().where(
                pieces.c.video_id == video["id"], pieces.c.track == track, pieces.c.done_at.is_(None)
            )
        )
    )
    if (
        video["status"] == Status.PROCESSING
        and wanted.scalar_one()
        and len(await of_track(tx, video["id"], track)) == number
    ):
        won = await tx.connection.execute(
            upsert(stretches)
            .values(
                video_id=video["id"],
                project_id=video["project_id"],
                track=track,
                number=number,
                key=key,
                size_bytes=size_bytes,
                packets=packets,
            )
            .on_conflict_do_nothing()
        )
        if won.rowcount:
            await objects.keep(tx, [key])
            await tx.tell(video["id"])
            return True
    await objects.doom(tx, [key])
    return False


async def give_up(tx: Transaction, video_id: UUID, track: str | None = None) -> None:
    """Let the stretches of a sound go, or of all: it is whole now, or nobody will hear it."""
    going = delete(stretches).where(stretches.c.video_id == video_id)
    await tx.connection.execute(going if track is None else going.where(stretches.c.track == track))
    slots = "stretch/" if track is None else f"stretch/{track}/"
    # Whoever has just looked them up is still to open them.
    await objects.doom_slots(tx, video_id, slots, grace=objects.READERS_GRACE)
