"""UpChunk from npm, unmodified, in Chromium on a page of another origin, against the upload URL."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.async_api import Page, Route

from tests.browser import browser, page
from tests.live import Live

__all__ = ["browser", "page"]

NPM = Path(__file__).parent / "npm"
SIZE = 3_000_000
CHUNK_KIB = 1024
"""UpChunk takes multiples of 256 KiB."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A customer's site with the published package on it."""
    lock = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()
    stamp = NPM / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        npm = shutil.which("npm")
        assert npm is not None, "npm is not on PATH"
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=NPM, check=True, timeout=120)
        stamp.write_text(lock)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(NPM)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bytes of which no two stretches are alike."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(random.Random(7).randbytes(SIZE))
    return path


@pytest.mark.parametrize("cut", [False, True], ids=["undisturbed", "a proxy fails in between"])
async def test_it_uploads_in_chunks(page: Page, site: str, live_server: Live, film: Path, cut: bool) -> None:
    with live_server.http() as api:
        wanted = {"filename": "film.mp4", "size": SIZE}
        created = api.post("/v1/uploads", json=wanted).json()
    requests = 0

    async def pass_on(route: Route) -> None:
        nonlocal requests
        requests += route.request.method == "PUT"
        if cut and requests == 2:
            # The bytes arrive, and their answer is lost: the chunk is sent again.
            await route.fetch()
            await route.fulfill(status=502, headers={"access-control-allow-origin": "*"})
        else:
            await route.continue_()

    await page.route("**/uploads/**", pass_on)
    await page.goto(f"{site}/upchunk.html")
    await page.wait_for_function("() => window.send")
    await page.set_input_files("input", film)

    outcome = await page.evaluate("([url, size]) => window.send(url, size)", [created["url"], CHUNK_KIB])

    assert outcome == {"chunks": [308, 308, 200], "error": None}
    assert requests == 3 + cut
    arrived = live_server.data / "incoming" / created["id"] / "whole"
    assert hashlib.sha256(arrived.read_bytes()).digest() == hashlib.sha256(film.read_bytes()).digest()
