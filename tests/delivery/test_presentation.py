"""What is shown: the source where it is fit, what is finished, what grows; and the sounds that go with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from playhead.delivery.presentation import Presentation, present
from playhead.delivery.shelf import Shelf
from playhead.delivery.tracks import Due, Growing, Pictures, cut_on_keyframes
from playhead.model.plan import TIMESCALE, Plan, PlannedSound
from playhead.model.states import Status
from playhead.packaging import Piece, lane_of_pieces
from playhead.packaging.source import SourceView, view
from playhead.records.database import Row
from playhead.records.playing import Playing
from playhead.storage.disk import Disk
from tests.delivery.clips import fit, sparse, unfit
from tests.media.mp4.clips import AAC, X264, ffmpeg, picture, sound
from tests.packaging.play import index
from tests.records.conftest import example_plan

__all__ = ["fit", "sparse", "unfit"]


def playing(source: Path, *renditions: Row, **fields: object) -> Playing:
    made = Playing(
        video_id=uuid4(),
        is_public=True,
        source_key="source",
        source_size=source.stat().st_size,
        planned=True,
        ready=False,
        language=None,
        captions=(),
        sounds={"audio": {"key": None, "size_bytes": None}},
        renditions=renditions,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def rendition(
    track: str, status: Status, key: str | None = None, size: int = 0, *, begun: bool = False
) -> Row:
    width, height = map(int, track.split("x"))
    return {
        "track": track,
        "width": width,
        "height": height,
        "status": status,
        "key": key,
        "size_bytes": size,
        "begun": begun,
    }


@pytest.fixture
async def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "store")


def with_source(plan: Plan, judged: SourceView) -> Plan:
    """The plan that inspecting a source makes which was judged so."""
    return msgspec.structs.replace(
        plan,
        source_reasons=judged.reasons,
        sound_from_source=bool(judged.sounds),
        segments=judged.cuts or plan.segments,
    )


async def judge(path: Path) -> SourceView:
    return view(await asyncio.to_thread(index, path))


async def shown(disk: Disk, source: Path, plan: Plan | None, asked: Playing) -> Presentation | None:
    await disk.put("source", source.read_bytes())
    return await present(asked, plan, Shelf(disk))


async def test_a_fit_source_is_shown_before_there_is_a_plan(disk: Disk, fit: Path) -> None:
    found = await shown(disk, fit, None, playing(fit, planned=False))
    assert found is not None
    assert [track.name for track in found.pictures] == ["source"]
    assert [sound.name for sound in found.sounds] == ["audio"]
    assert (found.settled, found.final, found.sounds_due, found.behind) == (False, False, (), ())
    assert found.duration == 11
    assert found.track("audio") is found.sounds[0]
    assert found.track("640x360") is None


async def test_what_must_be_encoded_waits_for_its_plan(disk: Disk, unfit: Path) -> None:
    assert await shown(disk, unfit, None, playing(unfit, planned=False)) is None


async def test_pictures_are_fit_without_their_sound(disk: Disk, tmp_path: Path) -> None:
    """Then the sound is waited for: until it is planned, nobody knows whether there will be any."""
    path = tmp_path / "mp3.mp4"
    ffmpeg(*picture(3), *sound(3), *X264, "-g", "25", "-c:a", "mp3", path)
    assert await shown(disk, path, None, playing(path, planned=False)) is None
    judged = await judge(path)
    assert (judged.reasons, judged.sounds, judged.silent) == ((), (), False)
    plan = with_source(example_plan(("144p",)), judged)
    found = await shown(disk, path, plan, playing(path, language="fre"))
    assert found is not None
    assert [track.name for track in found.pictures] == ["source"]
    assert (found.sounds, found.sounds_due) == ((), (Due("audio", "fre"),))


async def test_while_nothing_is_there_the_smallest_is_told(disk: Disk, unfit: Path) -> None:
    plan = example_plan(("360p", "144p"))
    rows = [rendition(each.track, Status.PROCESSING) for each in plan.renditions]
    found = await shown(disk, unfit, plan, playing(unfit, *rows))
    assert found is not None
    assert [track.name for track in found.pictures] == ["256x144"]
    assert [track.name for track in found.behind] == ["640x360", "256x144"]
    # Who still holds a playlist of another one is served as well.
    assert isinstance(found.track("640x360"), Growing)
    assert found.sounds_due == (Due("audio", "und"),)


async def test_the_smallest_is_told_beside_others_once_it_is_begun(disk: Disk, tmp_path: Path) -> None:
    """So that a slow line has a choice from the beginning, and no player begins with what would let it wait."""
    fit = tmp_path / "fit.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=3", *sound(3), *X264, "-g", "25", *AAC, fit)
    plan = with_source(example_plan(("360p", "240p", "144p")), await judge(fit))
    sizes = [each.track for each in plan.renditions]

    async def told(*rows: Row) -> list[str]:
        found = await shown(disk, fit, plan, playing(fit, *rows))
        assert found is not None
        return [track.name for track in found.pictures]

    assert await told(*(rendition(each, Status.PROCESSING) for each in sizes)) == ["source"]
    begun = [rendition(each, Status.PROCESSING, begun=True) for each in sizes]
    assert await told(*begun) == ["source", "256x144"]
    await disk.put("made", fit.read_bytes())
    size = fit.stat().st_size
    made = {each: rendition(each, Status.READY, "made", size) for each in sizes}
    assert await told(begun[0], made["426x240"], begun[2]) == ["source", "426x240", "256x144"]
    # What is larger than something finished is waited for.
    assert await told(*begun[:2], made["256x144"]) == ["source", "256x144"]


async def test_each_encoded_sound_is_told_when_it_is_made(disk: Disk, unfit: Path, fit: Path) -> None:
    planned = example_plan(("144p",))
    others = [
        PlannedSound(track=f"audio-{n}", stream=n, language=lang) for n, lang in ((2, "deu"), (3, "fra"))
    ]
    plan = msgspec.structs.replace(planned, other_sounds=tuple(others))
    await disk.put("heard", fit.read_bytes())
    made, due = {"key": "heard", "size_bytes": fit.stat().st_size}, {"key": None, "size_bytes": None}
    rows = [rendition("256x144", Status.PROCESSING)]
    sounds = {"audio": due, "audio-2": made, "audio-3": due}
    found = await shown(disk, unfit, plan, playing(unfit, *rows, language="eng", sounds=sounds))
    assert found is not None
    assert [(each.name, each.language) for each in found.sounds] == [("audio-2", "deu")]
    assert found.sounds_due == (Due("audio", "eng"), Due("audio-3", "fra"))
    # One that could not be encoded is as if it had never been.
    found = await shown(disk, unfit, plan, playing(unfit, *rows, sounds={"audio": made, "audio-3": made}))
    assert found is not None
    assert [each.name for each in found.sounds] == ["audio", "audio-3"]
    assert found.sounds_due == ()


async def test_finished_tracks_are_told_best_first(disk: Disk, unfit: Path, fit: Path) -> None:
    plan = example_plan(("360p", "144p"))
    size = fit.stat().st_size
    for key in ("large", "small"):
        await disk.put(key, fit.read_bytes())
    rows = [
        rendition("256x144", Status.READY, "small", size),
        rendition("640x360", Status.READY, "large", size),
        rendition("640x360", Status.READY, "large", size),  # two resolutions that came out at one size
    ]
    short = with_source(plan, replace(await judge(fit), reasons=("no",), sounds=()))
    found = await shown(disk, unfit, short, playing(unfit, *rows, ready=True))
    assert found is not None
    assert [track.name for track in found.pictures] == ["640x360", "256x144"]
    assert (found.final, found.sounds_due) == (True, ())
    assert [sound.name for sound in found.sounds] == ["audio"]


async def test_nothing_is_left_to_show(disk: Disk, unfit: Path) -> None:
    assert await shown(disk, unfit, example_plan(("144p",)), playing(unfit)) is None


async def test_pictures_are_not_shown_without_the_sound_that_went_with_the_last_rendition(
    disk: Disk, fit: Path
) -> None:
    plan = with_source(example_plan(("144p",)), replace(await judge(fit), sounds=()))
    gone = {"audio": {"key": "swept", "size_bytes": 1}}
    assert await shown(disk, fit, plan, playing(fit, ready=True, sounds=gone)) is None
    assert await shown(disk, fit, plan, playing(fit, sounds={"audio": {"key": None, "size_bytes": None}}))
    silent = msgspec.structs.replace(plan, audio=None)
    assert await shown(disk, fit, silent, playing(fit, ready=True, sounds={}))


async def test_sound_alone_is_shown_without_pictures_once_it_is_planned(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    ffmpeg(*sound(9), *AAC, path)
    judged = await judge(path)
    assert (judged.reasons, len(judged.sounds)) == (("it has no pictures",), 1)
    assert await shown(disk, path, None, playing(path, planned=False)) is None
    plan = msgspec.structs.replace(
        with_source(example_plan(("144p",)), judged), timing="drawn", segments=(0,)
    )
    made = rendition("256x144", Status.PROCESSING)
    found = await shown(disk, path, plan, playing(path, made))
    assert found is not None
    assert (found.pictures, [each.name for each in found.sounds]) == ((), ["audio"])
    assert found.duration == 9
    assert [round(float(each), 1) for each in found.sounds[0].durations()] == [4.0, 5.0]
    encoded = msgspec.structs.replace(plan, sound_from_source=False)
    waiting = await shown(disk, path, encoded, playing(path, made))
    assert waiting is not None
    assert (waiting.sounds, waiting.sounds_due) == ((), (Due("audio", "und"),))


async def test_every_sound_of_a_source_has_a_track(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "languages.mp4"
    ffmpeg(
        *picture(3), *sound(3), *sound(3, 880), *sound(2, 660), *X264, "-g", "25", *AAC,
        *("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:a"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", path),
    )  # fmt: skip
    found = await shown(disk, path, None, playing(path, planned=False))
    assert found is not None
    assert [(each.name, each.language) for each in found.sounds] == [
        ("audio", "eng"),
        ("audio-2", "deu"),
        ("audio-3", "und"),
    ]


async def test_the_first_sound_decides_and_odd_others_are_left_out(disk: Disk, tmp_path: Path) -> None:
    def made(*codecs: str) -> Path:
        path = tmp_path / f"{'-'.join(codecs)}.mp4"
        inputs = [argument for _ in codecs for argument in sound(2)]
        maps = [argument for number in range(len(codecs)) for argument in ("-map", f"{number + 1}:a")]
        coding = [argument for at, codec in enumerate(codecs) for argument in (f"-c:a:{at}", codec)]
        ffmpeg(*picture(2), *inputs, *X264, "-g", "25", "-map", "0:v", *maps, *coding, path)
        return path

    assert len((await judge(made("aac", "mp3", "aac"))).sounds) == 2
    # Were the second taken for want of the first, viewers might get the commentary for the film.
    assert (await judge(made("mp3", "aac"))).sounds == ()


async def test_sound_that_outlasts_the_pictures_is_cut_on(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    ffmpeg(*picture(2), *sound(15), *X264, "-g", "25", *AAC, path)
    found = await shown(disk, path, None, playing(path, planned=False))
    assert found is not None
    lengths = [float(length) for length in found.sounds[0].durations()]
    assert max(lengths) < 6.1
    assert sum(lengths) == pytest.approx(15, abs=0.05)
    assert float(found.duration) == pytest.approx(15, abs=0.05)


async def test_all_pictures_have_one_clock(disk: Disk, sparse: Path) -> None:
    found = await shown(disk, sparse, None, playing(sparse, planned=False))
    assert found is not None
    track = found.pictures[0]
    assert isinstance(track, Pictures)
    assert track.lane.timescale == 24_000
    assert track.timescale == TIMESCALE
    exact = [1001 * 120 * number / 24_000 * TIMESCALE for number in range(3)]
    assert [each.start for each in track.segments] == pytest.approx(exact, abs=0.5)
    ends = [each.start + each.duration for each in track.segments]
    assert ends[:-1] == [each.start for each in track.segments[1:]]


def test_key_frames_off_the_plan_do_not_stop_anything(tmp_path: Path) -> None:
    """What is made of damaged sources has its key frames near where they should be, or has lost some."""
    path = tmp_path / "piece.mp4"
    ffmpeg(*picture(8), *X264, "-g", "50", "-sc_threshold", "0", "-video_track_timescale", "90000", path)
    lane = lane_of_pieces([Piece(index(path), 0)], TIMESCALE)
    assert len(lane.sync_numbers) == 4
    second = TIMESCALE
    exact = cut_on_keyframes(lane, [0, 2 * second, 4 * second, 6 * second])
    assert [each.start // second for each in exact] == [0, 2, 4, 6]
    near = cut_on_keyframes(lane, [0, 2 * second - 40, 4 * second + 40, 5 * second])
    assert [each.start // second for each in near] == [0, 2, 4, 6]
    lost = cut_on_keyframes(lane, [0, second, 2 * second, 4 * second])
    assert [(each.start // second, each.duration // second) for each in lost] == [(0, 8)]
    short = cut_on_keyframes(lane, [0, 2 * second, 7 * second, 9 * second])
    assert [(each.start // second, each.duration // second) for each in short] == [(0, 2), (2, 6)]
