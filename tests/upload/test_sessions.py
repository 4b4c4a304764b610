"""Upload sessions on a real database and disk."""

from __future__ import annotations

import pytest

from playhead.model.errors import PlayheadError
from playhead.upload.sessions import Uploads
from tests.upload.station import opened, send, station

__all__ = ["station"]


async def test_fewer_bytes_than_declared_are_not_kept(station: Uploads) -> None:
    _, upload = await opened(station, 500)
    for options in ({"announced": 499}, {}):
        with pytest.raises(PlayheadError) as caught:
            await send(station, upload, b"x" * 499, **options)
        assert caught.value.code == "size_mismatch"
    assert not await station.incoming.arrived(upload["id"])
