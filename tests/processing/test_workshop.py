"""Steps are tried, retried, forgiven and given up by the rules; the reconciler brings back what got lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from playhead.media.ffmpeg.failures import ToolFailed
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.model.states import Status
from playhead.processing.chunks import encode_chunk
from playhead.processing.inspect import inspect
from playhead.processing.reconcile import forget, reconcile, sweep
from playhead.processing.workshop import MAX_ATTEMPTS, Workshop, attempt
from playhead.records import due, objects, pieces, remaking, renditions, steps, videos
from playhead.records.database import Row
from playhead.storage.disk import Disk
from tests.media.samples import sample
from tests.records.conftest import Shop, shop, told

__all__ = ["shop"]


@dataclass
class Step:
    """A step that ends as it is told, and remembers."""

    errors: list[Exception | None]
    failures_seen: list[int]

    async def __call__(self, _video: Row, failures: int) -> None:
        self.failures_seen.append(failures)
        error = self.errors.pop(0)
        if error is not None:
            raise error


@pytest.fixture
async def workshop(shop: Shop, tmp_path: Path) -> Workshop:
    return Workshop(shop.records, Disk(tmp_path / "storage"), NoSandbox(find_tools()), tmp_path, 3600.0)


async def run(workshop: Workshop, video: Row, *errors: Exception | None) -> tuple[list[int], str]:
    step = Step(list(errors), [])
    while step.errors:
        await attempt(workshop, video["id"], "chunk:0", step)
        async with workshop.records.transaction() as tx:
            if (await videos.get(tx, video["id"]))["status"] != Status.PROCESSING:
                break
    async with workshop.records.transaction() as tx:
        return step.failures_seen, (await videos.get(tx, video["id"]))["status"]


async def test_a_failure_that_may_pass_is_tried_once_more_and_told_so(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")
    assert await run(workshop, video, PlayheadError("decoder_crashed"), None) == ([0, 1], Status.PROCESSING)


async def test_a_failure_that_repeats_is_given_up_by_name(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")
    crash = PlayheadError("decoder_crashed")
    assert await run(workshop, video, crash, crash, crash) == ([0, 1], Status.FAIL)
    async with shop.records.transaction() as tx:
        assert (await videos.get(tx, video["id"]))["error_code"] == "decoder_crashed"


async def test_a_files_own_fault_is_final_at_once(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")
    assert await run(workshop, video, PlayheadError("corrupt_file"), None) == ([0], Status.FAIL)


async def test_what_a_tool_said_last_goes_to_the_logs_alone(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")
    failed = ToolFailed("corrupt_file", exit_code=1, messages="[vorbis @ 0x1] Extradata missing.\n")
    with capture_logs() as logs:
        await run(workshop, video, failed)
    assert [line["said"] for line in logs if line["event"] == "step failed"] == [
        ["[vorbis @ 0x1] Extradata missing."]
    ]
    async with shop.records.transaction() as tx:
        assert "vorbis" not in str((await videos.get(tx, video["id"]))["error_detail"])


async def test_what_is_not_the_files_fault_never_counts(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")
    full = PlayheadError("storage_full")
    assert await run(workshop, video, full, full, full, None) == ([0, 0, 0, 0], Status.PROCESSING)


async def test_a_step_that_never_ends_is_parked(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")
    step = Step([RuntimeError()] * (MAX_ATTEMPTS + 1), [])
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(RuntimeError):
            await attempt(workshop, video["id"], "inspect", step)
    await attempt(workshop, video["id"], "inspect", step)
    async with shop.records.transaction() as tx:
        assert (await videos.get(tx, video["id"]))["error_code"] == "attempts_exhausted"
    assert len(step.failures_seen) == MAX_ATTEMPTS


async def test_being_stopped_says_nothing_about_the_file(shop: Shop, workshop: Workshop) -> None:
    video, _ = await shop.planned("144p")

    async def endless(_video: Row, _failures: int) -> None:
        await asyncio.sleep(3600)

    for _ in range(MAX_ATTEMPTS + 1):
        task = asyncio.create_task(attempt(workshop, video["id"], "inspect", endless))
        while not await attempts(shop, video):
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await attempts(shop, video) == 0


@pytest.mark.parametrize("code", ["corrupt_file", "storage_full"])
async def test_an_attempt_of_before_says_nothing_about_a_video_begun_anew(
    shop: Shop, workshop: Workshop, code: str
) -> None:
    video, _ = await shop.planned("144p")

    async def outlived(_video: Row, _failures: int) -> None:
        async with shop.records.transaction() as tx:
            await videos.fail(tx, await videos.get(tx, video["id"], lock=True), PlayheadError("no_frames"))
        async with shop.records.transaction() as tx:
            await remaking.begin(tx, await videos.get(tx, video["id"], project_id=shop.project_id, lock=True))
            await steps.begin(tx, shop.project_id, video["id"], "chunk:0")
        raise PlayheadError(code)

    await attempt(workshop, video["id"], "chunk:0", outlived)
    async with shop.records.transaction() as tx:
        now = await videos.get(tx, video["id"])
    assert (now["status"], now["generation"]) == (Status.PROCESSING, video["generation"] + 1)
    assert await attempts(shop, video) == 1, "that of the new making is still under way"


async def test_with_every_resolution_deleted_before_it_is_planned_nothing_is_made(
    shop: Shop, workshop: Workshop
) -> None:
    video_id = await shop.video("144p")
    await workshop.storage.put("source", sample("avi_mpeg4_b_frames").path().read_bytes())
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key="source", source_size=1)
        for row in (await renditions.of_videos(tx, [video_id]))[video_id]:
            await renditions.remove(tx, row)
    await inspect(workshop, video_id)
    async with shop.records.transaction() as tx:
        video = await videos.get(tx, video_id)
    assert (video["plan"] is not None, video["status"]) == (True, Status.PROCESSING)


async def attempts(shop: Shop, video: Row) -> int:
    async with shop.records.transaction() as tx:
        found = await tx.connection.execute(
            text("SELECT coalesce(sum(attempts), 0) FROM steps WHERE video_id = :id"), {"id": video["id"]}
        )
        return int(found.scalar_one())


async def test_deleting_every_job_only_delays(shop: Shop, workshop: Workshop) -> None:
    video, plan = await shop.planned("144p")
    due_jobs = len(plan.chunks) + 2
    assert await reconcile(workshop) == due_jobs
    assert await reconcile(workshop) == 0, "they wait already"
    async with shop.records.transaction() as tx:
        await tx.connection.execute(text("DELETE FROM procrastinate_jobs"))
    assert await reconcile(workshop) == due_jobs
    async with shop.records.transaction() as tx:
        assert len(await due.busy_names(tx)) == due_jobs
    assert video["status"] == Status.PROCESSING


async def test_the_beginning_of_one_track_is_made_once_and_hands_the_others_out(
    shop: Shop, workshop: Workshop
) -> None:
    source = sample("avi_mpeg4_b_frames").path()
    video_id = await shop.video("240p", "144p")
    await workshop.storage.put("videos/a/source/b", source.read_bytes())
    async with shop.records.transaction() as tx:
        size = source.stat().st_size
        await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=size)
    await inspect(workshop, video_id)
    async with shop.records.transaction() as tx:
        (beginning,) = (name for name in await due.busy_names(tx) if name.startswith("demand:"))
        assert f"chunk:{video_id}:0" not in await due.busy_names(tx), "it would be made twice"
    track = beginning.split(":")[2]
    await encode_chunk(workshop, video_id, 0, only=track)
    async with shop.records.transaction() as tx:
        assert f"chunk:{video_id}:0" in await due.busy_names(tx)
        missing = await pieces.missing_tracks(tx, video_id, 0)
        assert missing
        assert track not in missing
        # Whoever dies in between delays the others' first chunk: it follows from rows.
        await tx.connection.execute(text("DELETE FROM procrastinate_jobs"))
    await reconcile(workshop)
    async with shop.records.transaction() as tx:
        assert f"chunk:{video_id}:0" in await due.busy_names(tx)


async def test_what_happened_long_ago_is_forgotten(shop: Shop, workshop: Workshop) -> None:
    await shop.video()
    async with shop.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE events SET created_at = now() - interval '31 days'"))
    await shop.video()
    await forget(workshop)
    async with shop.records.transaction() as tx:
        assert len(await told(tx, shop.project_id)) == 1


async def test_the_sweep_deletes_what_is_given_up_and_nothing_else(shop: Shop, workshop: Workshop) -> None:
    video_id = await shop.video()
    kept, doomed = "videos/a/poster/kept.jpg", "videos/a/poster/doomed.jpg"
    async with shop.records.transaction() as tx:
        await objects.reserve(tx, shop.project_id, video_id, {kept: "poster/", doomed: "poster/"})
    for key in (kept, doomed):
        await workshop.storage.put(key, b"x")
    async with shop.records.transaction() as tx:
        await objects.keep(tx, [kept])
    await sweep(workshop)
    assert [key async for key in workshop.storage.keys("")] == [kept]
