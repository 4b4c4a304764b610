"""Whether a source is what was sent: its checksums, where some were declared and nobody could look at it before."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from playhead.model.checksum import require
from playhead.model.errors import PlayheadError
from playhead.processing.workshop import Workshop, fail_video
from playhead.records import uploads, videos
from playhead.records.database import Row, Transaction
from playhead.storage.digest import checksums_of


async def verify_sent(workshop: Workshop, video_id: UUID, stored: Path) -> None:
    """Hold a video's file against the checksums declared for it, once.

    Raises:
        PlayheadError: `checksum_mismatch`.
    """
    async with workshop.records.transaction() as tx:
        upload = await uploads.of_video(tx, video_id)
    if upload is None or upload["verified_at"] is not None:
        return
    declared = uploads.declared(upload)
    if not declared:
        return
    require(declared, await checksums_of(stored, declared))
    async with workshop.records.transaction() as tx:
        await uploads.verified(tx, upload["id"])


async def give_up_sent(tx: Transaction, video: Row, error: PlayheadError) -> None:
    """Fail the video; a file that is not the one that was sent goes, as nothing can ever be made of it."""
    await fail_video(tx, video, error)
    if error.code == "checksum_mismatch":
        await videos.drop_source(tx, video)
