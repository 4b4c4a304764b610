"""The ledger of objects, the count of steps, uploads and projects: small records with sharp edges."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.records import counts, due, objects, playing, projects, steps, uploads, videos
from playhead.records.database import Records
from tests.records.conftest import Shop


async def test_what_nobody_publishes_is_deleted_in_time(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        await objects.reserve(tx, shop.project_id, video_id, {"a": "poster/", "b": "poster/", "c": "x/"})
        await objects.reserve(tx, shop.project_id, video_id, {"a": "poster/"})  # again changes nothing
        await objects.keep(tx, ["b"])
    async with shop.records.transaction() as tx:
        assert await objects.doomed(tx, 10) == ["a"], "another attempt at the kept slot"
        await objects.forget(tx, ["a"])
        await tx.connection.execute(text("UPDATE objects SET created_at = now() - interval '1 day'"))
    async with shop.records.transaction() as tx:
        assert await objects.doomed(tx, 10) == ["c"], "whose writer must be dead by now"


async def test_what_has_arrived_waits_for_its_completion_as_long_as_that_may_come(shop: Shop) -> None:
    """Longer than any writer would live: an upload may be completed a day after its last byte."""
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        upload = await uploads.create(
            tx,
            shop.project_id,
            video_id,
            content_type="video/mp4",
            declared_size=1,
            expires_in=timedelta(days=1),
        )
        slots = {"a": "source/", "b": "quarantine/", "c": "piece/x/0/"}
        await objects.reserve(tx, shop.project_id, video_id, slots)
        await tx.connection.execute(text("UPDATE objects SET created_at = now() - interval '7 hours'"))
    async with shop.records.transaction() as tx:
        assert await objects.doomed(tx, 10) == ["c"]
        await uploads.end(tx, upload["id"], UploadState.DEAD)
    async with shop.records.transaction() as tx:
        assert set(await objects.doomed(tx, 10)) == {"a", "b", "c"}


async def test_readers_get_a_grace_before_replaced_objects_go(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        await objects.reserve(tx, shop.project_id, video_id, {"a": "piece/x/0/", "b": "piece/y/0/"})
        await objects.keep(tx, ["a", "b"])
        await objects.reserve(tx, shop.project_id, video_id, {"c": "piece/x/1/"})  # nobody can have seen it
        await objects.doom_slots(tx, video_id, "piece/x/", grace=timedelta(hours=1))
        await objects.doom_slots(tx, video_id, "piece/y/")
    async with shop.records.transaction() as tx:
        assert set(await objects.doomed(tx, 10)) == {"b", "c"}


async def test_steps_are_counted_and_forgiven(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        assert await steps.begin(tx, shop.project_id, video_id, "inspect") == (1, 0)
        assert await steps.fail(tx, video_id, "inspect", "no") == 1
        assert await steps.begin(tx, shop.project_id, video_id, "inspect") == (2, 1)
        await steps.forgive(tx, video_id, "inspect")
        assert await steps.begin(tx, shop.project_id, video_id, "inspect") == (2, 1)


async def test_one_waiting_job_of_a_name_is_enough_and_does_not_undo_the_rows(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        assert await tx.defer(jobs.inspect(video_id, 0))
        await steps.begin(tx, shop.project_id, video_id, "inspect")
        assert not await tx.defer(jobs.inspect(video_id, 0))
    async with shop.records.transaction() as tx:
        assert await steps.begin(tx, shop.project_id, video_id, "inspect") == (2, 0)
        assert await due.busy_names(tx) == {f"inspect:{video_id}"}
        assert await counts.jobs_by_queue(tx) == [("light", "todo", 1)]
        assert await counts.videos_by_status(tx) == [(Status.PENDING_UPLOAD, 1)]
        await counts.alive(tx)


async def test_many_jobs_are_enqueued_as_each_would_be(shop: Shop) -> None:
    video_id = await shop.video()
    chunks = [jobs.chunk(video_id, number, 0) for number in range(20)]
    async with shop.records.transaction() as tx:
        assert await tx.defer_all([]) == 0
        assert await tx.defer(jobs.chunk(video_id, 3, 7))  # by a later turn
        assert await tx.defer_all(chunks) == 19
        assert await tx.defer_all(chunks) == 0
        assert await due.busy_names(tx) == {job.name for job in chunks}
        rows = await tx.connection.execute(
            text(
                "SELECT task_name, queue_name, lock, priority, args->>'video_id' AS video,"
                " (args->>'number')::int AS number FROM procrastinate_jobs ORDER BY number"
            )
        )
    assert [tuple(row) for row in rows] == [
        ("encode_chunk", "encode", job.name, job.priority, str(video_id), number)
        for number, job in enumerate(chunks)
    ]


async def test_many_jobs_of_which_another_has_just_enqueued_one(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        # One name twice is to the database what another worker is that was quicker.
        twice = [jobs.poster(video_id, 0), jobs.poster(video_id, 0), jobs.chunk(video_id, 0, 0)]
        assert await tx.defer_all(twice) == 2
        await steps.begin(tx, shop.project_id, video_id, "inspect")
    async with shop.records.transaction() as tx:
        assert await due.busy_names(tx) == {f"poster:{video_id}", f"chunk:{video_id}:0"}
        assert await steps.begin(tx, shop.project_id, video_id, "inspect") == (2, 0)


async def test_a_job_is_enqueued_with_the_rows_or_not_at_all(shop: Shop) -> None:
    video_id = await shop.video()

    async def undone() -> None:
        async with shop.records.transaction() as tx:
            await tx.defer(jobs.inspect(video_id, 0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    async with shop.records.transaction() as tx:
        assert await due.busy_names(tx) == set()


async def test_uploads_run_out_of_time_by_the_databases_clock(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        opened = await uploads.create(
            tx,
            shop.project_id,
            video_id,
            content_type="video/mp4",
            declared_size=5,
            expires_in=timedelta(seconds=-1),
        )
        found = await uploads.find(tx, opened["id"])
        assert found is not None
        assert found["expired"]
        assert [row["id"] for row in await uploads.overdue(tx, 10)] == [opened["id"]]
        await uploads.end(tx, opened["id"], UploadState.DEAD)
        assert await uploads.overdue(tx, 10) == []
        assert (await uploads.of_videos(tx, [video_id]))[video_id]["state"] == UploadState.DEAD


async def test_a_key_opens_its_project_until_it_is_revoked_and_is_not_stored(shop: Shop) -> None:
    key = projects.new_key()
    async with shop.records.transaction() as tx:
        await projects.add_key(tx, shop.project_id, "mine", key)
        await projects.add_key(tx, shop.project_id, "mine", key)
        assert await projects.project_of_key(tx, key) == shop.project_id
        assert await projects.project_of_key(tx, key + "x") is None
        (listed,) = await projects.list_keys(tx)
        assert key.startswith(listed["prefix"])
        dump = await tx.connection.execute(text("SELECT keys::text FROM keys"))
        assert key not in str(dump.all())
        assert await projects.revoke_key(tx, listed["prefix"]) == 1
        assert await projects.project_of_key(tx, key) is None


async def test_players_see_only_what_has_a_source_and_has_not_failed(shop: Shop) -> None:
    waiting = await shop.video()
    video, _ = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        assert await playing.load(tx, waiting) is None
        found = await playing.load(tx, video["id"])
        assert found is not None
        assert found.sounds == {"audio": {"key": None, "size_bytes": None}}
        assert await playing.piece(tx, video["id"], "256x144", 0) is None
        await videos.fail(tx, await videos.get(tx, video["id"], lock=True), PlayheadError("no_frames"))
        assert await playing.load(tx, video["id"]) is None


async def test_a_database_that_is_away_has_a_name() -> None:
    records = Records("postgresql://nobody@127.0.0.1:1/none")

    async def ask() -> None:
        async with records.transaction() as tx:
            await counts.alive(tx)

    with pytest.raises(PlayheadError) as caught:
        await ask()
    assert caught.value.code == "database_unavailable"
    await records.close()


async def test_steps_that_did_not_go_well_at_once_are_told(shop: Shop) -> None:
    video_id, other = await shop.video(), await shop.video()
    async with shop.records.transaction() as tx:
        for name in ("inspect", "chunk:0", "chunk:0", "audio"):
            await steps.begin(tx, shop.project_id, video_id, name)
        await steps.begin(tx, shop.project_id, other, "inspect")
        await steps.fail(tx, video_id, "audio", "decoder_crashed: It crashed.")
        assert await steps.unended(tx, video_id, "chunk:0") == 2
        assert await steps.unended(tx, video_id, "audio") == await steps.unended(tx, video_id, "none") == 0
        told = await steps.troubled(tx, [video_id, other])
    found = [(row["name"], row["attempts"], row["failures"], row["last_error"]) for row in told[video_id]]
    assert found == [("chunk:0", 2, 0, None), ("audio", 1, 1, "decoder_crashed: It crashed.")]
    assert list(told) == [video_id]
