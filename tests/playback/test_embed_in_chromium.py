"""The embed page in Chromium, on a real server: without script, private, framed, and broken."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.live import Live
from tests.playback.conftest import Made, is_playable

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")

_PLAY = """async (video) => {
  video.muted = true;
  await video.play();
  while (video.currentTime < 0.2) await new Promise((done) => setTimeout(done, 20));
  const by = video.currentSrc.startsWith("blob:") ? "engine" : new URL(video.currentSrc).pathname.split("/").at(-1);
  return { by, seen: video.videoWidth > 0, heard: video.webkitAudioDecodedByteCount > 0 };
}"""

BY_ENGINE = {"by": "engine", "seen": True, "heard": True}
BY_FILE = {"by": "144p.mp4", "seen": True, "heard": True}

_WATCH = """
window.shift = 0;
window.refused = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.blockedURI));
"""


def asked_by(page: Page) -> list[str]:
    """The last parts of all addresses that the page is going to ask for."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url.split("?")[0].rsplit("/", 1)[-1])

    page.on("request", note)
    return asked


async def open_embed(page: Page, video: dict[str, Any]) -> None:
    await page.goto(video["embed_url"])
    await page.wait_for_function("() => customElements.get('playhead-player') !== undefined")


async def test_the_mp4_plays_without_script(browser: Browser, ready_video: dict[str, Any]) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(ready_video["embed_url"])
    video = page.locator("video")
    assert await video.get_attribute("poster") == ready_video["poster_url"]
    # Nothing of the page's own runs here, timers neither: the waiting is done from outside.
    await video.evaluate("(video) => { video.muted = true; video.play(); }")
    deadline = time.monotonic() + 30
    while await video.evaluate("(video) => video.currentTime") < 0.2:
        assert time.monotonic() < deadline, "it does not play"
        await asyncio.sleep(0.05)
    await context.close()


async def test_the_playlist_is_played_and_nothing_moves(page: Page, ready_video: dict[str, Any]) -> None:
    asked = asked_by(page)
    await page.add_init_script(_WATCH)
    async with page.expect_request(re.compile("/assets/engine-")):
        await open_embed(page, ready_video)
    video = page.locator("video")
    # Being seen fetches the code, but nothing of the video, and leaves the button that plays it alone.
    assert await video.evaluate("(video) => [video.preload, video.networkState]") == ["none", 1]
    assert "master.m3u8" not in asked
    await video.hover()
    await page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    assert await video.evaluate("(video) => video.paused")
    assert await video.evaluate(_PLAY) == BY_ENGINE
    assert {"master.m3u8", "audio.m3u8", "audio-0.m4s"} <= set(asked)
    assert [name for name in asked if re.fullmatch(r"(source|\d+x\d+)-0\.m4s", name)]
    assert not [name for name in asked if re.fullmatch(r"\d+p\.mp4", name)]
    assert await page.evaluate("[window.shift, window.refused]") == [0, []]


@pytest.mark.parametrize("saving", [False, True])
async def test_the_controls_button_plays_too(page: Page, ready_video: dict[str, Any], saving: bool) -> None:
    asked = asked_by(page)
    connection = f"{{ value: {{ saveData: {str(saving).lower()} }} }}"
    await page.add_init_script(f"Object.defineProperty(navigator, 'connection', {connection})")
    await open_embed(page, ready_video)
    video = page.locator("video")
    await video.evaluate("(video) => (video.muted = true)")
    await video.focus()
    if saving:  # nothing is loaded before it is asked for, the code neither
        assert not [name for name in asked if name.startswith(("engine-", "master"))]
    # Chromium's controls are deaf for the moment in which a source is chosen.
    await page.wait_for_function("""() => {
      const { networkState, NETWORK_EMPTY, NETWORK_NO_SOURCE } = document.querySelector("video");
      return networkState !== NETWORK_EMPTY && networkState !== NETWORK_NO_SOURCE;
    }""")
    await page.keyboard.press("Space")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    assert await video.evaluate(_PLAY) == BY_ENGINE


async def test_what_has_to_be_encoded_plays_before_it_is_ready(
    page: Page, make: Made, foreign_clip: bytes
) -> None:
    video = make(True, foreign_clip, ("144p", "240p", "360p"), is_playable)
    await open_embed(page, video)
    player = page.locator("playhead-player")
    await expect(player).to_have_attribute("growing", "")
    await expect(player.locator("source[type='video/mp4']")).to_have_count(0)
    assert await player.locator("video").evaluate(_PLAY) == BY_ENGINE


async def test_a_wait_for_the_first_pictures_is_explained(page: Page, ready_video: dict[str, Any]) -> None:
    refusals = 2

    async def not_ready(route: Route) -> None:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            await route.fulfill(status=503, headers={"Retry-After": "1", "Access-Control-Allow-Origin": "*"})
        else:
            await route.continue_()

    await page.route(re.compile(r"/(source|\d+x\d+)-0\.m4s"), not_ready)
    await open_embed(page, ready_video)
    note = page.get_by_role("status")
    await expect(note).to_be_hidden()
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(page.locator("video").evaluate(_PLAY))
        await expect(note).to_have_text("This video is still being prepared. It starts in a moment.")
    assert playing.result() == BY_ENGINE
    assert refusals < 0
    await expect(note).to_be_hidden()


async def test_renditions_that_were_added_are_taken_up_at_the_next_play(
    page: Page, ready_video: dict[str, Any]
) -> None:
    asked = asked_by(page)

    async def first_alone(route: Route) -> None:
        answer = await route.fetch()
        whole = await answer.text()
        # The first variant's line and address, and none of the others'.
        first, _, _ = whole.partition("#EXT-X-STREAM-INF")
        variants = re.findall(r"#EXT-X-STREAM-INF.*\n.*\n", whole)
        assert len(variants) == 2
        await route.fulfill(response=answer, body=first + variants[0])

    await page.route("**/master.m3u8", first_alone)
    await open_embed(page, ready_video)
    await page.locator("playhead-player").evaluate("(player) => player.setAttribute('growing', '')")
    video = page.locator("video")
    await video.hover()
    await page.wait_for_function("() => document.querySelector('video').readyState >= 2")
    assert "256x144.m3u8" not in asked
    await page.unroute_all()
    async with page.expect_request("**/256x144.m3u8*"):
        await page.locator("playhead-player").evaluate("(player) => player.removeAttribute('growing')")
    assert await video.evaluate(_PLAY) == BY_ENGINE


async def test_a_browser_without_media_sources_plays_the_playlist_itself(
    page: Page, ready_video: dict[str, Any]
) -> None:
    await page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource;")
    asked = asked_by(page)
    await open_embed(page, ready_video)
    assert await page.locator("video").evaluate(_PLAY) == {**BY_ENGINE, "by": "master.m3u8"}
    assert not [name for name in asked if name.startswith("engine-")]


@pytest.mark.parametrize("lost", ["**/master.m3u8", "**/assets/engine-*", "**/*.m4s*"])
async def test_the_mp4_is_played_where_the_playlist_cannot_be(
    page: Page, ready_video: dict[str, Any], lost: str
) -> None:
    await page.route(lost, lambda route: route.abort())
    await open_embed(page, ready_video)
    video = page.locator("video")
    await video.evaluate("(video) => { video.muted = true; }")
    await video.hover()
    await video.focus()
    await page.keyboard.press("Space")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    assert await video.evaluate(_PLAY) == BY_FILE
    await expect(page.get_by_role("alert")).to_be_hidden()


async def test_a_video_that_cannot_be_loaded_says_so_and_can_be_tried_again(
    page: Page, ready_video: dict[str, Any]
) -> None:
    await open_embed(page, ready_video)
    await page.route(re.compile(r"/v/.*\.(m3u8|mp4)"), lambda route: route.fulfill(status=410))
    video = page.locator("video")
    await video.hover()
    trouble = page.get_by_role("alert")
    await expect(trouble).to_contain_text("cannot be played")
    await trouble.get_by_role("button", name="Try again").click()
    await expect(trouble).to_contain_text("cannot be played")
    await page.unroute_all()
    await trouble.get_by_role("button", name="Try again").click()
    await expect(trouble).to_be_hidden()
    assert await video.evaluate(_PLAY) == BY_ENGINE


async def test_a_private_video_plays_only_by_its_own_address(
    page: Page, live_server: Live, make: Made
) -> None:
    video = make(False)
    token = re.search(r"/~[^/]+$", video["embed_url"])
    assert token is not None
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await open_embed(page, video)
    assert await page.locator("video").evaluate(_PLAY) == BY_ENGINE
    media = [url for url in asked if "/v/" in url]
    assert len(media) >= 6
    assert [url for url in media if token[0] not in url] == []
    answer = await page.goto(f"{live_server.url}/embed/{video['id']}")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("main")).to_contain_text("There is no such video.")


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """A site with one page, on a port and so an origin of its own.

    Truly served: Chromium lets no page that it cannot place on this machine frame one that is.
    """

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


async def test_another_site_may_frame_it(page: Page, ready_video: dict[str, Any]) -> None:
    with another_site(f'<iframe src="{ready_video["embed_url"]}" width="640" height="360"></iframe>') as site:
        await page.goto(site)
        video = page.frame_locator("iframe").locator("video")
        assert await video.evaluate(_PLAY) == BY_ENGINE


async def test_nobody_may_frame_the_dashboard(page: Page, live_server: Live) -> None:
    with another_site(f'<iframe src="{live_server.url}/"></iframe>') as site:
        await page.goto(site)
        (frame,) = [frame for frame in page.frames if frame.parent_frame]
        assert frame.url.startswith("chrome-error:")
