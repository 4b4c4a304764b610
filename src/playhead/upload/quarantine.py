"""What clients have sent straight to the store: found, taken over when its upload is completed, and cleared away.

It lies in quarantine, under keys that requests were signed for. Whoever holds such a request may send it again
until its time is over; what was judged is a copy under a key that none was ever signed for.
"""

from __future__ import annotations

from uuid import UUID

import structlog

from playhead.model.errors import PlayheadError
from playhead.records import multiparts, objects, uploads
from playhead.records.database import Row, Transaction
from playhead.upload.sessions import Uploads

SIGNED_SECONDS = 15 * 60
"""How long a signed request works: one part on a slow line, and no longer."""
SLOT = "quarantine/"

log = structlog.get_logger()


async def arrived(station: Uploads, upload: Row) -> Row | None:
    """The multipart that has brought an upload's file whole, or None.

    Raises:
        PlayheadError: `storage_unavailable`.
    """
    async with station.records.transaction() as tx:
        found = await multiparts.arrived(tx, upload["id"])
        forms = [] if found is not None else await multiparts.open_forms(tx, upload["id"])
    if found is not None:
        return found
    for form in forms:
        try:
            size = await station.storage.size(form["key"])
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
            continue
        async with station.records.transaction() as tx:
            if await uploads.received(tx, upload["id"], size):
                await multiparts.joined(tx, form["id"], size)
                return form
            # Over while we looked: `clear` ends the form, and what it brought goes.
            await objects.doom(tx, [form["key"]])
    return None


async def release(station: Uploads, tx: Transaction, found: Row, to: str) -> None:
    """Bring it to the source's key; `tx` holds the upload's lock meanwhile.

    Raises:
        PlayheadError: `source_missing`, `storage_full`, `storage_unavailable`.
    """
    await tx.meanwhile(station.parts.release(found["key"], to))


async def doom(tx: Transaction, video_id: UUID) -> None:
    """Whatever lies in quarantine for a video is not needed any more."""
    await objects.doom_slots(tx, video_id, SLOT)


async def clear(station: Uploads, limit: int = 100) -> None:
    """Throw away the parts of uploads that are over."""
    async with station.records.transaction() as tx:
        left = await multiparts.over(tx, limit)
    for each in left:
        await station.parts.abort(each["key"])
    if left:
        async with station.records.transaction() as tx:
            await multiparts.cleared(tx, [each["id"] for each in left])


async def unattended(station: Uploads, limit: int = 100) -> list[Row]:
    """Uploads that are whole, complete by themselves, and that nobody will say so of."""
    async with station.records.transaction() as tx:
        ids = await multiparts.unattended(tx, limit)
        rows = [await uploads.find(tx, upload_id) for upload_id in ids]
    return [row for row in rows if row is not None and await arrived(station, row) is not None]
