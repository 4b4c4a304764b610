"""A sound whose worker dies in the midst of it: what was heard of it stays as it was, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path
from signal import SIGKILL

import httpx
import pytest

from tests import drive
from tests.faults.stage import Stage, over, until
from tests.invariants import Sent, unswept, violations
from tests.media.mp4.clips import ffmpeg

SECONDS, RATE = 40, 8
ENCODE = "*aresample*"
"""What the arguments of an encode of sound look like."""


def film(folder: Path) -> Path:
    """What players can be given nothing of before it is encoded; its sound takes three stretches."""
    path = folder / "unfit.mkv"
    picture = f"testsrc2=size=256x144:rate={RATE}:duration={SECONDS}"
    sound = f"anoisesrc=r=48000:a=0.2:seed=1:d={SECONDS}"
    coded = ("-c:v", "mpeg4", "-q:v", "5", "-g", str(RATE), "-c:a", "pcm_s16le")
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *coded, path)
    return path


@pytest.mark.soak
def test_what_is_begun_is_heard_and_outlives_its_worker(stage: Stage, tmp_path: Path) -> None:
    path = film(tmp_path)
    with stage.live.http() as client, stage.tools.rules("slow", [f"ffmpeg {ENCODE}"]):
        with stage.tools.rules("wait", [f"ffmpeg {ENCODE}"]):
            video_id = drive.upload(client, path, ["144p"])
            until(lambda: stage.tools.held(video_id, "aresample"), "an encode of the sound")
            # All is told before anything is there.
            playlist = _fetched(client, video_id, "audio.m3u8").decode()
            manifest = _fetched(client, video_id, "manifest.mpd").decode()
            assert 'contentType="audio"' in manifest
            assert not stage.rows(_STRETCHES, video_id)
        names = [line for line in playlist.splitlines() if line and not line.startswith("#")]
        init = playlist.partition('URI="')[2].partition('"')[0]
        until(lambda: stage.rows(_STRETCHES, video_id), "the first stretch")
        # Ten seconds are there, of which the last ones are still open.
        early = {name: _fetched(client, video_id, name) for name in (init, *names[:3])}
        assert not stage.rows(_WHOLE, video_id)
        with stage.locked("stretches", "SHARE"):
            # The next one is stored and cannot be made known.
            until(lambda: stage.rows(_STORED, video_id), "a stretch about to be published")
            until(
                lambda: list((stage.data / "storage" / "videos" / video_id).rglob("stretch/audio/1/*")),
                "its file",
            )
            stage.process("worker").send_signal(SIGKILL)
    with stage.live.http() as client:
        sent = Sent(video_id, path, SECONDS * RATE, SECONDS)
        assert {video["status"] for video in over(client, [sent]).values()} == {"ready"}
        whole = {name: _fetched(client, video_id, name) for name in (init, *names)}
        assert {name: whole[name] for name in early} == early
        assert _fetched(client, video_id, "audio.m3u8").decode() == playlist
    assert violations(stage.scene, [sent], tmp_path) == []
    assert stage.rows(_STRETCHES, video_id) == []
    assert unswept(stage.scene) == []


_STRETCHES = "SELECT * FROM stretches WHERE video_id = %s"
_WHOLE = "SELECT * FROM pieces WHERE video_id = %s AND track = 'audio' AND done_at IS NOT NULL"
_STORED = "SELECT * FROM objects WHERE video_id = %s AND slot = 'stretch/audio/1/' AND state = 'writing'"


def _fetched(client: httpx.Client, video_id: str, name: str) -> bytes:
    answer = client.get(f"/v/{video_id}/{name}", timeout=30)
    assert answer.status_code == 200, f"{name}: {answer.text}"
    return answer.content
