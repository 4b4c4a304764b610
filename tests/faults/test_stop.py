"""Stopping in good order in the middle of everything: soon, with nothing left behind, and nothing lost."""

from __future__ import annotations

import time
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import pytest

from tests.faults.stage import Stage, clip, over, until
from tests.faults.test_uploads_cut import Sender, arrived
from tests.invariants import leftovers, violations

STOPPED_WITHIN = 30.0


@pytest.mark.parametrize(
    "number", [SIGTERM, pytest.param(SIGINT, marks=pytest.mark.soak)], ids=lambda number: number.name
)
def test_stopping_amid_encodes_and_uploads(number: Signals, stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client:
        encoding, arriving = stage.create(client), stage.create(client)
        stage.tools.add("wait", f"ffmpeg *{encoding['id']}*-force_key_frames*")
        sent = [stage.send(client, encoding)]
        until(lambda: stage.tools.held(encoding["id"]), "an encode under way")
        content = clip(stage.folder).read_bytes()
        sender = Sender(arriving, len(content))
        sender.send(content[:1000])
        until(lambda: arrived(stage, arriving), "an upload under way")
    begun = time.monotonic()
    stage.live.process.send_signal(number)
    assert stage.live.process.wait(STOPPED_WITHIN) == 0, stage.live.output()[-4000:]
    print(f"{number.name}: stopped after {time.monotonic() - begun:.1f} s")
    assert leftovers(stage.data) == []
    assert list((stage.data / "scratch").iterdir()) == []
    sender.cut(rudely=False)

    stage.tools.lift()
    stage.restart()
    with stage.live.http() as client:
        sent.append(stage.send(client, arriving))
        ended = over(client, sent)
    assert {video["status"] for video in ended.values()} == {"ready"}
    # What was stopped in order does not count against the video.
    tried = "SELECT name FROM steps WHERE video_id = %s AND name LIKE 'chunk:%%' AND attempts > 1"
    assert stage.rows(tried, encoding["id"]) == []
    assert violations(stage.scene, sent, tmp_path) == []
