"""Uploads that end while what was sent for them is still being put together: they stay over, and nothing is left."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from playhead.records import multiparts
from playhead.storage.port import Storage
from playhead.upload import quarantine
from playhead.upload.cleaning import abandon_overdue
from playhead.upload.direct import Direct
from tests.upload.companion import PIECES, WHOLE, Plane, swept, swept_objects


async def test_an_upload_that_ends_while_it_is_joined_stays_over(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = plane.parts.uploads
    join = station.parts.join
    for auto_complete in (False, True):
        tree, upload = await plane.upload(len(WHOLE), auto_complete=auto_complete)
        await tree.begin()
        listed = await tree.send_all()

        async def ended_meanwhile(*given: Any, of: UUID = upload["id"]) -> None:
            await station.abandon(of)
            if plane.bucket is None:  # S3 joins nothing of what was swept
                await swept_objects(plane)
            await join(*given)

        with monkeypatch.context() as patch:
            patch.setattr(station.parts, "join", ended_meanwhile)
            answer = await tree.complete(listed)
        assert (answer.status_code, answer.json()["code"]) == (410, "url_expired")
        assert (await plane.video_of(tree))["error_code"] == "upload_ended"
    await plane.rows("UPDATE uploads SET expires_at = now() - interval '1 hour' RETURNING id")
    await abandon_overdue(station)
    assert await plane.rows("SELECT state FROM uploads GROUP BY state") == [{"state": "dead"}]
    used = "SELECT used_open_uploads, used_bytes FROM projects"
    assert await plane.rows(used) == [{"used_open_uploads": 0, "used_bytes": 0}]
    await swept(plane)
    assert await plane.stored() == {}
    assert await plane.begun() == []


async def test_parts_that_are_swept_while_they_are_joined_are_told_as_over(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Swept because the upload has ended; or by the store alone, and then one may begin anew."""
    station = plane.parts.uploads
    join = station.parts.join
    for ended, answered in ((True, (410, "url_expired")), (False, (409, "wrong_state"))):
        tree, upload = await plane.upload(len(WHOLE), auto_complete=True)
        await tree.begin()
        listed = await tree.send_all()

        async def swept_meanwhile(key: str, *given: Any, ends: bool = ended, of: UUID = upload["id"]) -> None:
            if ends:
                await station.abandon(of)
            await station.parts.abort(key)
            await join(key, *given)

        with monkeypatch.context() as patch:
            patch.setattr(station.parts, "join", swept_meanwhile)
            answer = await tree.complete(listed)
        assert (answer.status_code, answer.json()["code"]) == answered
        again = await tree.complete(listed)
        # On our own disk a multipart goes on without its parts: they are missing.
        left = "upload_incomplete" if plane.bucket is None else "wrong_state"
        assert again.json()["code"] == ("url_expired" if ended else left), again.text
    await tree.begin()
    assert (await tree.complete(await tree.send_all())).status_code == 200
    await swept(plane)
    assert list((await plane.stored()).values()) == [WHOLE]
    assert await plane.begun() == []


async def test_an_upload_that_ends_while_its_form_is_looked_for_stays_over(plane: Plane) -> None:
    station = plane.parts.uploads
    _, upload = await plane.upload()
    form = await Direct(station).begin(upload | {"expired": False}, multiparts.FORM)
    await station.storage.put(form["key"], PIECES[0])

    class Slow:
        """A store that is asked just before the upload ends."""

        async def size(self, key: str) -> int:
            found = await station.storage.size(key)
            await station.abandon(upload["id"])
            return found

    assert await quarantine.arrived(replace(station, storage=cast("Storage", Slow())), upload) is None
    assert await plane.rows("SELECT state FROM uploads") == [{"state": "dead"}]
    used = "SELECT used_open_uploads, used_bytes FROM projects"
    assert await plane.rows(used) == [{"used_open_uploads": 0, "used_bytes": 0}]
    await swept(plane)
    assert await plane.stored() == {}
