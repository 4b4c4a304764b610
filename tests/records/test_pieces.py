"""Pieces: laid out once, published once, and a track that is finished is finished for all it answers."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from playhead.model.errors import PlayheadError
from playhead.model.plan import AUDIO, PlannedSound
from playhead.model.states import Status
from playhead.records import due, objects, pieces, renditions, videos
from playhead.records.database import Transaction
from playhead.records.tables import events
from playhead.records.tables import objects as object_table
from tests.records.conftest import Shop, example_plan, rendition_of


async def state_of(tx: Transaction, key: str) -> str | None:
    found = await tx.connection.execute(select(object_table.c.state).where(object_table.c.key == key))
    return found.scalar_one_or_none()


async def test_resolutions_of_one_size_share_a_track(shop: Shop) -> None:
    video, plan = await shop.planned("360p", "1080p", "144p")
    async with shop.records.transaction() as tx:
        rows = (await renditions.of_videos(tx, [video["id"]]))[video["id"]]
        tracks = {row["resolution"]: row["track"] for row in rows}
        assert tracks == {"360p": "640x360", "1080p": "640x360", "144p": "256x144"}
        assert "not enlarged" in {row["resolution"]: row["note"] for row in rows}["1080p"]
        laid_out = await pieces.of_track(tx, video["id"], "640x360")
        assert [row["chunk"] for row in laid_out] == [chunk.number for chunk in plan.chunks]
        assert len(await pieces.of_track(tx, video["id"], AUDIO)) == 1


async def test_only_the_first_attempt_at_a_piece_is_published(shop: Shop) -> None:
    video, _ = await shop.planned("144p")
    keys = [f"videos/x/piece/256x144/0/{name}.mp4" for name in ("one", "two")]
    async with shop.records.transaction() as tx:
        await objects.reserve(tx, shop.project_id, video["id"], dict.fromkeys(keys, "piece/256x144/0/"))
    won = []
    for key in keys:
        async with shop.records.transaction() as tx:
            won.append(await pieces.publish(tx, video["id"], "256x144", 0, key=key, size_bytes=1, frames=50))
    assert won == [True, False]
    async with shop.records.transaction() as tx:
        assert [await state_of(tx, key) for key in keys] == [objects.KEPT, objects.REFUSED]
        assert (await pieces.of_track(tx, video["id"], "256x144"))[0]["key"] == keys[0]


async def finish(shop: Shop, video_id: object, track: str, chunks: int) -> None:
    async with shop.records.transaction() as tx:
        for number in range(chunks):
            key = f"videos/x/piece/{track}/{number}/a.mp4"
            await objects.reserve(tx, shop.project_id, video_id, {key: f"piece/{track}/{number}/"})  # type: ignore[arg-type]
            await pieces.publish(tx, video_id, track, number, key=key, size_bytes=1, frames=1)  # type: ignore[arg-type]


async def test_a_track_is_complete_with_all_its_pieces_and_the_sound(shop: Shop) -> None:
    video, plan = await shop.planned("144p")
    await finish(shop, video["id"], "256x144", len(plan.chunks))
    async with shop.records.transaction() as tx:
        assert await pieces.complete_tracks(tx, video["id"]) == []
    await finish(shop, video["id"], AUDIO, 1)
    async with shop.records.transaction() as tx:
        assert await pieces.complete_tracks(tx, video["id"]) == ["256x144"]


async def test_a_track_is_complete_with_every_sound_or_without_those_that_were_given_up(shop: Shop) -> None:
    video_id = await shop.video("144p")
    others = [PlannedSound(track=name, stream=stream) for name, stream in (("audio-2", 2), ("audio-3", 3))]
    plan = msgspec.structs.replace(example_plan(("144p",)), other_sounds=tuple(others))
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=10)
        row = await videos.get(tx, video_id)
        await pieces.lay_out(tx, row, {}, plan, msgspec.to_builtins(plan))
        assert await pieces.missing_sounds(tx, video_id) == [AUDIO, "audio-2", "audio-3"]
    await finish(shop, video_id, "256x144", len(plan.chunks))
    await finish(shop, video_id, AUDIO, 1)
    await finish(shop, video_id, "audio-2", 1)
    async with shop.records.transaction() as tx:
        assert await pieces.complete_tracks(tx, video_id) == []
        await pieces.forgo(tx, row, "audio-3", PlayheadError("decoder_crashed"))
        assert await pieces.complete_tracks(tx, video_id) == ["256x144"]
        await pieces.forgo(tx, row, "audio-2", PlayheadError("decoder_crashed"))
        assert [row["track"] for row in await pieces.of_track(tx, video_id, "audio-2")] == ["audio-2"]


async def test_a_video_is_ready_with_its_last_rendition_and_its_poster_once(shop: Shop) -> None:
    video, _ = await shop.planned("144p", "360p")
    for track in ("256x144", "640x360"):
        async with shop.records.transaction() as tx:
            row = await videos.get(tx, video["id"], lock=True)
            done: dict[str, Any] = {"key": f"videos/x/rendition/{track}/a.mp4", "size_bytes": 9, "etag": "e"}
            assert await pieces.finish_track(tx, row, track, thumbnails=[(1.0, "t")], **done)
            assert not await pieces.finish_track(tx, row, track, thumbnails=[], **done)
            await videos.settle(tx, row)
    async with shop.records.transaction() as tx:
        assert (await videos.get(tx, video["id"]))["status"] == Status.PROCESSING
        assert await videos.publish_poster(tx, video["id"], "videos/x/poster/a.jpg")
        assert not await videos.publish_poster(tx, video["id"], "videos/x/poster/b.jpg")
    for _ in range(2):
        async with shop.records.transaction() as tx:
            await videos.settle(tx, await videos.get(tx, video["id"], lock=True))
    async with shop.records.transaction() as tx:
        assert (await videos.get(tx, video["id"]))["status"] == Status.READY
        told = await tx.connection.execute(select(events.c.type).where(events.c.type == "video.ready"))
        assert len(told.all()) == 1


async def test_a_failed_rendition_leaves_the_others_and_only_all_fail_the_video(shop: Shop) -> None:
    video, _ = await shop.planned("144p", "360p")
    for track, expected in (("256x144", Status.PROCESSING), ("640x360", Status.FAIL)):
        async with shop.records.transaction() as tx:
            await renditions.fail(tx, video["id"], [track], PlayheadError("decoder_crashed", "It crashed."))
            await videos.settle(tx, await videos.get(tx, video["id"], lock=True))
        async with shop.records.transaction() as tx:
            row = await videos.get(tx, video["id"])
            assert row["status"] == expected
    assert (row["error_code"], row["error_detail"]) == ("decoder_crashed", "It crashed.")


async def test_deleting_a_resolution_spares_what_another_shares(shop: Shop) -> None:
    video, plan = await shop.planned("360p", "1080p")
    await finish(shop, video["id"], "640x360", len(plan.chunks))
    for resolution, left in (("1080p", len(plan.chunks)), ("360p", 0)):
        async with shop.records.transaction() as tx:
            await renditions.remove(tx, await rendition_of(tx, video["id"], resolution))
        async with shop.records.transaction() as tx:
            assert len(await pieces.of_track(tx, video["id"], "640x360")) == left


async def test_due_work_is_named_from_rows_alone(shop: Shop) -> None:
    video, plan = await shop.planned("144p")
    async with shop.records.transaction() as tx:
        names = {job.name for job in await due.jobs_of(tx, video["id"])}
    identity = video["id"]
    chunks = {f"chunk:{identity}:{chunk.number}" for chunk in plan.chunks}
    assert names == {f"poster:{identity}", f"audio:{identity}", *chunks}
    await finish(shop, video["id"], "256x144", len(plan.chunks))
    await finish(shop, video["id"], AUDIO, 1)
    async with shop.records.transaction() as tx:
        names = {job.name for job in await due.jobs_of(tx, video["id"])}
    assert names == {f"poster:{identity}", f"finalise:{identity}:256x144"}


async def test_an_unplanned_video_is_due_for_inspection(shop: Shop) -> None:
    video_id = await shop.video()
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=1)
        assert [job.task for job in await due.jobs_of(tx, video_id)] == ["inspect"]
        assert await due.processing(tx, 10) == [video_id]
