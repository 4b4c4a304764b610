"""The first piece is made while the rest of a film is learnt, and only taken when the plan asks for the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from playhead.media.ffmpeg.run import Invocation, Outcome, run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.plan import Plan
from playhead.processing import ahead
from playhead.processing import inspect as inspecting
from playhead.processing.chunks import encode_chunk
from playhead.processing.inspect import inspect, plan_of
from playhead.processing.planning import Servable
from playhead.processing.workshop import Workshop
from playhead.records import due, pieces, renditions, steps, videos
from playhead.records.database import Row
from playhead.storage.disk import Disk
from tests.media.mp4.clips import ffmpeg, picture, sound
from tests.records.conftest import Shop, shop

__all__ = ["shop"]

FILMS = {
    "film.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-c:a", "aac"),
    "film.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "film.mov": ("-c:v", "prores_ks", "-profile:v", "proxy", "-c:a", "pcm_s16le"),
    "film.avi": ("-c:v", "mpeg4", "-c:a", "libmp3lame"),
}
SLOWER = ("-vf", "setpts='if(lt(N,125),N,125+3*(N-125))/25/TB'", "-fps_mode", "passthrough")
"""Twenty-five frames a second for five seconds, and eight from then on."""


@pytest.fixture
async def workshop(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr(ahead, "WITHIN", 60.0)  # however busy the machine is
    return Workshop(shop.records, Disk(tmp_path / "storage"), NoSandbox(find_tools()), tmp_path, 3600.0)


async def sent(shop: Shop, workshop: Workshop, path: Path, *resolutions: str) -> UUID:
    video_id, key = await shop.video(*resolutions), f"videos/{uuid4()}/source/b"
    await workshop.storage.put(key, path.read_bytes())
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key=key, source_size=path.stat().st_size)
    return video_id


async def first_of(shop: Shop, video_id: UUID) -> tuple[Plan, Row, set[str]]:
    """The plan, the first piece of its smallest track, and the names of the jobs that wait."""
    async with shop.records.transaction() as tx:
        plan = plan_of(await videos.get(tx, video_id))
        first = (await pieces.of_track(tx, video_id, plan.renditions[-1].track))[0]
        return plan, first, await due.busy_names(tx)


def film(path: Path, seconds: float, *coded: str) -> Path:
    ffmpeg(*picture(seconds), *sound(seconds), *coded, path)
    return path


@pytest.mark.parametrize("name", FILMS)
async def test_it_is_what_its_job_would_make(
    name: str, shop: Shop, workshop: Workshop, tmp_path: Path
) -> None:
    path = film(tmp_path / name, 7, *FILMS[name])
    video_id = await sent(shop, workshop, path, "144p", "240p")
    await inspect(workshop, video_id)
    plan, made, waiting = await first_of(shop, video_id)
    assert plan.source_reasons
    assert made["key"] is not None
    assert made["frames"] == plan.chunks[0].frames
    assert not any(each.startswith("demand:") for each in waiting)
    async with shop.records.transaction() as tx:
        assert (await videos.get(tx, video_id))["playable_at"] is not None
        missing = await pieces.missing_tracks(tx, video_id, 0)
    assert (f"chunk:{video_id}:0" in waiting) is bool(missing)
    # The same film without it.
    waits = replace(workshop, places_ahead=0)
    again = await sent(shop, workshop, path, "144p", "240p")
    await inspect(waits, again)
    same, unmade, waiting = await first_of(shop, again)
    assert same == plan
    assert unmade["key"] is None
    track = plan.renditions[-1].track
    assert f"demand:{again}:{track}:0" in waiting
    await encode_chunk(waits, again, 0, only=track)
    _, made_later, _ = await first_of(shop, again)
    size = made["size_bytes"]
    assert await workshop.storage.read(made["key"], 0, size) == await workshop.storage.read(
        made_later["key"], 0, size
    )


async def test_what_the_whole_film_does_not_bear_out_is_thrown_away(
    shop: Shop, workshop: Workshop, tmp_path: Path
) -> None:
    path = film(tmp_path / "film.mp4", 30, *SLOWER, *FILMS["film.mp4"], "-an")
    video_id = await sent(shop, workshop, path, "144p")
    await inspect(workshop, video_id)
    plan, first, waiting = await first_of(shop, video_id)
    assert first["key"] is None
    assert f"demand:{video_id}:{plan.renditions[-1].track}:0" in waiting
    assert await stored_pieces(workshop) == []


async def test_what_takes_long_is_left_to_its_job(
    shop: Shop, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "WITHIN", 0.0)
    video_id = await sent(shop, workshop, film(tmp_path / "film.avi", 3, "-c:v", "mjpeg"), "144p")
    await inspect(workshop, video_id)
    plan, first, waiting = await first_of(shop, video_id)
    assert first["key"] is None
    assert f"demand:{video_id}:{plan.renditions[-1].track}:0" in waiting
    assert not workshop.ahead


async def test_what_may_be_fit_is_not_begun(shop: Shop, workshop: Workshop, tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", 3, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
    video_id = await sent(shop, workshop, path, "144p")
    await inspect(workshop, video_id)
    plan, first, _ = await first_of(shop, video_id)
    assert plan.source_reasons
    assert first["key"] is None


async def test_a_film_that_may_have_killed_a_worker_is_not_begun(
    shop: Shop, workshop: Workshop, tmp_path: Path
) -> None:
    video_id = await sent(shop, workshop, film(tmp_path / "film.avi", 3, "-c:v", "mjpeg"), "144p")
    async with shop.records.transaction() as tx:
        await steps.begin(tx, shop.project_id, video_id, "inspect")
    await inspect(workshop, video_id)
    assert (await first_of(shop, video_id))[1]["key"] is None


async def test_a_plan_does_not_wait_for_it_and_nobody_makes_it_twice(
    shop: Shop, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = asyncio.Event()

    async def held(invocation: Invocation, *, sandbox: Sandbox) -> Outcome:
        await may_end.wait()
        return await run(invocation, sandbox=sandbox)

    monkeypatch.setattr(ahead, "run", held)
    video_id = await sent(shop, workshop, film(tmp_path / "film.avi", 3, "-c:v", "mjpeg"), "144p")
    inspecting = asyncio.create_task(inspect(workshop, video_id))
    while (video := await found(shop, video_id))["plan"] is None:
        await asyncio.sleep(0.01)
    assert video["playable_at"] is None
    plan, first, waiting = await first_of(shop, video_id)
    assert first["key"] is None
    assert waiting == {f"inspect:{video_id}"} or not waiting
    asked = asyncio.create_task(encode_chunk(workshop, video_id, 0, only=plan.renditions[-1].track))
    await asyncio.sleep(0)
    may_end.set()
    await asyncio.gather(inspecting, asked)
    assert (await found(shop, video_id))["playable_at"] is not None
    assert len(await stored_pieces(workshop)) == 1
    assert not workshop.first_pieces


async def test_of_what_is_deleted_before_the_plan_nothing_is_made(
    shop: Shop, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "film.avi", 3, "-vf", "scale=426:240", "-c:v", "mjpeg")
    video_id = await sent(shop, workshop, path, "144p", "240p")
    servable_of = inspecting.servable_of

    async def deleted(*of: Any) -> Servable:
        async with shop.records.transaction() as tx:
            rows = (await renditions.of_videos(tx, [video_id]))[video_id]
            (smallest,) = (row["id"] for row in rows if row["resolution"] == "144p")
            await tx.connection.execute(text("DELETE FROM renditions WHERE id = :id"), {"id": smallest})
        return await servable_of(*of)

    monkeypatch.setattr(inspecting, "servable_of", deleted)
    await inspect(workshop, video_id)
    plan, first, waiting = await first_of(shop, video_id)
    assert [each.resolution for each in plan.renditions] == ["240p"]
    assert first["key"] is None
    assert f"demand:{video_id}:{plan.renditions[-1].track}:0" in waiting
    assert await stored_pieces(workshop) == []


async def test_what_is_deleted_while_its_first_piece_is_stored_is_not_told_of_it(
    shop: Shop, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = await sent(shop, workshop, film(tmp_path / "film.avi", 3, "-c:v", "mjpeg"), "144p")
    storing = workshop.storage.adopt

    async def adopt(key: str, path: Path) -> None:
        async with shop.records.transaction() as tx:
            await videos.remove(tx, await videos.get(tx, video_id, lock=True))
        await storing(key, path)

    monkeypatch.setattr(workshop.storage, "adopt", adopt)
    await inspect(workshop, video_id)
    async with shop.records.transaction() as tx:
        assert await videos.find(tx, video_id) is None
        states = await tx.connection.execute(
            text("SELECT DISTINCT state FROM objects WHERE slot LIKE 'piece/%'")
        )
        assert list(states.scalars()) == ["refused"]


async def found(shop: Shop, video_id: UUID) -> Row:
    async with shop.records.transaction() as tx:
        return await videos.get(tx, video_id)


async def stored_pieces(workshop: Workshop) -> list[str]:
    return [key async for key in workshop.storage.keys("") if "/piece/" in key]
