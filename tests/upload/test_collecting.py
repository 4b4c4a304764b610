"""Uploads of every kind whose time is over, and what processes that died left of others: nothing stays."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.records import partials, projects, quotas, uploads
from playhead.upload import cleaning
from playhead.upload.cleaning import (
    UNKNOWN_SECONDS,
    abandon_overdue,
    clear_incoming,
    keep_incoming_clear,
)
from playhead.upload.fetching import Fetching, begin, fetch
from playhead.upload.part import Part
from playhead.upload.sessions import Uploads, VideoRequest
from playhead.upload.url_source import Strangers
from tests.upload.origin import cut, origin
from tests.upload.station import LOOKS_LIKE_MP4, opened, send, station, status_of

__all__ = ["station"]

FILE = LOOKS_LIKE_MP4 + bytes(2000)


async def body(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def in_one_piece(station: Uploads) -> UUID:
    _, upload = await opened(station, None)
    await send(station, upload, FILE)
    return UUID(str(upload["id"]))


async def in_parts(station: Uploads) -> UUID:
    _, upload = await opened(station, len(FILE))
    part = Part(0, 100, len(FILE))
    await station.receive_part(upload["id"], part, body(FILE[:100]), content_type="video/mp4")
    return UUID(str(upload["id"]))


async def ended(station: Uploads) -> UUID:
    """One that is over, whose bytes the process that ended it did not live to delete."""
    upload_id = await in_parts(station)
    async with station.records.transaction() as tx:
        await uploads.end(tx, upload_id, UploadState.DEAD)
    return upload_id


async def untouched(station: Uploads) -> UUID:
    _, upload = await opened(station, len(FILE))
    return UUID(str(upload["id"]))


async def from_a_url(station: Uploads) -> UUID:
    """One whose server broke off."""
    async with origin(FILE, cut(1000)) as server:
        async with station.records.transaction() as tx:
            project_id = await projects.ensure_project(tx, "default")
            request = VideoRequest("a.mp4", ["144p"], True, None, [], None)
            video_id = await begin(station, tx, project_id, request, server.url)
        await fetch(Fetching(station, Strangers(local_networks_allowed=True)), video_id)
    async with station.records.transaction() as tx:
        upload = await uploads.of_video(tx, video_id)
    assert upload is not None
    return UUID(str(upload["id"]))


async def partial(station: Uploads) -> UUID:
    """As tus's clients send them side by side."""
    async with station.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        row = await partials.create(
            tx, project_id, grant_id=None, size=500, tus_metadata="", expires_in=timedelta(hours=1)
        )
    await station.incoming.receive_part(row["id"], Part(0, 100, 500), body(FILE[:100]))
    return UUID(str(row["id"]))


def arrived(station: Uploads) -> set[UUID]:
    """What lies in the folder that uploads arrive in."""
    root = station.incoming.path(uuid4()).parent.parent
    return {UUID(path.name) for path in root.iterdir()} if root.exists() else set()


async def make_overdue(station: Uploads) -> None:
    async with station.records.transaction() as tx:
        for table in ("uploads", "partials"):
            await tx.connection.execute(text(f"UPDATE {table} SET expires_at = now() - interval '1 minute'"))


async def test_whatever_way_an_upload_came_its_bytes_go_with_its_time(station: Uploads) -> None:
    made = [await kind(station) for kind in (in_one_piece, in_parts, untouched, from_a_url)]
    alone = await partial(station)
    assert arrived(station) == {made[0], made[1], made[3], alone}
    await abandon_overdue(station)
    assert len(arrived(station)) == 4  # none is over yet
    await make_overdue(station)
    await abandon_overdue(station)
    assert arrived(station) == set()
    async with station.records.transaction() as tx:
        rows = [await uploads.find(tx, upload_id) for upload_id in made]
        assert await partials.find(tx, alone) is None
        [used] = await quotas.usage(tx)
    assert [row["state"] for row in rows if row] == ["dead"] * 4
    assert {await status_of(station, row) for row in rows if row} == {("fail", "upload_expired")}
    assert (used["used_open_uploads"], used["used_bytes"]) == (0, 0)


async def test_what_a_dead_process_left_of_others_is_found_again(station: Uploads) -> None:
    """Rows are changed before bytes are deleted: whoever dies in between leaves bytes that nobody waits for."""
    open_, lost, young = [await in_parts(station) for _ in range(3)]
    alone, forgotten = [await partial(station) for _ in range(2)]
    await ended(station)
    async with station.records.transaction() as tx:
        ids = {"lost": lost, "young": young}
        await tx.connection.execute(text("DELETE FROM uploads WHERE id IN (:lost, :young)"), ids)
        await tx.connection.execute(text("DELETE FROM partials WHERE id = :id"), {"id": forgotten})
    for upload_id in (lost, forgotten):
        age(station.incoming.path(upload_id).parent)
    await clear_incoming(station)
    # A form that is still arriving has no row yet, so what is young and unknown stays.
    assert arrived(station) == {open_, young, alone}


def age(folder: Path) -> None:
    then = time.time() - UNKNOWN_SECONDS - 60
    os.utime(folder, (then, then))


async def test_a_stray_name_stops_nobody_from_tidying(station: Uploads) -> None:
    over = await ended(station)
    root = station.incoming.path(over).parent.parent
    (root / "lost+found").mkdir()
    (root / ".notes").write_text("not ours")
    await clear_incoming(station)
    assert {path.name for path in root.iterdir()} == {"lost+found", ".notes"}


async def test_however_many_have_arrived_all_are_looked_through(
    station: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a statement may have parameters."""
    over = await ended(station)
    many = {uuid4(): 0.0 for _ in range(2**16)}

    async def ids() -> dict[UUID, float]:
        return {**many, over: 0.0}

    monkeypatch.setattr(station.incoming, "ids", ids)
    await clear_incoming(station)
    assert arrived(station) == set()


async def test_tidying_goes_on_after_what_nobody_foresaw(
    station: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ended(station)
    ids, failures = station.incoming.ids, [RuntimeError("unforeseen"), PlayheadError("database_unavailable")]

    async def failing() -> dict[UUID, float]:
        if failures:
            raise failures.pop(0)
        return await ids()

    monkeypatch.setattr(station.incoming, "ids", failing)
    tidying = asyncio.create_task(keep_incoming_clear(station, every=0.01))
    async with asyncio.timeout(10):
        while arrived(station):
            assert not tidying.done()
            await asyncio.sleep(0.01)
    tidying.cancel()
    await asyncio.wait({tidying})


async def test_one_upload_that_cannot_be_completed_stops_no_other(
    station: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, upload = await opened(station, None, auto_complete=True)
    await send(station, upload, FILE)
    whole, over = UUID(str(upload["id"])), await ended(station)
    tried: list[UUID] = []

    async def both() -> dict[UUID, float]:
        return {whole: 0.0, over: 0.0}

    async def broken(_station: Uploads, upload_id: UUID) -> None:
        tried.append(upload_id)
        raise OSError("this one's disk is broken")

    monkeypatch.setattr(station.incoming, "ids", both)
    monkeypatch.setattr(cleaning, "complete_by_itself", broken)
    await clear_incoming(station)
    assert tried == [whole]
    assert arrived(station) == {whole}
