"""What the page's tests share: a small clip, a browser, a window on the dashboard, a video that is ready."""

from __future__ import annotations

import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, Request

from tests.browser import chromium
from tests.live import Live
from tests.playback.dashboard import Dashboard
from tests.playback.uploader import SIZE, Site, long_film, site

WEB = Path(__file__).parents[2] / "web"
READY_WITHIN = 60.0


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One second of 320x180 H.264 with AAC, its index in front."""
    path = tmp_path_factory.mktemp("page") / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, *coding, "-movflags", "+faststart", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


@pytest.fixture(scope="session")
def foreign_clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Eight seconds of MPEG-4 part 2, which browsers do not play: all of it has to be encoded first."""
    path = tmp_path_factory.mktemp("page") / "foreign.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=8"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=8"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound, "-c:v", "mpeg4", "-c:a", "aac", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path.read_bytes()


@pytest.fixture
def chosen(clip: bytes, request: pytest.FixtureRequest) -> FilePayload:
    """The clip as a file to choose, named for the test, as the list is shared with others."""
    return {"name": f"{request.node.name}.mp4", "mimeType": "video/mp4", "buffer": clip}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all these tests, as starting it takes longer than most; each has its own context."""
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of its own context; uncaught errors, and asking anyone but this machine, fail the test."""
    async with await browser.new_context(viewport={"width": 640, "height": 360}) as context:
        opened = await context.new_page()
        improper: list[str] = []
        opened.on("pageerror", lambda error: improper.append(str(error)))

        def judge(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme in ("http", "https") and address.hostname != "127.0.0.1":
                improper.append(request.url)

        opened.on("request", judge)
        yield opened
        assert improper == []


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard(browser: Browser, live_server: Live) -> AsyncIterator[Dashboard]:
    """The dashboard, signed in by the start-up link, in a window that watches for anything improper."""
    async with Dashboard.open(browser, live_server) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """A tab of its own context; what is uncaught in it fails the test."""
    async with await browser.new_context(viewport={"width": 800, "height": 900}) as context:
        opened = await context.new_page()
        uncaught: list[str] = []
        opened.on("pageerror", lambda error: uncaught.append(str(error)))
        yield opened
        assert uncaught == []


@pytest.fixture(scope="session")
def film(clip: bytes) -> bytes:
    """A film that takes a while to send."""
    return long_film(clip, SIZE)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A file's name of this test's own, as the server is shared."""
    return f"{request.node.name}.mp4"


Made = Callable[..., dict[str, Any]]
"""`(is_public, file, resolutions, until)` → the video as the API tells it, once `until` holds."""


def is_over(video: dict[str, Any]) -> bool:
    return video["status"] in ("ready", "fail")


def is_playable(video: dict[str, Any]) -> bool:
    return is_over(video) or video["hls_url"] is not None


@pytest.fixture(scope="session")
def make(live_server: Live, clip: bytes) -> Iterator[Made]:
    """Uploads a file over the API, the clip unless told otherwise, and waits for the video."""
    with live_server.http() as http:

        def made(
            is_public: bool,
            file: bytes = clip,
            resolutions: Sequence[str] = ("144p",),
            until: Callable[[dict[str, Any]], bool] = is_over,
        ) -> dict[str, Any]:
            wish = {"fileSizeBytes": len(file), "resolutions": resolutions, "isPublic": is_public}
            created = (
                http.post("/api/video", json={"filename": "ready.mp4", **wish}).raise_for_status().json()
            )
            headers = {"Content-Type": created["contentType"]}
            http.put(created["uploadUrl"], content=file, headers=headers).raise_for_status()
            http.post(f"/api/video/{created['id']}/complete-upload").raise_for_status()
            deadline = time.monotonic() + READY_WITHIN
            while time.monotonic() < deadline:
                video: dict[str, Any] = http.get(f"/v1/videos/{created['id']}").raise_for_status().json()
                if until(video):
                    assert video["status"] != "fail", video
                    return video
                time.sleep(0.05)
            raise AssertionError(f"not there within {READY_WITHIN} s: {video}")

        yield made


@pytest.fixture(scope="module")
def ready_video(make: Made) -> dict[str, Any]:
    """A public video that is ready, as the API tells it; new, for the dashboard lists those that came last."""
    return make(True)


@pytest.fixture(scope="session")
def customer(live_server: Live) -> Iterator[Site]:
    """A site of another origin with the uploader on its page."""
    with site(live_server.url) as opened:
        yield opened


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core, from the packages that `web/package-lock.json` pins."""
    path = WEB / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        subprocess.run(["npm", "ci", "--silent"], cwd=WEB, check=True, timeout=300)
    return path.read_text()
