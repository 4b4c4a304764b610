"""Videos in the records: forward only, newest first, and nobody sees another project's."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.states import Status
from playhead.records import due, playing, projects, renditions, videos
from tests.records.conftest import Shop, told

_HELD_UP = text(
    "SELECT 1 FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM videos%'"
)


async def test_pages_are_newest_first_and_continue_where_they_ended(shop: Shop) -> None:
    made = [await shop.video() for _ in range(5)]
    seen = []
    before = None
    while True:
        async with shop.records.transaction() as tx:
            rows = await videos.page(tx, shop.project_id, limit=2, before=before, status=None, is_public=None)
        if not rows:
            break
        seen += [row["id"] for row in rows]
        before = (rows[-1]["created_at"], rows[-1]["id"])
    assert seen == made[::-1]


async def test_another_projects_video_is_not_there(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        other = await projects.ensure_project(tx, "other")
        assert await projects.ensure_project(tx, "other") == other
        with pytest.raises(PlayheadError) as caught:
            await videos.get(tx, video_id, project_id=other)
        assert caught.value.code == "not_found"
        assert await videos.find(tx, video_id, project_id=other) is None
        (row,) = (await renditions.of_videos(tx, [video_id]))[video_id][:1]
        assert await renditions.find(tx, row["id"], project_id=other) is None


async def test_a_video_fails_once_with_its_renditions(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        locked = await videos.get(tx, video["id"], lock=True)
        assert await videos.fail(tx, locked, PlayheadError("corrupt_file"))
        again = await videos.get(tx, video["id"], lock=True)
        assert not await videos.fail(tx, again, PlayheadError("no_frames"))
        (row,) = (await renditions.of_videos(tx, [video["id"]]))[video["id"]]
    assert (again["status"], again["error_code"]) == (Status.FAIL, "corrupt_file")
    assert (row["status"], row["error_code"]) == (Status.FAIL, "corrupt_file")


async def test_playable_is_noted_once(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        await videos.mark_playable(tx, await videos.get(tx, video["id"], lock=True))
        first = (await videos.get(tx, video["id"]))["playable_at"]
        await videos.mark_playable(tx, await videos.get(tx, video["id"], lock=True))
        assert (await videos.get(tx, video["id"]))["playable_at"] == first
        happened = [row["type"] for row in await told(tx, shop.project_id)]
    assert happened.count(EventType.PLAYABLE) == 1


async def test_who_notes_it_at_the_same_time_notes_it_once(shop: Shop) -> None:
    video, _ = await shop.planned("144p")

    async def note() -> None:
        async with shop.records.transaction() as tx:
            await videos.mark_playable(tx, await videos.get(tx, video["id"], lock=True))

    await asyncio.gather(*(note() for _ in range(5)))
    async with shop.records.transaction() as tx:
        happened = [row["type"] for row in await told(tx, shop.project_id)]
    assert happened.count(EventType.PLAYABLE) == 1


async def test_a_deleted_video_leaves_no_rows(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        await videos.remove(tx, await videos.get(tx, video["id"], lock=True))
        assert await videos.find(tx, video["id"]) is None
        assert await renditions.of_videos(tx, [video["id"]]) == {video["id"]: []}


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_waits_for_a_video_that_ends_leaves_the_queue(shop: Shop, deleted: bool) -> None:
    ids = [(await shop.planned("144p"))[0]["id"] for _ in range(2)]
    async with shop.records.transaction() as tx:
        waiting = [await due.jobs_of(tx, video_id) for video_id in ids]
        for jobs in waiting:
            assert len(jobs) > 2
            await tx.defer_all(jobs)
        ended = await videos.get(tx, ids[0], lock=True)
        if deleted:
            await videos.remove(tx, ended)
        else:
            await videos.fail(tx, ended, PlayheadError("corrupt_file"))
        assert await due.busy_names(tx) - {"sweep"} == {job.name for job in waiting[1]}


async def test_a_video_that_never_began_has_nothing_on_the_queue(shop: Shop) -> None:
    failed, deleted = await shop.video(), await shop.video()
    async with shop.records.transaction() as tx:
        assert await videos.fail(tx, await videos.get(tx, failed, lock=True), PlayheadError("not_a_video"))
        await videos.remove(tx, await videos.get(tx, deleted, lock=True))
        assert await due.jobs_of(tx, failed) == []


async def test_who_puts_down_the_jobs_of_a_video_that_ends_meanwhile_is_waited_for(shop: Shop) -> None:
    video_id = (await shop.planned("144p"))[0]["id"]

    async def delete() -> None:
        async with shop.records.transaction() as tx:
            await videos.remove(tx, await videos.get(tx, video_id, lock=True))

    async def is_held_up() -> bool:
        async with shop.records.transaction() as tx:
            return bool((await tx.connection.execute(_HELD_UP)).scalar())

    async with shop.records.transaction() as tx:
        waiting = await due.jobs_of(tx, video_id)
        deleting = asyncio.create_task(delete())
        while not deleting.done() and not await is_held_up():
            await asyncio.sleep(0)
        await tx.defer_all(waiting)
    await deleting
    async with shop.records.transaction() as tx:
        assert await due.busy_names(tx) == {"sweep"}


async def test_a_video_is_unplanned_from_its_source_to_its_plan(shop: Shop) -> None:
    planned = (await shop.planned("144p"))[0]["id"]
    waiting, begun, failed = [await shop.video("144p") for _ in range(3)]
    async with shop.records.transaction() as tx:
        for each in (begun, failed):
            await videos.begin_processing(tx, each, source_key="videos/a/source/b", source_size=10)
        await videos.fail(tx, await videos.get(tx, failed, lock=True), PlayheadError("corrupt_file"))
        told = {
            each: await playing.is_unplanned(tx, each) for each in (planned, waiting, begun, failed, uuid4())
        }
    assert [each for each, unplanned in told.items() if unplanned] == [begun]


async def test_the_lists_of_a_plan_are_not_told(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        whole = (await videos.get(tx, video["id"]))["plan"]
        told = (await videos.get(tx, video["id"], project_id=shop.project_id))["plan"]
        (row,) = await videos.page(tx, shop.project_id, limit=1, before=None, status=None, is_public=None)
    assert whole["chunks"]
    assert whole["segments"]
    assert told == row["plan"] == {name: whole[name] for name in whole.keys() - {"chunks", "segments"}}
