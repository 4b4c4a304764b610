"""The ledger of stored objects: each is written down before it exists, and crossed out after it is gone.

An attempt reserves its keys, writes, and keeps them in the transaction that publishes its result. Whatever a
crash leaves behind is therefore known by name: no listing of the store is needed to find orphans. An attempt
that lost may still be at it, however late, so its keys stay on the ledger after they were swept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model import jobs
from playhead.model.states import UploadState
from playhead.records.database import Transaction
from playhead.records.tables import objects, uploads

WRITING, KEPT, DOOMED, REFUSED = "writing", "kept", "doomed", "refused"
"""Doomed are those that were kept once; refused those whose attempt never won, and may not know it yet."""
NO_GRACE = timedelta(0)
READERS_GRACE = timedelta(seconds=10)
"""How long objects stay that were replaced: whoever has just looked them up is still to open them."""
ABANDONED_AFTER = timedelta(hours=6)
"""An object that was reserved this long ago has no writer any more: no job runs that long."""

_LIVE = (WRITING, KEPT)
_ARRIVED = ("source/", "quarantine/")
"""Slots of files that clients have sent, before they are a video's source."""
_GIVEN_UP = case((objects.c.state.in_((KEPT, DOOMED)), DOOMED), else_=REFUSED)
_NOW: dict[str, Any] = {"state": _GIVEN_UP, "due_at": func.clock_timestamp()}


async def reserve(tx: Transaction, project_id: UUID, video_id: UUID, keys: dict[str, str]) -> None:
    """Write down the objects about to be written; `keys` is key → slot. Doing so again changes nothing."""
    rows = [
        {"key": key, "project_id": project_id, "video_id": video_id, "slot": slot, "state": WRITING}
        for key, slot in keys.items()
    ]
    await tx.connection.execute(upsert(objects).on_conflict_do_nothing(index_elements=["key"]), rows)


async def keep(tx: Transaction, keys: Sequence[str]) -> None:
    """Publish: these objects stay, and every other attempt at their slots is doomed."""
    kept = select(objects.c.video_id, objects.c.slot).where(objects.c.key.in_(keys)).subquery()
    await tx.connection.execute(
        update(objects)
        .where(
            objects.c.video_id == kept.c.video_id,
            objects.c.slot == kept.c.slot,
            objects.c.key.not_in(keys),
            objects.c.state.in_(_LIVE),
        )
        .values(**_NOW)
    )
    await tx.connection.execute(update(objects).where(objects.c.key.in_(keys)).values(state=KEPT))


async def is_reserved(tx: Transaction, key: str) -> bool:
    """Whether what is being written under this key may still be kept; locked until the transaction ends."""
    found = await tx.connection.execute(
        select(objects.c.state).where(objects.c.key == key, objects.c.state == WRITING).with_for_update()
    )
    return found.one_or_none() is not None


async def doom(tx: Transaction, keys: Sequence[str]) -> None:
    """These objects are to be deleted."""
    if keys:
        await tx.connection.execute(update(objects).where(objects.c.key.in_(keys)).values(**_NOW))
        await tx.defer(jobs.sweep())


async def doom_slots(
    tx: Transaction, video_id: UUID, slot_prefix: str, *, grace: timedelta = NO_GRACE
) -> None:
    """Everything of a video whose slot begins with `slot_prefix` is to be deleted; what was kept, after `grace`."""
    # Nobody has looked up what was never published.
    given = case((objects.c.state == KEPT, grace), else_=NO_GRACE)
    await tx.connection.execute(
        update(objects)
        .where(
            objects.c.video_id == video_id,
            objects.c.slot.startswith(slot_prefix, autoescape=True),
            objects.c.state.in_(_LIVE),
        )
        .values(state=_GIVEN_UP, due_at=func.clock_timestamp() + given)
    )
    if not grace:
        await tx.defer(jobs.sweep())


async def doom_unfinished(tx: Transaction, video_id: UUID) -> None:
    """What is still being written of a video that is over, or was when its writer died, is to be deleted."""
    await tx.connection.execute(
        update(objects).where(objects.c.video_id == video_id, objects.c.state == WRITING).values(**_NOW)
    )


async def move(tx: Transaction, from_video: UUID, to_video: UUID) -> None:
    """What was made for one video is another's from here on; their keys stay."""
    await tx.connection.execute(
        update(objects).where(objects.c.video_id == from_video).values(video_id=to_video)
    )


async def doomed(tx: Transaction, limit: int) -> list[str]:
    """Keys to delete now: those given up, and those whose writer must be long dead."""
    abandoned = (objects.c.state == WRITING) & (objects.c.created_at < func.now() - ABANDONED_AFTER)
    # What has arrived for an upload waits for its completion as long as that may still come.
    awaited = exists().where(
        objects.c.slot.in_(_ARRIVED),
        uploads.c.video_id == objects.c.video_id,
        uploads.c.state.in_((UploadState.WAITING, UploadState.RECEIVED)),
    )
    found = await tx.connection.execute(
        select(objects.c.key)
        .where(objects.c.state != KEPT, or_(objects.c.due_at <= func.now(), abandoned & ~awaited))
        .limit(limit)
    )
    return list(found.scalars())


async def forget(tx: Transaction, keys: Sequence[str]) -> None:
    """Cross out objects that are gone from the store.

    A writer that is not known to be done may bring a refused one back: those are swept once more when no
    writer can be left.
    """
    done = (objects.c.state == DOOMED) | (objects.c.created_at < func.now() - ABANDONED_AFTER)
    await tx.connection.execute(delete(objects).where(objects.c.key.in_(keys), objects.c.state != KEPT, done))
    await tx.connection.execute(
        update(objects)
        .where(objects.c.key.in_(keys), objects.c.state != KEPT)
        .values(due_at=objects.c.created_at + ABANDONED_AFTER)
    )
