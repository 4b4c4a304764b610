"""A page of another origin with `<playhead-uploader>` on it, as a customer's site would have it."""

from __future__ import annotations

import os
import random
import signal
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from playwright.async_api import CDPSession, FilePayload, Locator, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from tests.browser import CHROMIUM, FLAGS
from tests.live import Live

SIZE = 3_000_000
SLOW = 1_500_000
"""Bytes a second at which a file of SIZE takes long enough to be disturbed."""
PATIENCE = 60_000
"""Milliseconds: a loaded machine may take its time."""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A customer's page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/page.css">
<script type="module" src="{script}"></script>
{body}</html>
"""
_ELEMENT = """<h1>Send us your videos</h1>
<playhead-uploader {attributes}></playhead-uploader>
"""
_STYLE = """
body { font-family: system-ui, sans-serif; margin: 0; padding: 1rem; }
main { max-width: 44rem; margin: 0 auto; }
@media (prefers-color-scheme: dark) { body { background: #111113; color: #ededeb; } }
playhead-uploader { display: block; min-height: 10rem; }
"""

# Keeps what the element tells, with what matters of its state at that moment.
_WATCH = """
window.heard = [];
for (const type of ["upload-added", "upload-stalled", "upload-paused", "upload-resumed", "upload-error",
  "upload-complete", "upload-cancelled", "preflight", "files-chosen"]) {
  document.addEventListener(type, ({ detail }) => window.heard.push({ ...detail, type }));
}
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.blockedURI));
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    for (const { node, previousRect, currentRect } of entry.sources) {
      window.shifts.push(`${entry.value} ${node?.nodeName} ${node?.className}`
        + ` ${previousRect.y} ${previousRect.height} ${currentRect.y} ${currentRect.height}`);
    }
  }
}).observe({ type: "layout-shift", buffered: true });
"""

_KEPT = """() => new Promise((resolve) => {
  const request = indexedDB.open("playhead-uploader", 1);
  request.onsuccess = () => {
    const all = request.result.transaction("uploads").objectStore("uploads").getAll();
    all.onsuccess = () => {
      request.result.close();
      resolve(all.result.sort((a, b) => a.addedAt - b.addedAt).map((one) => one.name));
    };
  };
})"""

IS_KEPT_PAUSED = """(name) => new Promise((resolve) => {
  const request = indexedDB.open("playhead-uploader", 1);
  request.onsuccess = () => {
    const all = request.result.transaction("uploads").objectStore("uploads").getAll();
    all.onsuccess = () => {
      request.result.close();
      resolve(all.result.some((one) => one.name === name && one.paused));
    };
  };
})"""
"""Whether a restart of the browser would find the upload of that name paused."""

NO_ROOM = "navigator.storage.estimate = async () => ({ quota: 1000, usage: 0 });"
"""A browser that keeps no file whole."""

# Two frames, as the observer is told of a shift only after it is painted.
_SHIFTS = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
  setTimeout(() => done(window.shifts), 0))))"""


@dataclass
class Site:
    """A web server of the test's: it answers every path with the page, and attributes are in its query."""

    url: str
    script: str

    def page(self, **attributes: str | int | bool) -> str:
        """The address of the page whose element has these attributes; `_` stands for `-`."""
        given = {name.replace("_", "-"): value for name, value in attributes.items() if value is not False}
        return f"{self.url}/?{urlencode({name: '' if value is True else value for name, value in given.items()})}"


@contextmanager
def site(origin: str, bundle: Path | None = None, page: str | None = None, store: str = "") -> Iterator[Site]:
    """The site, for the time of the block; with a `bundle`, a page that this script of the customer's writes.

    `origin` is that of our server, `store` that of one which files may go straight to. `page` is one that is shown as
    it is, with what it has inline.
    """
    script = "/bundle.js" if bundle else f"{origin}/uploader.js"
    # What a customer may well have: nothing inline, and scripts only from where the element is.
    policy = f"default-src 'none'; script-src 'self' {origin}; connect-src {origin} {store}; style-src 'self'"
    policy += "; img-src blob: data:; media-src blob:"

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            given = parse_qsl(address.query, keep_blank_values=True)
            attributes = " ".join(f'{name}="{escape(value)}"' for name, value in given)
            kind = {"/page.css": "text/css", "/bundle.js": "text/javascript"}.get(address.path, "text/html")
            if kind == "text/javascript" and bundle:
                body = bundle.read_bytes()
            elif kind == "text/css":
                body = _STYLE.encode()
            else:
                element = (
                    f"<main>\n{_ELEMENT.format(attributes=attributes)}</main>\n" if bundle is None else ""
                )
                body = (page or _PAGE.format(script=script, body=element)).encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if page is None:
                self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_address[1]}", script)
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Window:
    """One page of the site, open in a browser."""

    page: Page
    _cdp: CDPSession | None = None

    @classmethod
    async def open(cls, page: Page, address: str) -> Window:
        """Go there, watched from the first moment, until the element is defined."""
        await page.add_init_script(_WATCH)
        await page.goto(address)
        await page.wait_for_function("Boolean(customElements.get('playhead-uploader'))")
        return cls(page)

    @property
    def element(self) -> Locator:
        """The element."""
        return self.page.locator("playhead-uploader")

    async def choose(self, *files: FilePayload | Path) -> None:
        """Choose files, as the file dialog does."""
        await self.page.get_by_label("choose a file").set_input_files(list(files))  # type: ignore[arg-type]

    def row(self, name: str) -> Locator:
        """The row of the upload of that name."""
        return self.page.get_by_role("listitem").filter(has=self.page.get_by_text(name, exact=True))

    def button(self, what: str, name: str) -> Locator:
        """One of its buttons, by the beginning of its label."""
        return self.page.get_by_role("button", name=f"{what} {name}", exact=True)

    async def wait_for(self, name: str, step: str) -> dict[str, Any]:
        """Wait until the upload of that name is there, and its state."""
        await self.page.wait_for_function(
            """([name, step]) => document.querySelector("playhead-uploader").uploads
                 .some((one) => one.name === name && one.step === step)""",
            arg=[name, step],
            timeout=PATIENCE,
        )
        return await self.state(name)

    async def wait_for_senders(self, count: int) -> list[str]:
        """Wait until that many uploads are sending; their names."""
        found = await self.page.wait_for_function(
            """(count) => {
                 const { uploads } = document.querySelector("playhead-uploader");
                 const names = uploads.filter(({ step }) => step === "sending").map(({ name }) => name);
                 return names.length >= count && names;
               }""",
            arg=count,
            timeout=PATIENCE,
        )
        names: list[str] = await found.json_value()
        return names

    async def wait_for_bytes(self, name: str, count: int) -> None:
        """Wait until that many bytes of the upload have gone."""
        await self.page.wait_for_function(
            """([name, count]) => document.querySelector("playhead-uploader").uploads
                 .some((one) => one.name === name && one.sent >= count)""",
            arg=[name, count],
            timeout=PATIENCE,
        )

    async def state(self, name: str) -> dict[str, Any]:
        """How the upload of that name stands, as the element tells."""
        told: dict[str, Any] = await self.page.evaluate(
            """(name) => {
                 const { uploads } = document.querySelector("playhead-uploader");
                 const found = uploads.find((one) => one.name === name);
                 return found ? { ...found, problem: found.problem && { ...found.problem } } : null;
               }""",
            name,
        )
        return told

    async def heard(self, name: str) -> list[str]:
        """The events about the upload of that name, in order."""
        types: list[str] = await self.page.evaluate(
            "(name) => window.heard.filter((one) => one.name === name).map((one) => one.type)", name
        )
        return types

    async def kept(self) -> list[str]:
        """The names of the uploads that are kept over a restart of the browser."""
        names: list[str] = await self.page.evaluate(_KEPT)
        return names

    async def shifts(self) -> list[str]:
        """What has moved without anyone's doing, one line each."""
        moved: list[str] = await self.page.evaluate(_SHIFTS)
        return moved

    async def assert_proper(self) -> None:
        """The page's policy refused nothing."""
        assert await self.page.evaluate("window.refused") == []

    async def slow_down(self, bytes_per_second: int) -> None:
        """Let no more than that go up from here on; -1 for as much as there is, 0 for no network at all."""
        if self._cdp is None:
            self._cdp = await self.page.context.new_cdp_session(self.page)
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second or -1}
        # Emulated for the page only: what tests ask the server themselves is not slowed.
        await self._cdp.send(
            "Network.emulateNetworkConditions", {"offline": bytes_per_second == 0, **conditions}
        )


def payload(name: str, content: bytes) -> FilePayload:
    """A file to choose that is on no disk."""
    return {"name": name, "mimeType": "video/mp4", "buffer": content}


def granted(live: Live, **wish: Any) -> dict[str, str]:
    """The attributes that a page gets from its own server, which has the key."""
    with live.http() as http:
        asked = {"resolutions": ["144p"], **wish}
        grant = http.post("/v1/upload-grants", json=asked).raise_for_status().json()
    return {"endpoint": grant["tus_url"], "preflight": grant["preflight_url"]}


def companion_of(given: dict[str, str]) -> dict[str, str]:
    """Those of a page that sends by numbered parts instead."""
    return {"companion": given["endpoint"].removesuffix("/tus")}


def stored(live: Live, name: str) -> bytes:
    """The stored source of the one video of that name."""
    (video,) = listed(live, name)
    (source,) = (live.data / "storage" / "videos" / video["id"] / "source").iterdir()
    content: bytes = source.read_bytes()
    return content


def listed(live: Live, name: str) -> list[dict[str, Any]]:
    """The server's videos of that name."""
    with live.http() as http:
        page = http.get("/v1/videos", params={"limit": 100}).raise_for_status().json()
    return [video for video in page["data"] if video["filename"] == name]


def long_film(clip: bytes, size: int, seed: int = 1) -> bytes:
    """A film of that many bytes, no two stretches of which are alike: `clip` with a box behind it to be ignored."""
    fill = size - len(clip)
    return clip + struct.pack(">I4s", fill, b"free") + random.Random(seed).randbytes(fill - 8)


@asynccontextmanager
async def persistent(profile: Path) -> AsyncIterator[Page]:
    """A browser with that profile on the disk; it may be dead when the block ends."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=FLAGS
        )
        try:
            yield context.pages[0]
        finally:
            with suppress(PlaywrightError):
                await context.close()


def kill(profile: Path) -> None:
    """End every process of the browser with that profile, at once and without a word."""
    mark = str(profile).encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):
            if mark in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
    # The children name no profile, and end as their pipes do.
