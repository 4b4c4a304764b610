"""What makes our reader stumble over a file that is still arriving is no reason not to take it."""

from __future__ import annotations

from typing import Any

import pytest

from playhead.model.states import Status
from tests.media.samples import sample
from tests.upload.plane import Plane, plane, said

__all__ = ["plane"]


@pytest.mark.parametrize("slip", [ValueError, IndexError, OverflowError, RuntimeError])
async def test_an_upload_goes_on_when_a_look_at_it_fails(
    plane: Plane, slip: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []

    async def stumbling(*asked: Any) -> None:
        looks.append(asked)
        raise slip("a number of the file")

    monkeypatch.setattr("playhead.delivery.walking.read_head", stumbling)
    data = sample("mkv").path().read_bytes()
    created = await plane.create(len(data), Upload_Metadata=said(play_while_uploading="true"))
    url = created.headers["location"]
    assert (await plane.patch(url, 0, data[:100_000])).status_code == 204
    assert (await plane.video(url))["status"] == Status.PENDING_UPLOAD
    assert looks
    assert (await plane.patch(url, 100_000, data[100_000:])).status_code == 204
    assert await plane.source(url) == data
