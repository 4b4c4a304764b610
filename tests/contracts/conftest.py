"""What the contract tests share: a clip, plain HTTP with a key, and a customer's application in Node."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.browser import browser, page
from tests.contracts.app import App, install, start
from tests.live import Live

__all__ = ["browser", "page"]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 320x240 H.264 with AAC: higher than 144p, lower than 360p."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *picture, *sound, *coding, str(path)], check=True, timeout=60
    )
    return path


@pytest.fixture(scope="session")
def api(live_server: Live) -> Iterator[httpx.Client]:
    """Plain HTTP with the server's key."""
    with httpx.Client(base_url=live_server.url, headers={"X-API-KEY": live_server.key}, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def keyless(live_server: Live) -> Iterator[httpx.Client]:
    """Plain HTTP of a stranger."""
    with httpx.Client(base_url=live_server.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def new_tenant(live_server: Live) -> Iterator[Callable[[], httpx.Client]]:
    """Makes a project of its own, with plain HTTP and its key."""
    with ExitStack() as opened:

        def make() -> httpx.Client:
            key = _new_key(live_server, f"tenant {uuid4()}")
            client = httpx.Client(base_url=live_server.url, headers={"X-API-KEY": key}, timeout=60)
            return opened.enter_context(client)

        yield make


@pytest.fixture(scope="module")
def other(new_tenant: Callable[[], httpx.Client]) -> httpx.Client:
    """Another tenant."""
    return new_tenant()


def _new_key(live_server: Live, project: str) -> str:
    command = [sys.executable, "-m", "playhead", "keys", "create", "--project", project]
    variables = {**live_server.environment, "PLAYHEAD_DATA": str(live_server.data)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def app(live_server: Live) -> Iterator[App]:
    """The customer's application, set up as the client's documentation says: only `baseUrl` differs."""
    install()
    process, running = start(live_server.api, live_server.key)
    yield running
    running.close()
    process.terminate()
    process.wait(timeout=10)
