"""Attempts that lose, die or come too late: whatever they wrote is known by name, and goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.model.plan import AUDIO
from playhead.processing.reconcile import sweep
from playhead.processing.workshop import MAX_ATTEMPTS, Workshop, attempt
from playhead.records import objects, pieces, projects, renditions, videos
from playhead.records.database import Records, Row
from playhead.storage import keys
from playhead.storage.disk import Disk

TRACK = "192x144"
BROKEN = PlayheadError("decoder_crashed")


@pytest.fixture
async def workshop(database_url: str, tmp_path: Path) -> AsyncIterator[Workshop]:
    records = Records(database_url)
    async with records.queue.open_async():
        yield Workshop(
            records=records,
            storage=Disk(tmp_path / "storage"),
            sandbox=NoSandbox(find_tools()),
            scratch=tmp_path,
            max_duration_seconds=60,
        )
    await records.close()


@pytest.fixture
async def video(workshop: Workshop) -> Row:
    """A video under way: one rendition whose pieces, and the sound, are still to be made."""
    async with workshop.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        video_id = await videos.create(
            tx,
            project_id,
            filename="film.mp4",
            is_public=True,
            metadata=None,
            thumbnail_seconds=[],
            resolutions=["144p"],
        )
        await videos.begin_processing(tx, video_id, source_key="videos/source", source_size=1)
        for track in (TRACK, AUDIO):
            await tx.connection.execute(
                text("INSERT INTO pieces (video_id, project_id, track, chunk) VALUES (:v, :p, :t, 0)"),
                {"v": video_id, "p": project_id, "t": track},
            )
        await tx.connection.execute(text("UPDATE renditions SET track = :track"), {"track": TRACK})
        return await videos.get(tx, video_id)


async def reserved(workshop: Workshop, video: Row, track: str = TRACK) -> str:
    """The key of one more attempt at a piece."""
    async with workshop.records.transaction() as tx:
        taken = len((await tx.connection.execute(text("SELECT 1 FROM objects"))).all())
        name = keys.piece(video["id"], track, 0, f"attempt{taken}")
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
        return name.key


async def published(workshop: Workshop, video_id: UUID, key: str, track: str = TRACK) -> bool:
    async with workshop.records.transaction() as tx:
        return await pieces.publish(tx, video_id, track, 0, key=key, size_bytes=1, frames=1)


async def ledger(workshop: Workshop) -> dict[str, str]:
    async with workshop.records.transaction() as tx:
        return {row.key: row.state for row in await tx.connection.execute(text("SELECT * FROM objects"))}


async def stored(workshop: Workshop) -> set[str]:
    return {key async for key in workshop.storage.keys("")}


async def deleted(workshop: Workshop, video_id: UUID) -> None:
    async with workshop.records.transaction() as tx:
        await videos.remove(tx, await videos.get(tx, video_id, lock=True))
    await sweep(workshop)


async def test_one_attempt_wins_and_the_other_is_swept(workshop: Workshop, video: Row) -> None:
    first, second = await reserved(workshop, video), await reserved(workshop, video)
    for key in (first, second):
        await workshop.storage.put(key, b"x")
    assert await published(workshop, video["id"], first)
    assert not await published(workshop, video["id"], second)
    await sweep(workshop)
    assert await stored(workshop) == {first}


async def test_bytes_that_come_after_the_sweep_are_swept_as_well(workshop: Workshop, video: Row) -> None:
    key = await reserved(workshop, video)
    await deleted(workshop, video["id"])
    await workshop.storage.put(key, b"late")
    async with workshop.records.transaction() as tx:
        await objects.doom(tx, [key])
    await sweep(workshop)
    assert await stored(workshop) == set()


async def test_bytes_of_a_writer_that_died_late_are_swept_in_the_end(workshop: Workshop, video: Row) -> None:
    key = await reserved(workshop, video)
    await deleted(workshop, video["id"])
    await workshop.storage.put(key, b"late")
    await sweep(workshop)
    assert await stored(workshop) == {key}, "nobody can know yet"
    async with workshop.records.transaction() as tx:
        await tx.connection.execute(
            text("UPDATE objects SET created_at = created_at - :ago, due_at = due_at - :ago"),
            {"ago": objects.ABANDONED_AFTER},
        )
    await sweep(workshop)
    assert (await stored(workshop), await ledger(workshop)) == (set(), {})


async def test_what_was_kept_leaves_no_name_behind(workshop: Workshop, video: Row) -> None:
    key = await reserved(workshop, video)
    await workshop.storage.put(key, b"x")
    assert await published(workshop, video["id"], key)
    await deleted(workshop, video["id"])
    assert (await stored(workshop), await ledger(workshop)) == (set(), {})


async def test_a_piece_that_nobody_waits_for_any_more_is_refused(workshop: Workshop, video: Row) -> None:
    late = await reserved(workshop, video)
    sound = await reserved(workshop, video, AUDIO)
    assert await published(workshop, video["id"], sound, AUDIO)
    async with workshop.records.transaction() as tx:
        await renditions.fail(tx, video["id"], [TRACK], BROKEN)
        await videos.settle(tx, await videos.get(tx, video["id"], lock=True))
    assert not await published(workshop, video["id"], late)
    await sweep(workshop)
    assert "kept" not in (await ledger(workshop)).values()


async def test_a_failed_video_takes_no_poster(workshop: Workshop, video: Row) -> None:
    async with workshop.records.transaction() as tx:
        await videos.fail(tx, video, BROKEN)
        assert not await videos.publish_poster(tx, video["id"], "videos/poster")


async def test_what_dead_attempts_were_writing_goes_with_the_failure(workshop: Workshop, video: Row) -> None:
    name = keys.rendition(video["id"], TRACK, "attempt")
    async with workshop.records.transaction() as tx:
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
    await workshop.storage.put(name.key, b"half")
    async with workshop.records.transaction() as tx:
        await videos.fail(tx, video, BROKEN)
    await sweep(workshop)
    assert await stored(workshop) == set()


@pytest.mark.parametrize("code", ["storage_full", "storage_unavailable", "database_unavailable"])
async def test_what_passes_does_not_count_against_the_video(
    workshop: Workshop, video: Row, code: str
) -> None:
    async def work(video: Row, failures: int) -> None:
        raise PlayheadError(code)

    for _ in range(MAX_ATTEMPTS + 1):
        await attempt(workshop, video["id"], "chunk:0", work)
    async with workshop.records.transaction() as tx:
        assert (await videos.get(tx, video["id"]))["status"] == "processing"


async def test_a_step_that_never_ends_parks_the_video(workshop: Workshop, video: Row) -> None:
    async def work(video: Row, failures: int) -> None:
        raise RuntimeError("as sudden as a kill")

    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(RuntimeError):
            await attempt(workshop, video["id"], "chunk:0", work)
    await attempt(workshop, video["id"], "chunk:0", work)
    async with workshop.records.transaction() as tx:
        found = await videos.get(tx, video["id"])
    assert (found["status"], found["error_code"]) == ("fail", "attempts_exhausted")
