"""Making a video once more: what is ready stays until it is replaced as a whole, and nothing is left behind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import func, select, update

from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.plan import AUDIO
from playhead.model.states import Status
from playhead.records import due, left_out, objects, pieces, playing, projects, remaking, renditions, videos
from playhead.records.database import Row, Transaction
from playhead.records.left_out import Part
from playhead.records.tables import objects as ledger
from playhead.records.tables import pieces as piece_rows
from playhead.records.tables import videos as video_rows
from playhead.storage import keys
from tests.records.conftest import Shop, example_plan, rendition_of, told

NAMES = ("360p", "144p")


async def _make(
    tx: Transaction, video: Row, attempt: str, tracks: tuple[str, ...], *, poster: bool = True
) -> None:
    """Everything a worker does until tracks are finished."""
    names = [keys.rendition(video["id"], track, attempt) for track in tracks]
    sound = keys.piece(video["id"], AUDIO, 0, attempt)
    await objects.reserve(tx, video["project_id"], video["id"], {sound.key: sound.slot})
    await pieces.publish(tx, video["id"], AUDIO, 0, key=sound.key, size_bytes=1, frames=1)
    picture = keys.poster(video["id"], attempt)
    for name in (*names, picture):
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
    for track, name in zip(tracks, names, strict=True):
        assert await pieces.finish_track(
            tx, video, track, key=name.key, size_bytes=1, etag=attempt, thumbnails=[]
        )
    if poster and await videos.publish_poster(tx, video["id"], picture.key):
        await objects.keep(tx, [picture.key])
    await videos.settle(tx, await videos.get(tx, video["id"], lock=True))


async def _ready(shop: Shop) -> UUID:
    video, _ = await shop.planned(*NAMES)
    async with shop.records.transaction() as tx:
        await _make(tx, video, "first", ("640x360", "256x144"))
        assert (await videos.get(tx, video["id"]))["status"] == Status.READY
    video_id: UUID = video["id"]
    return video_id


async def _reprocess(shop: Shop, video_id: UUID) -> None:
    async with shop.records.transaction() as tx:
        await remaking.begin(tx, await videos.get(tx, video_id, project_id=shop.project_id, lock=True))


async def _remake(shop: Shop, video_id: UUID) -> Row:
    """The row that is processed beside it, laid out."""
    made = example_plan(NAMES)
    async with shop.records.transaction() as tx:
        found = await tx.connection.execute(select(video_rows).where(video_rows.c.replaces == video_id))
        row = dict(found.one()._mapping)
        await pieces.lay_out(tx, row, {"made": "again"}, made, msgspec.to_builtins(made))
        return await videos.get(tx, row["id"])


async def _told(shop: Shop) -> list[str]:
    async with shop.records.transaction() as tx:
        return [row["type"] for row in await told(tx, shop.project_id)]


async def _kept(shop: Shop) -> dict[str, UUID]:
    async with shop.records.transaction() as tx:
        found = await tx.connection.execute(
            select(ledger.c.key, ledger.c.video_id).where(ledger.c.state == objects.KEPT)
        )
        return {row.key: row.video_id for row in found}


async def test_what_is_ready_stays_until_all_of_it_is_replaced(shop: Shop) -> None:
    video_id = await _ready(shop)
    async with shop.records.transaction() as tx:
        before = await videos.get(tx, video_id)
        ids = [row["id"] for row in (await renditions.of_videos(tx, [video_id]))[video_id]]
    await _reprocess(shop, video_id)
    remake = await _remake(shop, video_id)
    async with shop.records.transaction() as tx:
        assert await videos.get(tx, video_id) == before
        assert await remaking.of_videos(tx, [video_id]) == {video_id}
        await _make(tx, remake, "second", ("640x360",))
        assert await videos.get(tx, video_id) == before
        await _make(tx, await videos.get(tx, remake["id"]), "third", ("256x144",))
    async with shop.records.transaction() as tx:
        after = await videos.get(tx, video_id)
        rows = (await renditions.of_videos(tx, [video_id]))[video_id]
        assert await videos.find(tx, remake["id"]) is None
        count = await tx.connection.execute(
            select(func.count()).where(piece_rows.c.video_id == video_id, piece_rows.c.track == AUDIO)
        )
        assert count.scalar_one() == 1
    assert (after["status"], after["generation"], after["info"]) == (Status.READY, 2, {"made": "again"})
    assert [row["id"] for row in rows] == ids
    assert sorted(row["etag"] for row in rows) == ["second", "third"]
    assert set((await _kept(shop)).values()) == {video_id}
    assert all("first" not in key for key in await _kept(shop))
    assert all("/piece/" not in key for key in await _kept(shop)), "the renditions hold the sound"
    assert (await _told(shop))[-3:] == [EventType.READY, EventType.REPROCESSING, EventType.REPROCESSED]


async def test_a_poster_that_cannot_be_taken_anew_stays(shop: Shop) -> None:
    video_id = await _ready(shop)
    await _reprocess(shop, video_id)
    remake = await _remake(shop, video_id)
    async with shop.records.transaction() as tx:
        before = await videos.get(tx, video_id)
        await left_out.note(tx, remake, Part.POSTER, PlayheadError("decoder_crashed"))
        await left_out.note(tx, remake, Part.SOUND, PlayheadError("decoder_crashed"), "audio-2")
        await _make(tx, remake, "second", ("640x360", "256x144"), poster=False)
    async with shop.records.transaction() as tx:
        after = await videos.get(tx, video_id)
        assert (after["generation"], after["poster_key"]) == (2, before["poster_key"])
        assert [row["part"] for row in (await left_out.of_videos(tx, [video_id]))[video_id]] == ["sound"]
    assert before["poster_key"] in await _kept(shop)


async def test_asking_again_changes_nothing(shop: Shop) -> None:
    video_id = await _ready(shop)
    for _ in range(3):
        await _reprocess(shop, video_id)
    async with shop.records.transaction() as tx:
        rows = await videos.page(tx, shop.project_id, limit=9, before=None, status=None, is_public=None)
    assert [row["id"] for row in rows] == [video_id]
    assert (await _told(shop)).count(EventType.REPROCESSING) == 1


async def test_a_remake_is_nobodys_video(shop: Shop) -> None:
    video_id = await _ready(shop)
    await _reprocess(shop, video_id)
    remake = await _remake(shop, video_id)
    async with shop.records.transaction() as tx:
        assert await videos.find(tx, remake["id"], project_id=shop.project_id) is None
        assert await playing.load(tx, remake["id"]) is None
        usage = (await videos.get(tx, video_id))["source_size"]
        assert usage == remake["source_size"]
        assert await projects.ensure_project(tx, "default") == shop.project_id


@pytest.mark.parametrize("how", ["video", "one rendition"])
async def test_a_remake_that_fails_leaves_the_video_as_it_was(shop: Shop, how: str) -> None:
    video_id = await _ready(shop)
    before = await _kept(shop)
    await _reprocess(shop, video_id)
    remake = await _remake(shop, video_id)
    error = PlayheadError("decoder_crashed")
    async with shop.records.transaction() as tx:
        if how == "video":
            await videos.fail(tx, await videos.get(tx, remake["id"], lock=True), error)
        else:
            await renditions.fail(tx, remake["id"], ["256x144"], error)
            await _make(tx, remake, "second", ("640x360",))
    async with shop.records.transaction() as tx:
        assert await videos.find(tx, remake["id"]) is None
        assert (await videos.get(tx, video_id))["status"] == Status.READY
        last = (await told(tx, shop.project_id))[-1]
    assert (last["type"], last["video_id"]) == (EventType.REPROCESS_FAILED, video_id)
    assert last["data"]["code"] == "decoder_crashed"
    assert await _kept(shop) == before
    await _reprocess(shop, video_id)  # and it can be tried again
    await _remake(shop, video_id)


async def test_a_video_deleted_meanwhile_takes_its_remake_along(shop: Shop) -> None:
    video_id = await _ready(shop)
    await _reprocess(shop, video_id)
    remake = await _remake(shop, video_id)
    async with shop.records.transaction() as tx:
        await videos.remove(tx, await videos.get(tx, video_id, lock=True))
    async with shop.records.transaction() as tx:
        await _make(tx, remake, "second", ("640x360", "256x144"))
        assert await videos.find(tx, remake["id"]) is None
    assert await _kept(shop) == {}
    assert (await _told(shop))[-1] == EventType.DELETED


async def test_a_rendition_deleted_meanwhile_does_not_come_back(shop: Shop) -> None:
    video_id = await _ready(shop)
    await _reprocess(shop, video_id)
    remake = await _remake(shop, video_id)
    async with shop.records.transaction() as tx:
        await renditions.remove(tx, await rendition_of(tx, video_id, "144p"))
    async with shop.records.transaction() as tx:
        await _make(tx, remake, "second", ("640x360", "256x144"))
        rows = (await renditions.of_videos(tx, [video_id]))[video_id]
    assert [row["resolution"] for row in rows] == ["360p"]
    assert not any("256x144" in key for key in await _kept(shop))


async def test_a_failed_video_starts_over(shop: Shop) -> None:
    video, made = await shop.planned(*NAMES)
    video_id = video["id"]
    async with shop.records.transaction() as tx:
        locked = await videos.get(tx, video_id, lock=True)
        await videos.fail(tx, locked, PlayheadError("decoder_crashed"))
    await _reprocess(shop, video_id)
    await _reprocess(shop, video_id)
    async with shop.records.transaction() as tx:
        again = await videos.get(tx, video_id)
        rows = (await renditions.of_videos(tx, [video_id]))[video_id]
        assert (again["status"], again["plan"], again["error_code"]) == (Status.PROCESSING, None, None)
        assert {(row["status"], row["track"], row["error_code"]) for row in rows} == {
            (Status.PROCESSING, None, None)
        }
        assert [job.task for job in await due.jobs_of(tx, video_id)] == ["inspect"]
        await pieces.lay_out(tx, again, {}, made, msgspec.to_builtins(made))
        await _make(tx, again, "second", ("640x360", "256x144"))
        assert (await videos.get(tx, video_id))["status"] == Status.READY
    assert (await _told(shop))[-1] == EventType.READY
    assert (await _told(shop)).count(EventType.REPROCESSING) == 1


@pytest.mark.parametrize("state", [Status.PENDING_UPLOAD, Status.PROCESSING, Status.FAIL])
async def test_what_has_no_end_or_no_file_cannot_be_made_again(shop: Shop, state: Status) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        if state == Status.PROCESSING:
            await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=10)
        else:  # failed when it was completed: its bytes were refused, and are gone
            values: dict[str, Any] = {"status": state}
            await tx.connection.execute(
                update(video_rows).where(video_rows.c.id == video_id).values(**values)
            )
    with pytest.raises(PlayheadError, match="wrong_state"):
        await _reprocess(shop, video_id)
