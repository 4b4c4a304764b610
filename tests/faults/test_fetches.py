"""A file that is fetched from a URL survives the death of its worker, and the loss of every job."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx

from tests.faults.stage import CLIP_RATE, CLIP_SECONDS, RESOLUTIONS, Stage, clip, over, until
from tests.invariants import Sent, violations


class Origin(ThreadingHTTPServer):
    """Serves one file with ranges; the first time it sends the first half slowly, and then nothing."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.starts: list[int] = []
        """Where each request wanted the file to begin."""
        self.going_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/clip.mp4"


class _Handler(BaseHTTPRequestHandler):
    server: Origin

    def do_GET(self) -> None:
        content, size = self.server.content, len(self.server.content)
        range_ = self.headers.get("Range", "bytes=0-")
        start = int(range_.removeprefix("bytes=").removesuffix("-"))
        self.server.starts.append(start)
        self.send_response(206 if start else 200)
        self.send_header("ETag", '"clip"')
        self.send_header("Content-Length", str(size - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.end_headers()
        with suppress(ConnectionError):
            if len(self.server.starts) == 1:
                for at in range(20):
                    self.wfile.write(content[size * at // 40 : size * (at + 1) // 40])
                    time.sleep(0.2)
                self.server.going_on.wait(600)
            else:
                self.wfile.write(content[start:])

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(content: bytes) -> Iterator[Origin]:
    """A server for the time of the block."""
    origin = Origin(content)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    try:
        yield origin
    finally:
        origin.going_on.set()
        origin.shutdown()
        origin.server_close()


def create(client: httpx.Client, url: str) -> str:
    created = client.post("/v1/videos", json={"url": url, "resolutions": list(RESOLUTIONS)})
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


def test_a_worker_killed_while_fetching_costs_little(stage: Stage, tmp_path: Path) -> None:
    path = clip(stage.folder)
    with serving(path.read_bytes()) as origin, stage.live.http() as client:
        video_id = create(client, origin.url)
        until(
            lambda: client.get(f"/v1/videos/{video_id}").json()["upload"]["received_bytes"],
            "the first bytes",
        )
        worker = stage.process("worker")
        worker.send_signal(SIGKILL)
        worker.wait(30)
        # And nothing but rows is left of it.
        stage.rows("DELETE FROM procrastinate_jobs WHERE task_name = 'fetch' RETURNING id")
        sent = Sent(video_id, path, CLIP_SECONDS * CLIP_RATE, CLIP_SECONDS)
        ended = over(client, [sent])
    assert ended[video_id]["status"] == "ready"
    assert ended[video_id]["filename"] == "clip.mp4"
    assert ended[video_id]["upload"] == {
        "size_bytes": path.stat().st_size,
        "received_bytes": path.stat().st_size,
        "checksum": None,
        "verified": False,
    }
    first, second = origin.starts
    assert (first, 0 < second < path.stat().st_size) == (0, True)
    assert violations(stage.scene, [sent], tmp_path) == []
    assert stage.rows("SELECT * FROM fetches") == []


def test_a_fetch_that_cannot_be_is_told_by_name(stage: Stage) -> None:
    with stage.live.http() as client:
        video_id = create(client, f"{stage.live.url}/v1/videos")  # wants a key
        ended = until(
            lambda: (video := client.get(f"/v1/videos/{video_id}").json())["error"] and video, "an end"
        )
        assert ended["error"]["code"] == "source_refused"
        refused = client.post("/v1/videos", json={"url": "file:///etc/passwd"})
        assert (refused.status_code, refused.json()["code"]) == (422, "url_refused")
