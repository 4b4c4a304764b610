"""What was made is told of once it is stored, and once only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.processing.inspect import inspect, plan_of
from playhead.processing.publishing import publish
from playhead.processing.workshop import Workshop
from playhead.records import pieces, videos
from playhead.records.database import Row
from playhead.storage.disk import Disk
from tests.media.mp4.clips import ffmpeg, picture
from tests.records.conftest import Shop, shop

__all__ = ["shop"]


@pytest.fixture
def workshop(shop: Shop, tmp_path: Path) -> Workshop:
    storage = Disk(tmp_path / "storage")
    return Workshop(shop.records, storage, NoSandbox(find_tools()), tmp_path, 3600.0, places_ahead=0)


@pytest.fixture
async def planned(shop: Shop, workshop: Workshop, tmp_path: Path) -> Row:
    """A film that is planned, and of which nothing is made."""
    film, key = tmp_path / "film.avi", f"videos/{uuid4()}/source/b"
    ffmpeg(*picture(3), "-c:v", "mjpeg", film)
    video_id = await shop.video("144p")
    await workshop.storage.put(key, film.read_bytes())
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key=key, source_size=film.stat().st_size)
    await inspect(workshop, video_id)
    return await found(shop, video_id)


async def found(shop: Shop, video_id: UUID) -> Row:
    async with shop.records.transaction() as tx:
        return await videos.get(tx, video_id)


async def first_piece(shop: Shop, video: Row) -> tuple[Row, list[str]]:
    """Its row, and the states of all objects that were ever meant to be it."""
    async with shop.records.transaction() as tx:
        (row, *_) = await pieces.of_track(tx, video["id"], plan_of(video).renditions[-1].track)
        states = await tx.connection.execute(text("SELECT state FROM objects WHERE slot LIKE 'piece/%'"))
        return row, sorted(states.scalars())


def made(video: Row, folder: Path, data: bytes) -> Mapping[str, Path]:
    path = folder / f"{uuid4()}.mp4"
    path.write_bytes(data)
    return {plan_of(video).renditions[-1].track: path}


async def test_the_first_attempt_is_told_and_the_second_leaves_no_trace(
    shop: Shop, workshop: Workshop, planned: Row, tmp_path: Path
) -> None:
    plan = plan_of(planned)
    track = plan.renditions[-1].track
    await publish(workshop, planned, plan, 0, made(planned, tmp_path, b"one"), {track: 50})
    row, states = await first_piece(shop, planned)
    assert (row["frames"], row["size_bytes"], states) == (50, 3, ["kept"])
    assert await workshop.storage.read(row["key"], 0, 3) == b"one"
    assert (await found(shop, planned["id"]))["playable_at"] is not None
    await publish(workshop, planned, plan, 0, made(planned, tmp_path, b"other"), {track: 51})
    again, states = await first_piece(shop, planned)
    assert again == row
    assert len(states) == 2
    assert states.count("kept") == 1


async def test_what_cannot_be_stored_is_not_told_of(
    shop: Shop, workshop: Workshop, planned: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(key: str, path: Path) -> None:
        raise PlayheadError("storage_full")

    monkeypatch.setattr(workshop.storage, "adopt", full)
    plan = plan_of(planned)
    with pytest.raises(PlayheadError, match="space"):
        await publish(
            workshop, planned, plan, 0, made(planned, tmp_path, b"one"), {plan.renditions[-1].track: 50}
        )
    row, states = await first_piece(shop, planned)
    assert row["key"] is None
    assert states != ["kept"]
    assert (await found(shop, planned["id"]))["playable_at"] is None


async def test_nobody_is_told_of_what_was_deleted(
    shop: Shop, workshop: Workshop, planned: Row, tmp_path: Path
) -> None:
    async with shop.records.transaction() as tx:
        await videos.remove(tx, await videos.get(tx, planned["id"], lock=True))
    plan = plan_of(planned)
    await publish(
        workshop, planned, plan, 0, made(planned, tmp_path, b"one"), {plan.renditions[-1].track: 50}
    )
    async with shop.records.transaction() as tx:
        states = await tx.connection.execute(text("SELECT state FROM objects WHERE slot LIKE 'piece/%'"))
        assert "kept" not in states.scalars().all()
