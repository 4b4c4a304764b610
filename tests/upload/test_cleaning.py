"""What is left of uploads that are over, on a real database and disk."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.records import uploads
from playhead.upload.cleaning import abandon_overdue, delete_video
from playhead.upload.sessions import Uploads
from tests.upload.station import LOOKS_LIKE_MP4, opened, send, station, status_of

__all__ = ["station"]


async def test_an_overdue_upload_fails_its_video(station: Uploads) -> None:
    _, upload = await opened(station, None)
    await send(station, upload, LOOKS_LIKE_MP4)
    async with station.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE uploads SET expires_at = now() - interval '1 minute'"))
    with pytest.raises(PlayheadError) as caught:
        await send(station, upload, LOOKS_LIKE_MP4)
    assert caught.value.code == "url_expired"
    await abandon_overdue(station)
    assert await status_of(station, upload) == (Status.FAIL, "upload_expired")
    async with station.records.transaction() as tx:
        row = await uploads.find(tx, upload["id"])
    assert row is not None
    assert row["state"] == UploadState.DEAD
    assert not await station.incoming.arrived(upload["id"])


async def test_deleting_a_video_takes_what_arrived_along(station: Uploads) -> None:
    project_id, upload = await opened(station, None)
    await send(station, upload, LOOKS_LIKE_MP4)
    await delete_video(station, upload["video_id"], project_id=project_id)
    assert not await station.incoming.arrived(upload["id"])
    with pytest.raises(PlayheadError) as caught:
        await send(station, upload, LOOKS_LIKE_MP4)
    assert caught.value.code == "not_found"
