"""Sound while it is encoded: told of at once, there as soon as its stretches are, and the same ever after."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import delete, update

from playhead.delivery import showing, streaming, tracks
from playhead.model.errors import PlayheadError
from playhead.model.plan import Plan
from playhead.processing import chunks, stretches
from playhead.processing.sound import encode_sound
from playhead.records import pieces, videos
from playhead.records import stretches as stretch_records
from playhead.records import tables as t
from playhead.records.database import Row
from tests.delivery.clips import unfit
from tests.delivery.making import Making, making
from tests.media.mp4.clips import ffmpeg, picture, sound

__all__ = ["making", "unfit"]

SECONDS = 11


@pytest.fixture(scope="session")
def outlasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sound of 44.1 kHz that goes on for 12.3 s when the pictures have ended."""
    path = tmp_path_factory.mktemp("outlasting") / "outlasting.mkv"
    coded = ("-c:v", "mpeg4", "-q", "5", "-g", "30", "-c:a", "pcm_s16le", "-ar", "44100")
    ffmpeg(*picture(3), *sound(15.3), *coded, path)
    return path


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request sees the state of its moment, and nobody waits for long; stretches are short."""
    monkeypatch.setattr(showing, "SOON", 0)
    monkeypatch.setattr(showing, "LATER", 0)
    monkeypatch.setattr(streaming, "MADE_WITHIN", 0.3)
    monkeypatch.setattr(stretches, "CUT_SECONDS", (2.0, 5.0, 9.0))
    monkeypatch.setattr(stretches, "LOOK_SECONDS", 0.01)


@asynccontextmanager
async def half_made(making: Making, video_id: UUID, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The sound does not come to its end within the block; all of its stretches but the last are there."""
    reached = asyncio.Event()

    async def without_end(*given: object, **named: object) -> None:
        await encode_sound(*given, **named)  # type: ignore[arg-type]
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(chunks, "encode_sound", without_end)
        task = asyncio.create_task(making.sound(video_id))
        try:
            while not reached.is_set() or len(await rows(making, video_id)) < 3:
                assert not task.done()
                await asyncio.sleep(0.01)
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def rows(making: Making, video_id: UUID) -> list[Row]:
    """The stretches of a video's first sound."""
    async with making.origin.records.transaction() as tx:
        return await stretch_records.of_track(tx, video_id, "audio")


async def planned(making: Making, source: Path) -> tuple[UUID, Plan, list[str]]:
    """A video with a plan and nothing made, and every name in the playlist of its sound."""
    video_id, plan = await making.planned(source, "144p")
    return video_id, plan, await making.names(video_id, "audio.m3u8")


@pytest.mark.parametrize("source", ["unfit", "outlasting"])
async def test_it_is_told_of_before_it_is_there_as_it_is_afterwards(
    making: Making, source: str, request: pytest.FixtureRequest
) -> None:
    video_id, plan, _ = await planned(making, request.getfixturevalue(source))
    early = await making.get(video_id, "audio.m3u8")
    assert "max-age=1" in early.headers["cache-control"]
    manifest = (await making.get(video_id, "manifest.mpd")).text
    await making.finish(video_id, plan)
    finished = (await making.get(video_id, "audio.m3u8")).text
    assert _last(finished) == pytest.approx(_last(early.text), abs=tracks.UNSURE_SECONDS)
    assert finished.replace(f"{_last(finished):.6f}", "") == early.text.replace(
        f"{_last(early.text):.6f}", ""
    )
    assert _sound_of((await making.get(video_id, "manifest.mpd")).text) == _sound_of(manifest)


def _last(playlist: str) -> float:
    """The length of the last segment: how much padding a source's last packet has nobody knows beforehand."""
    return float(re.findall("#EXTINF:([0-9.]+)", playlist)[-1])


def _sound_of(manifest: str) -> str:
    """What a manifest says of sound, but for its bit rate and the length of its last segment."""
    found = re.search(r'<AdaptationSet id="\d+" contentType="audio".*?</AdaptationSet>', manifest, re.DOTALL)
    assert found is not None
    told, _, last = re.sub(r'bandwidth="\d+"', "", found[0]).rpartition("<S")
    return told + last.partition("/>")[2]


@pytest.mark.parametrize("source", ["unfit", "outlasting"])
async def test_its_stretches_give_the_bytes_that_the_whole_will_give(
    making: Making, source: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id, plan, names = await planned(making, request.getfixturevalue(source))
    async with half_made(making, video_id, monkeypatch):
        early, waiting = {}, []
        for name in names:
            answer = await making.get(video_id, name)
            if answer.status_code == 200:
                early[name] = answer.content
            else:
                assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
                waiting.append(name)
        assert early == await making.all(video_id, list(early))
        # What ends with the last stretch that is there may go on.
        assert len(early) >= 3
        assert waiting == names[len(early) :] != []
        stored = [row["key"] for row in await rows(making, video_id)]
    await making.sound(video_id)
    whole = await making.all(video_id, names)
    assert {name: whole[name] for name in early} == early
    assert await rows(making, video_id) == []
    states = {key: await _state(making, key) for key in stored}
    assert set(states.values()) == {"doomed"}
    await making.finish(video_id, plan)
    assert await making.all(video_id, names) == whole
    beyond = await making.get(video_id, f"audio-{len(names) - 1}.m4s")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "not_found")


async def _state(making: Making, key: str) -> str:
    async with making.origin.records.transaction() as tx:
        found = await tx.connection.exec_driver_sql(f"SELECT state FROM objects WHERE key = '{key}'")
        return str(found.scalar_one())


async def test_who_waits_gets_it_with_its_stretch(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MADE_WITHIN", 30)
    video_id, _, names = await planned(making, unfit)
    asked = [asyncio.create_task(making.get(video_id, name)) for name in (names[0], names[2], names[-1])]
    while making.waited_for < 3:
        await asyncio.sleep(0.01)
    async with half_made(making, video_id, monkeypatch):
        answers = await asyncio.gather(*asked[:2])
        assert not asked[2].done()
    await making.sound(video_id)
    answers.append(await asked[2])
    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_another_attempt_publishes_nothing_twice(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id, _, names = await planned(making, unfit)
    async with half_made(making, video_id, monkeypatch):
        first = await rows(making, video_id)
        early = await making.all(video_id, names[:4])
    assert (await making.get(video_id, f"audio-{len(names)}.m4s")).status_code == 404
    async with half_made(making, video_id, monkeypatch):
        assert await rows(making, video_id) == first
        assert await making.all(video_id, names[:4]) == early
        kept = [key async for key in making.origin.storage.keys(f"videos/{video_id}/stretch/")]
        assert sorted(kept) == sorted(row["key"] for row in first)


async def test_nothing_is_added_to_what_another_encoder_has_begun(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id, _, names = await planned(making, unfit)
    async with half_made(making, video_id, monkeypatch):
        early = await making.all(video_id, names[:2])
    async with making.origin.records.transaction() as tx:
        begun = t.stretches.c.number == 0
        await tx.connection.execute(delete(t.stretches).where(~begun))
        await tx.connection.execute(update(t.stretches).where(begun).values(size_bytes=1))
    await making.sound(video_id)
    assert await rows(making, video_id) == []
    assert await making.all(video_id, names[:2]) == early


async def test_a_sound_whose_cuts_are_open_is_waited_for(making: Making, unfit: Path) -> None:
    video_id, plan = await making.planned(unfit, "144p")
    told = msgspec.to_builtins(msgspec.structs.replace(plan, sample_rate=None))
    async with making.origin.records.transaction() as tx:
        await tx.connection.execute(update(t.videos).where(t.videos.c.id == video_id).values(plan=told))
    for name in ("audio.m3u8", "manifest.mpd", "audio-0.m4s"):
        answer = await making.get(video_id, name)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert "TYPE=AUDIO" in (await making.get(video_id, "master.m3u8")).text
    await making.sound(video_id)
    assert (await making.get(video_id, "audio.m3u8")).status_code == 200


async def test_one_who_was_overtaken_leaves_no_trace(making: Making, unfit: Path) -> None:
    video_id, _, _ = await planned(making, unfit)
    key = f"videos/{video_id}/stretch/audio/1/late.mp4"
    for status, number in (("processing", 1), ("ready", 0)):
        async with making.origin.records.transaction() as tx:
            video = await videos.get(tx, video_id, lock=True)
            asked = {**video, "status": status}
            assert not await stretch_records.publish(
                tx, asked, "audio", number, key=key, size_bytes=1, packets=1
            )
    assert await rows(making, video_id) == []


@pytest.mark.parametrize("end", ["fail", "forgo"])
async def test_what_is_given_up_takes_its_stretches_with_it(
    making: Making, unfit: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    video_id, _, names = await planned(making, unfit)
    async with half_made(making, video_id, monkeypatch):
        keys = [row["key"] for row in await rows(making, video_id)]
        async with making.origin.records.transaction() as tx:
            video, error = await videos.get(tx, video_id, lock=True), PlayheadError("decoder_crashed")
            if end == "fail":
                await videos.fail(tx, video, error)
            else:
                await pieces.forgo(tx, video, "audio", error)
        assert await rows(making, video_id) == []
        assert {await _state(making, key) for key in keys} == {"doomed"}
        assert (await making.get(video_id, names[1])).status_code == 404


async def test_of_sound_that_ends_early_silence_is_made(making: Making, unfit: Path, tmp_path: Path) -> None:
    """Half of the sound cannot be decoded: the second try fills it, so that what was listed is there."""
    damaged = tmp_path / unfit.name
    damaged.write_bytes(unfit.read_bytes())
    video_id, plan, names = await planned(making, damaged)
    async with making.origin.records.transaction() as tx:
        source = (await videos.get(tx, video_id))["source_key"]
    cut = tmp_path / "cut.avi"
    ffmpeg("-i", damaged, "-c", "copy", "-t", "5", cut)
    await making.origin.storage.delete(source)
    await making.origin.storage.adopt(source, cut)
    await making.sound(video_id)
    assert (await making.get(video_id, names[-1])).status_code == 503
    await making.sound(video_id)
    assert len(await making.all(video_id, names)) == len(plan.segments) + 1
