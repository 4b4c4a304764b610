"""Checksums that are declared late: beside those declared before, never instead of them."""

from __future__ import annotations

import pytest

from playhead.model.checksum import Checksums, spelled
from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.records import uploads
from playhead.upload.declaring import declare
from playhead.upload.sessions import Uploads
from tests.upload.station import opened, station

__all__ = ["station"]

SHA256, CRC = Checksums(sha256=bytes(32)), Checksums(crc64nvme=bytes(8))
BOTH = Checksums(bytes(32), bytes(8))


@pytest.mark.parametrize("before", [Checksums(), SHA256, CRC, BOTH])
@pytest.mark.parametrize("said", [SHA256, CRC, BOTH])
async def test_what_is_said_comes_to_what_was_said(
    station: Uploads, before: Checksums, said: Checksums
) -> None:
    _, upload = await opened(station, None, checksums=before)
    for _ in range(2):
        await declare(station, upload["id"], spelled(said))
    await declare(station, upload["id"], None)
    assert await _declared(station, upload["id"]) == Checksums(
        before.sha256 or said.sha256, before.crc64nvme or said.crc64nvme
    )


async def test_another_one_is_refused_and_changes_nothing(station: Uploads) -> None:
    _, upload = await opened(station, None, checksums=BOTH)
    for other in (Checksums(b"x" * 32, bytes(8)), Checksums(crc64nvme=b"x" * 8)):
        with pytest.raises(PlayheadError) as caught:
            await declare(station, upload["id"], spelled(other))
        assert (caught.value.code, caught.value.field) == ("invalid_request", "checksum")
        assert await _declared(station, upload["id"]) == BOTH


async def test_of_an_upload_that_is_over_nothing_changes(station: Uploads) -> None:
    _, upload = await opened(station, None)
    async with station.records.transaction() as tx:
        await uploads.end(tx, upload["id"], UploadState.COMPLETE)
    await declare(station, upload["id"], spelled(SHA256))
    assert await _declared(station, upload["id"]) == Checksums()


async def _declared(station: Uploads, upload_id: object) -> Checksums:
    async with station.records.transaction() as tx:
        row = await uploads.find(tx, upload_id)  # type: ignore[arg-type]
    assert row is not None
    return uploads.declared(row)
