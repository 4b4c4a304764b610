"""Checksums that a sender declares when it completes an upload: by then it has read the file, before perhaps not."""

from __future__ import annotations

from uuid import UUID

from playhead.model.checksum import Checksums, checksums_in, spelled
from playhead.model.errors import PlayheadError
from playhead.records import uploads
from playhead.upload.sessions import Uploads


async def declare(station: Uploads, upload_id: UUID, checksum: str | None) -> None:
    """Note what the file must add up to, beside what was declared before. Of an upload that is over nothing changes.

    Raises:
        PlayheadError: `invalid_request` for a checksum that cannot be read, or is not the one declared before.
    """
    if checksum is None:
        return
    said = checksums_in(checksum)
    async with station.records.transaction() as tx:
        upload = await uploads.find(tx, upload_id, lock=True)
        if upload is None or upload["state"] not in uploads.OPEN:
            return
        await uploads.declare_checksums(tx, upload_id, _both(uploads.declared(upload), said))


def _both(before: Checksums, said: Checksums) -> Checksums:
    if said.sha256 not in (None, before.sha256 or said.sha256) or (
        said.crc64nvme not in (None, before.crc64nvme or said.crc64nvme)
    ):
        raise PlayheadError("invalid_request", f"{spelled(before)} was declared before.", field="checksum")
    return Checksums(before.sha256 or said.sha256, before.crc64nvme or said.crc64nvme)
