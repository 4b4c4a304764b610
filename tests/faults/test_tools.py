"""ffmpeg and ffprobe that crash, hang, lie or say nothing: a named failure, nothing left, and others go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from playhead.processing.workshop import MAX_ATTEMPTS
from tests import drive
from tests.faults.stage import Stage, over, until
from tests.faults.stand_in import Action
from tests.invariants import Sent, violations
from tests.media.mp4.clips import ffmpeg


@dataclass(frozen=True)
class Case:
    """A video whose tools go wrong in one way at one step."""

    action: Action
    pattern: str
    """Of the runs that go wrong; `ID` stands for the video."""
    code: str
    """Of the video, or of its `part`."""
    part: str | None = None
    """What is left out; else the video fails."""


CHUNK, SOUND = "ffmpeg *ID*-force_key_frames*", "ffmpeg *ID*aresample*"
POSTER, PROBE = "ffmpeg *ID*poster.jpg*", "ffprobe *-show_format*ID*"
CASES = {
    "an encode crashes": Case("crash", CHUNK, "decoder_crashed"),
    "an encode hangs": Case("hang", CHUNK, "decode_timeout"),
    "an encode writes garbage": Case("garbage", CHUNK, "output_invalid"),
    "an encode writes nothing": Case("nothing", CHUNK, "output_invalid"),
    "an encode fails in words nobody knows": Case("complain", CHUNK, "internal_error"),
    "the sound's encode crashes": Case("crash", SOUND, "decoder_crashed"),
    "the sound's encode writes garbage": Case("garbage", SOUND, "output_invalid"),
    "the poster's decode crashes": Case("crash", POSTER, "decoder_crashed", "poster"),
    "the poster is nothing": Case("nothing", POSTER, "output_invalid", "poster"),
    "a probe crashes": Case("crash", PROBE, "decoder_crashed"),
    "a probe fails in words nobody knows": Case("complain", PROBE, "internal_error"),
}


def test_each_way_to_go_wrong_has_a_name_and_others_go_on(stage: Stage, tmp_path: Path) -> None:
    sent = {}
    with stage.live.http() as client:
        for name, case in CASES.items():
            created = stage.create(client)
            stage.tools.add(case.action, case.pattern.replace("ID", created["id"]))
            sent[name] = stage.send(client, created)
        sent["all is well"] = stage.send(client, stage.create(client))
        ended = over(client, list(sent.values()))
        found = {name: _what_went_wrong(ended[each.video_id]) for name, each in sent.items()}
    assert found == {**{name: [(case.part, case.code)] for name, case in CASES.items()}, "all is well": []}
    assert violations(stage.scene, list(sent.values()), tmp_path) == []


@pytest.mark.soak
def test_a_film_plays_with_its_first_sound_where_its_second_crashes_the_encoder(
    stage: Stage, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    sounds = [
        argument for pitch in (300, 500) for argument in ("-f", "lavfi", "-i", f"sine={pitch}:duration=4")
    ]
    maps = ("-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:1", "language=deu")
    coded = ("-c:v", "mpeg4", "-c:a", "pcm_s16le")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=8:duration=4", *sounds, *maps, *coded, film)
    with stage.live.http() as client:
        created = drive.create(client, film, ("144p",))
        stage.tools.add("crash", f"ffmpeg *{created['id']}*-map 0:2*aresample*")
        assert drive.send(created, film).status_code == 200
        assert client.post(f"/api/video/{created['id']}/complete-upload").status_code == 201
        (ended,) = over(client, [Sent(created["id"], film, 32, 4.0)]).values()
        listed = client.get(ended["hls_url"]).text
    assert (ended["status"], _what_went_wrong(ended)) == ("ready", [("sound", "decoder_crashed")])
    assert ended["left_out"][0]["language"] == "deu"
    assert listed.count("TYPE=AUDIO") == 1


def test_a_second_try_mends_what_went_wrong_once(stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client:
        made = {pattern: stage.create(client) for pattern in (CHUNK, SOUND, POSTER)}
        rules = {
            created["id"]: stage.tools.add("crash", pattern.replace("ID", created["id"]))
            for pattern, created in made.items()
        }
        sent = [stage.send(client, created) for created in made.values()]

        def all_have_failed_once() -> bool:
            failed = {row["video_id"] for row in stage.rows(_FAILED_ONCE, [each.video_id for each in sent])}
            # Each is spared at once: its next try is only seconds away.
            for video_id in failed & rules.keys():
                rules.pop(video_id).unlink()
            return not rules

        until(all_have_failed_once, "failures")
        ended = over(client, sent)
    assert {video["status"] for video in ended.values()} == {"ready"}
    assert violations(stage.scene, sent, tmp_path) == []


def test_a_video_that_kills_its_worker_is_parked(stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client:
        poison = stage.create(client)
        with stage.tools.rules("wait", [CHUNK.replace("ID", poison["id"])]):
            sent = [stage.send(client, poison), stage.send(client, stage.create(client))]
            until(lambda: stage.tools.held(poison["id"], "-force_key_frames"), "the encode that kills")
            # It has done so before, as often as it may but for this time.
            stage.rows(_MARKED, MAX_ATTEMPTS, poison["id"])
            _kill_the_worker_once(stage, poison["id"])
            ended = over(client, sent)
    assert [ended[each.video_id]["status"] for each in sent] == ["fail", "ready"]
    assert ended[poison["id"]]["error"]["code"] == "attempts_exhausted"
    assert violations(stage.scene, sent, tmp_path) == []


@pytest.mark.soak
def test_a_video_that_kills_its_worker_is_tried_no_more_often_than_allowed(
    stage: Stage, tmp_path: Path
) -> None:
    with stage.live.http() as client:
        poison = stage.create(client)
        with stage.tools.rules("wait", [CHUNK.replace("ID", poison["id"])]):
            sent = [stage.send(client, poison)]
            for _ in range(MAX_ATTEMPTS):
                _kill_the_worker_once(stage, poison["id"])
            ended = over(client, sent)
    assert ended[poison["id"]]["error"]["code"] == "attempts_exhausted"
    assert violations(stage.scene, sent, tmp_path) == []


def _what_went_wrong(video: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Each part that is left out, and the video itself as None, with its code."""
    whole = [(None, video["error"]["code"])] if video["error"] else []
    return whole + [(each["part"], each["code"]) for each in video["left_out"]]


_FAILED_ONCE = "SELECT DISTINCT video_id::text FROM steps WHERE failures > 0 AND video_id = ANY(%s::uuid[])"
_MARKED = "UPDATE steps SET attempts = %s WHERE video_id = %s AND name LIKE 'chunk:%%' RETURNING 1"


def _kill_the_worker_once(stage: Stage, video_id: str) -> None:
    until(lambda: stage.tools.held(video_id, "-force_key_frames"), "an encode that kills its worker")
    worker = stage.process("worker")
    worker.send_signal(SIGKILL)
    worker.wait(30)
    until(lambda: not stage.tools.held(video_id, "-force_key_frames"), "the end of its encode")


def test_what_is_under_way_for_a_deleted_video_ends(stage: Stage, tmp_path: Path) -> None:
    """An encode may take minutes, and others wait for its place."""
    with stage.live.http() as client:
        created, other = stage.create(client), stage.create(client)
        for pattern in (CHUNK, SOUND):
            stage.tools.add("wait", pattern.replace("ID", created["id"]))
        stage.send(client, created)
        until(lambda: stage.tools.held(created["id"], "-force_key_frames"), "an encode")
        until(lambda: stage.tools.held(created["id"], "aresample"), "the sound's encode")
        assert client.delete(f"/v1/videos/{created['id']}").status_code == 204
        until(lambda: not stage.tools.held(created["id"]), "the end of them", within=30)
        sent = [stage.send(client, other)]
        assert over(client, sent)[other["id"]]["status"] == "ready"
    assert violations(stage.scene, sent, tmp_path) == []
