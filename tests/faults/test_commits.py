"""`kill -9` on the verge of a commit: the bytes are in storage, and no row says so yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from signal import SIGKILL

import httpx
import pytest

from tests.faults.stage import Stage, over, until
from tests.invariants import violations


@pytest.mark.soak
def test_a_worker_killed_on_the_verge_of_each_commit_loses_nothing(stage: Stage, tmp_path: Path) -> None:
    """Of a piece, of a rendition with its thumbnail, of a poster; and in the middle of looking for lost work."""
    with stage.live.http() as client, ExitStack() as locks:
        made = {name: stage.create(client, **fields) for name, fields in _FIELDS.items()}
        marks = {
            "piece": (made["piece"]["id"], "-force_key_frames"),
            "rendition": ("whole.mp4",),
            "poster": (made["poster"]["id"], "poster.jpg"),
        }
        for words in marks.values():
            stage.tools.add("wait", f"ffmpeg *{'*'.join(words)}*")
        sent = [stage.send(client, created) for created in made.values()]
        for words in marks.values():
            until(lambda words=words: stage.tools.held(*words), " ".join(words))  # type: ignore[misc]
        for table in ("pieces", "renditions", "videos"):  # reading, and locking rows, goes on
            locks.enter_context(stage.locked(table, "SHARE"))
        locks.enter_context(stage.locked("uploads", "ACCESS EXCLUSIVE"))
        stage.tools.lift()
        for slot, created in made.items():
            until(lambda s=slot, c=created: stored(stage, c["id"], s), f"a stored {slot}")  # type: ignore[misc]
        until(lambda: stage.rows(_LOOKING), "a look for lost work that hangs")
        stage.process("worker").send_signal(SIGKILL)
        locks.close()
        ended = over(client, sent)
    assert {video["status"] for video in ended.values()} == {"ready"}
    assert violations(stage.scene, sent, tmp_path) == []


_FIELDS: dict[str, dict[str, object]] = {
    "piece": {},
    "rendition": {"thumbnailTimestampsSeconds": [1.0]},
    "poster": {},
}
_LOOKING = "SELECT 1 FROM procrastinate_jobs WHERE task_name LIKE 'look%%' AND status = 'doing'"


def stored(stage: Stage, video_id: str, slot: str) -> list[Path]:
    """Stored objects of a video that no row keeps yet."""
    unkept = stage.rows(
        "SELECT key FROM objects WHERE video_id = %s AND slot LIKE %s AND state = 'writing'",
        video_id,
        f"{slot}/%",
    )
    paths = [stage.scene.storage / row["key"] for row in unkept]
    return [path for path in paths if path.exists()]


def test_a_web_process_killed_while_completing_loses_nothing(stage: Stage, tmp_path: Path) -> None:
    with stage.live.http() as client, ThreadPoolExecutor() as pool:
        created = stage.create(client)
        stage.put(created)
        with stage.locked("uploads", "SHARE"):
            waiting = pool.submit(client.post, f"/api/video/{created['id']}/complete-upload")
            until(lambda: stored(stage, created["id"], "source"), "a stored source")
            stage.process("web").send_signal(SIGKILL)
            with pytest.raises(httpx.TransportError):
                waiting.result()
        until(lambda: client.get("/healthz").status_code == 200, "a web process")
        sent = stage.complete(client, created)
        assert over(client, [sent])[sent.video_id]["status"] == "ready"
    assert violations(stage.scene, [sent], tmp_path) == []
