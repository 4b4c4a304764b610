"""The embed page in Chromium, on a real server: without script, private, framed, and broken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.live import Live

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")

_PLAY = """async (video) => {
  video.muted = true;
  await video.play();
  while (video.currentTime < 0.2) await new Promise((done) => setTimeout(done, 20));
  return video.videoWidth;
}"""

_WATCH = """
window.shift = 0;
window.refused = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.blockedURI));
"""


async def test_it_plays_without_script(browser: Browser, ready_video: dict[str, Any]) -> None:
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


async def test_the_script_moves_nothing_and_warms_on_intent(page: Page, ready_video: dict[str, Any]) -> None:
    await page.add_init_script(_WATCH)
    await page.goto(ready_video["embed_url"])
    await page.wait_for_function("() => customElements.get('playhead-player') !== undefined")
    video = page.locator("video")
    assert await video.get_attribute("preload") == "none"
    await video.hover()
    await expect(video).to_have_attribute("preload", "metadata")
    await page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    assert await video.evaluate(_PLAY) == ready_video["renditions"][0]["width"]
    assert await page.evaluate("[window.shift, window.refused]") == [0, []]


async def test_a_video_that_cannot_be_loaded_says_so_and_can_be_tried_again(
    page: Page, ready_video: dict[str, Any]
) -> None:
    await page.goto(ready_video["embed_url"])
    await page.wait_for_function("() => customElements.get('playhead-player') !== undefined")
    await page.route("**/144p.mp4*", lambda route: route.fulfill(status=410))
    video = page.locator("video")
    await video.hover()
    trouble = page.get_by_role("alert")
    await expect(trouble).to_contain_text("cannot be played")
    await trouble.get_by_role("button", name="Try again").click()
    await expect(trouble).to_contain_text("cannot be played")
    await page.unroute_all()
    await trouble.get_by_role("button", name="Try again").click()
    await expect(trouble).to_be_hidden()
    assert await video.evaluate(_PLAY) == ready_video["renditions"][0]["width"]


async def test_a_private_video_plays_only_by_its_own_address(
    page: Page, live_server: Live, make_ready: Callable[[bool], dict[str, Any]]
) -> None:
    video = make_ready(False)
    assert "/~" in video["embed_url"]
    await page.goto(video["embed_url"])
    assert await page.locator("video").evaluate(_PLAY) == video["renditions"][0]["width"]
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
        assert await video.evaluate(_PLAY) == ready_video["renditions"][0]["width"]


async def test_nobody_may_frame_the_dashboard(page: Page, live_server: Live) -> None:
    with another_site(f'<iframe src="{live_server.url}/"></iframe>') as site:
        await page.goto(site)
        (frame,) = [frame for frame in page.frames if frame.parent_frame]
        assert frame.url.startswith("chrome-error:")
