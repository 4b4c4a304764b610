"""What the documentation's examples need: a video, a project of their own, and the published npm client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contracts.app import install
from tests.docs.reader import Reader
from tests.live import Live


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 640x360 with sound: large enough for a rendition of its own size."""
    path = tmp_path_factory.mktemp("documentation") / "video.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=1"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *picture, *sound, *coding, str(path)], check=True, timeout=60
    )
    return path


@pytest.fixture(scope="session")
def key(live_server: Live) -> str:
    """A key of a project that only these tests use: the examples list and delete what is in it."""
    command = [sys.executable, "-m", "playhead", "keys", "create", "--project", "documentation"]
    variables = {**live_server.environment, "PLAYHEAD_DATA": str(live_server.data)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


@pytest.fixture
def reader(live_server: Live, tmp_path: Path, video: Path, key: str) -> Reader:
    """Somebody at the beginning of a page."""
    install()
    return Reader(live_server, tmp_path, video, key)
