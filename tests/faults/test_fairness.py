"""A project that floods the server with videos keeps another's single one waiting for one or two, not for all."""

from __future__ import annotations

import subprocess
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx
import pytest

from playhead.client import Client
from tests.faults.stage import Stage, staged, until
from tests.live import KEY

NEWCOMER_KEY = "ph_key_of_the_newcomer_0123456789abcdefghij"
DONE_FIRST = (
    "SELECT count(*) AS number FROM videos WHERE ready_at < (SELECT ready_at FROM videos WHERE id = %s)"
)
BACKLOG = "SELECT count(*) AS number FROM videos WHERE status = 'processing'"


def flood(folder: Path, videos: int) -> tuple[int, int]:
    """How many of a flood's videos were ready before the newcomer's, and how many still waited then."""
    clip = make_clip(folder / "short.mp4")
    with staged(folder, WORKER_CONCURRENCY="1") as stage:
        add_key(stage)
        worker = stage.process("worker")
        worker.send_signal(SIGSTOP)
        try:
            flooder = Client(stage.live.url, KEY)
            sent = [flooder.upload(clip, resolutions=["144p"]).id for _ in range(videos)]
            newcomer = Client(stage.live.url, NEWCOMER_KEY)
            video = newcomer.upload(clip, resolutions=["144p"])
        finally:
            worker.send_signal(SIGCONT)
        until(lambda: newcomer.video(video.id).status == "ready", "the newcomer's video", within=600)
        waiting = stage.rows(BACKLOG)[0]["number"]
        first = stage.rows(DONE_FIRST, video.id)[0]["number"]
        assert len(sent) == videos
        assert newcomer.video(video.id).playable_at is not None
        with pytest.raises(httpx.HTTPStatusError):  # they are two projects
            stage.live.http().get(f"/v1/videos/{video.id}").raise_for_status()
        print(f"of {videos} videos {first} were ready before the newcomer's, and {waiting} were waiting then")
        return first, waiting


def test_the_first_video_of_a_newcomer_does_not_wait_for_a_flood(tmp_path: Path) -> None:
    first, waiting = flood(tmp_path, 14)
    # Four short jobs run side by side, so some of the flood's are further than their turn; without turns it is all.
    assert first <= 5
    assert waiting >= 6


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_nor_for_a_flood_of_five_hundred(tmp_path: Path) -> None:
    first, waiting = flood(tmp_path, 500)
    assert first <= 5
    assert waiting >= 400


def add_key(stage: Stage) -> None:
    """A second project with a key of its own."""
    stage.rows(
        "WITH made AS (INSERT INTO projects (id, name) VALUES (gen_random_uuid(), 'newcomer') RETURNING id)"
        " INSERT INTO keys (id, project_id, name, prefix, hash)"
        " SELECT gen_random_uuid(), id, 'tests', %s, sha256(%s::bytea) FROM made RETURNING id",
        NEWCOMER_KEY[:9],
        NEWCOMER_KEY,
    )


def make_clip(path: Path) -> Path:
    """Two seconds of pictures, in one chunk."""
    made = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=8:duration=2", "-c:v", "libx264")
    subprocess.run(["ffmpeg", "-v", "error", *made, "-pix_fmt", "yuv420p", str(path)], check=True)
    return path
