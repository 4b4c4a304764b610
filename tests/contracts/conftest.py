"""What the contract tests share: a clip, plain HTTP with a key, and a customer's application in Node."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.browser import browser, page
from tests.conftest import LiveServer
from tests.contracts.app import App, install, start

from playhead.records import projects
from playhead.records.database import Records

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
def api(live_server: LiveServer) -> Iterator[httpx.Client]:
    """Plain HTTP with the server's key."""
    with httpx.Client(base_url=live_server.url, headers={"X-API-KEY": live_server.key}, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def new_tenant(live_server: LiveServer) -> Iterator[Callable[[], httpx.Client]]:
    """Makes a project of its own, with plain HTTP and its key."""
    with ExitStack() as opened:

        def make() -> httpx.Client:
            key = asyncio.run(_new_project(live_server.database_url))
            client = httpx.Client(base_url=live_server.url, headers={"X-API-KEY": key}, timeout=60)
            return opened.enter_context(client)

        yield make


@pytest.fixture(scope="module")
def other(new_tenant: Callable[[], httpx.Client]) -> httpx.Client:
    """Another tenant."""
    return new_tenant()


async def _new_project(database_url: str) -> str:
    key = projects.new_key()
    records = Records(database_url)
    try:
        async with records.transaction() as tx:
            await projects.add_key(tx, await projects.ensure_project(tx, f"tenant {uuid4()}"), "test", key)
    finally:
        await records.close()
    return key


@pytest.fixture(scope="session")
def app(live_server: LiveServer) -> Iterator[App]:
    """The customer's application, set up as the client's documentation says: only `baseUrl` differs."""
    install()
    process, running = start(f"{live_server.url}/api", live_server.key)
    yield running
    running.close()
    process.terminate()
    process.wait(timeout=10)
