"""What the client's tests share: a clip, and a client of the live server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.client import Client
from tests.live import Live


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 320x240 H.264 without sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *coding, str(path)], check=True, timeout=60)
    return path


@pytest.fixture(scope="session")
def client(live_server: Live) -> Iterator[Client]:
    with Client(live_server.url, live_server.key) as opened:
        yield opened
