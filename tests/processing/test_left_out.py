"""A part that a video can be without never fails it: it is left out, and the video says which and why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from playhead.api.gather import gather
from playhead.api.views import video_view
from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Enclosure
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack, MediaInfo, TextTrack
from playhead.model.plan import PlannedSound
from playhead.model.signing import Signer
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.processing.captions import take_captions
from playhead.processing.chunks import encode_audio, encode_chunk
from playhead.processing.finalise import finalise
from playhead.processing.images import make_poster
from playhead.processing.inspect import info_of, inspect, plan_of
from playhead.processing.workshop import MAX_ATTEMPTS, Workshop
from playhead.records import captions, due, pieces, steps, videos
from playhead.records.database import Row
from playhead.storage.disk import Disk
from tests.processing.test_begun_anew import Interrupted, begun
from tests.records.conftest import Shop, example_plan, shop

__all__ = ["shop"]

LARGE, SMALL = "640x360", "256x144"


@pytest.fixture
async def workshop(shop: Shop, tmp_path: Path) -> Workshop:
    return opened(shop, Disk(tmp_path / "storage"), NoSandbox(find_tools()), tmp_path)


def opened(shop: Shop, storage: Disk, sandbox: NoSandbox, scratch: Path) -> Workshop:
    """A workshop that begins nothing ahead: each step runs when a test says so."""
    return Workshop(shop.records, storage, sandbox, scratch, 3600.0, places_ahead=0)


@pytest.fixture
async def video(shop: Shop) -> Row:
    """A film with two sounds and captions, planned in two sizes."""
    video_id = await shop.video("360p", "144p")
    sounds = [
        AudioTrack(index=number, codec="aac", sample_rate=48_000, channels=2, language=language)
        for number, language in ((1, "eng"), (2, "deu"))
    ]
    info = MediaInfo(
        container="mov",
        size_bytes=10,
        duration_seconds=10.0,
        video=None,
        audio=sounds[0],
        other_audio=(sounds[1],),
    )
    other = PlannedSound(track="audio-2", stream=2, language="deu")
    plan = msgspec.structs.replace(example_plan(("360p", "144p")), other_sounds=(other,))
    async with shop.records.transaction() as tx:
        await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=10)
        row = await videos.get(tx, video_id)
        await captions.lay_out(tx, row, [TextTrack(index=3, codec="subrip", language="eng")])
        await pieces.lay_out(tx, row, msgspec.to_builtins(info), plan, msgspec.to_builtins(plan))
        return await videos.get(tx, video_id)


Step = Callable[[Workshop, UUID], Awaitable[None]]


async def second_sound(workshop: Workshop, video_id: UUID) -> None:
    await encode_audio(workshop, video_id, "audio-2")


async def large_joined(workshop: Workshop, video_id: UUID) -> None:
    await finalise(workshop, video_id, LARGE)


async def large_wanted(workshop: Workshop, video_id: UUID) -> None:
    await encode_chunk(workshop, video_id, 0, only=LARGE)


async def first_chunk(workshop: Workshop, video_id: UUID) -> None:
    await encode_chunk(workshop, video_id, 0)


async def seen(shop: Shop, video_id: UUID) -> dict[str, Any]:
    """The video as the API tells of it."""
    async with shop.records.transaction() as tx:
        (record,) = await gather(tx, [await videos.get(tx, video_id, project_id=shop.project_id)])
    return video_view(record, Urls("http://localhost", Signer(["s" * 32])), None)


async def killing(shop: Shop, video: Row, name: str) -> None:
    """Have a step killed its worker as often as it may."""
    async with shop.records.transaction() as tx:
        for _ in range(MAX_ATTEMPTS):
            await steps.begin(tx, video["project_id"], video["id"], name)


@pytest.mark.parametrize(
    ("name", "step", "part"),
    [
        ("poster", make_poster, {"part": "poster", "language": None}),
        ("captions", take_captions, {"part": "captions", "language": "en"}),
        ("audio:audio-2", second_sound, {"part": "sound", "language": "deu"}),
    ],
)
async def test_what_kills_its_worker_each_time_is_left_out_by_name(
    shop: Shop, workshop: Workshop, video: Row, name: str, step: Step, part: dict[str, str | None]
) -> None:
    before = await asked(shop, video)
    await killing(shop, video, name)
    await step(workshop, video["id"])
    told = await seen(shop, video["id"])
    assert told["status"] == Status.PROCESSING
    (left_out,) = told["left_out"]
    assert part.items() <= left_out.items()
    assert left_out["code"] == "attempts_exhausted"
    assert f"begun {MAX_ATTEMPTS} times" in left_out["message"]
    assert len(before - await asked(shop, video)) == 1, "it is not asked for again"


@pytest.mark.parametrize(
    ("name", "step"), [(f"finalise:{LARGE}", large_joined), (f"demand:{LARGE}:0", large_wanted)]
)
async def test_one_size_that_kills_its_worker_each_time_ends_alone(
    shop: Shop, workshop: Workshop, video: Row, name: str, step: Step
) -> None:
    await killing(shop, video, name)
    await step(workshop, video["id"])
    told = await seen(shop, video["id"])
    assert told["status"] == Status.PROCESSING
    ended = {each["resolution"]: (each["error"] or {}).get("code") for each in told["renditions"]}
    assert ended == {"360p": "attempts_exhausted", "144p": None}


@pytest.mark.parametrize(("name", "step"), [("chunk:0", first_chunk), ("audio", encode_audio)])
async def test_what_no_video_is_without_fails_it_by_the_same_name(
    shop: Shop, workshop: Workshop, video: Row, name: str, step: Step
) -> None:
    await killing(shop, video, name)
    await step(workshop, video["id"])
    told = await seen(shop, video["id"])
    assert (told["status"], told["error"]["code"]) == (Status.FAIL, "attempts_exhausted")
    assert f"begun {MAX_ATTEMPTS} times" in told["error"]["message"]


async def test_a_video_is_ready_without_its_poster(shop: Shop, workshop: Workshop, video: Row) -> None:
    async with shop.records.transaction() as tx:
        await captions.forgo(tx, video, {"en": PlayheadError("captions_invalid")})
        for track in (LARGE, SMALL):
            assert await pieces.finish_track(
                tx, video, track, key=track, size_bytes=1, etag="e", thumbnails=[]
            )
        await videos.settle(tx, video)
    assert (await seen(shop, video["id"]))["status"] == Status.PROCESSING
    await killing(shop, video, "poster")
    await make_poster(workshop, video["id"])
    told = await seen(shop, video["id"])
    assert (told["status"], told["poster_url"]) == (Status.READY, None)


async def asked(shop: Shop, video: Row) -> set[str]:
    """The jobs that are due for a video."""
    async with shop.records.transaction() as tx:
        return {job.name for job in await due.jobs_of(tx, video["id"])}


async def test_captions_wait_for_a_store_that_is_away(shop: Shop, tmp_path: Path) -> None:
    storage = Interrupted(tmp_path / "storage")
    workshop = opened(shop, storage, NoSandbox(find_tools()), tmp_path)
    video_id = await begun(shop, storage, "subtitles_mp4")
    await inspect(workshop, video_id)

    async def away() -> None:
        raise PlayheadError("storage_unavailable")

    storage.before_writing = away
    await take_captions(workshop, video_id)
    assert (await seen(shop, video_id))["left_out"] == []
    await take_captions(workshop, video_id)
    assert [each["language"] for each in (await seen(shop, video_id))["captions"]] == ["und"]


@dataclass(frozen=True)
class Crashing(NoSandbox):
    """Where ffprobe dies as soon as it decodes one stream of a file."""

    stream: int = 2

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        asked = " ".join(invocation.arguments)
        if "-show_frames" in asked and (
            "-select_streams" not in asked or f"-select_streams {self.stream} " in asked
        ):
            return Enclosure(("/bin/sh", "-c", "kill -SEGV $$"))
        return super().enclose(invocation, inherit=inherit)


async def test_a_sound_that_crashes_its_decoder_is_done_without_at_the_second_look(
    shop: Shop, tmp_path: Path
) -> None:
    storage = Disk(tmp_path / "storage")
    workshop = opened(shop, storage, Crashing(find_tools()), tmp_path)
    video_id = await begun(shop, storage, "sound_three_tracks")
    await inspect(workshop, video_id)
    assert (await seen(shop, video_id))["source"] is None, "it might have been the machine's fault"
    await inspect(workshop, video_id)
    told = await seen(shop, video_id)
    assert told["status"] == Status.PROCESSING
    assert told["source"]["notes"] == ["A sound in aac cannot be decoded here and is left out."]
    async with shop.records.transaction() as tx:
        row = await videos.get(tx, video_id)
    assert [each.language for each in info_of(row).other_audio] == ["jpn"]
    # The file is fit to be played as it is, but not that sound: the others are encoded.
    plan = plan_of(row)
    assert (plan.source_reasons, plan.sound_from_source) == ((), False)
    assert [(each.track, each.language) for each in plan.other_sounds] == [("audio-2", "jpn")]


@dataclass(frozen=True)
class Unwatchable(NoSandbox):
    """Where ffmpeg gives a file up unless it is asked for nothing but its very first frame."""

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        asked = " ".join(invocation.arguments)
        if "poster.jpg" in asked and ("thumbnail=" in asked or "-ss" in asked):
            return Enclosure(("/bin/sh", "-c", "echo 'Invalid data found when processing input' >&2; exit 1"))
        return super().enclose(invocation, inherit=inherit)


async def test_a_poster_that_cannot_be_taken_where_it_was_planned_is_the_first_frame(
    shop: Shop, tmp_path: Path
) -> None:
    storage = Disk(tmp_path / "storage")
    workshop = opened(shop, storage, Unwatchable(find_tools()), tmp_path)
    video_id = await begun(shop, storage, "fps_25")
    await inspect(workshop, video_id)
    await make_poster(workshop, video_id)
    told = await seen(shop, video_id)
    assert told["left_out"] == []
    assert told["poster_url"] is not None
