"""Uppy's AwsS3 from npm, unmodified, in Chromium on a page of another origin, with a disk and with S3 behind it."""

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
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Request

from playhead.upload.cleaning import look_after_multiparts
from tests.browser import browser, page
from tests.upload.companion import Plane
from tests.upload.station import LOOKS_LIKE_MP4

__all__ = ["browser", "page"]

HERE = Path(__file__).parent
VERSIONS = (5, 6)
SIZE = 11 * 1024 * 1024
PAGE = '<!doctype html><title>Uppy</title><link rel="icon" href="data:,"><input type="file">'


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def _built(version: int, folder: Path) -> None:
    """A page with the published packages of one version in it, put together by esbuild as a customer would."""
    npm_folder = HERE / f"uppy{version}"
    lock = hashlib.sha256((npm_folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = npm_folder / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        npm = shutil.which("npm")
        assert npm is not None, "npm is not on PATH"
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=npm_folder, check=True, timeout=120)
        stamp.write_text(lock)
    esbuild = npm_folder / "node_modules" / ".bin" / "esbuild"
    bundle = folder / f"uppy{version}.js"
    argv = [str(esbuild), "uppy.js", "--bundle", "--log-level=warning", f"--outfile={bundle}"]
    subprocess.run(argv, cwd=npm_folder, check=True, timeout=60)
    (folder / f"uppy{version}.html").write_text(f'{PAGE}<script src="/uppy{version}.js"></script>')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A customer's site."""
    folder = tmp_path_factory.mktemp("site")
    for version in VERSIONS:
        _built(version, folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It looks like a video, and no two stretches of it are alike."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(LOOKS_LIKE_MP4 + random.Random(7).randbytes(SIZE - len(LOOKS_LIKE_MP4)))
    return path


async def test_it_uploads(page: Page, site: str, plane: Plane, film: Path) -> None:
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    for version in VERSIONS:
        for multipart in (True, False):
            sent.clear()
            tree = await plane.grant()
            await page.goto(f"{site}/uppy{version}.html")
            await page.set_input_files("input", film)

            outcome = await page.evaluate(
                "([url, multipart]) => window.send(url, multipart)", [tree.url, multipart]
            )

            assert outcome == {"successful": 1, "errors": []}, version
            if not multipart:
                await look_after_multiparts(plane.parts.uploads)  # S3 tells nobody that a form has come
            video = (await plane.rows("SELECT * FROM videos ORDER BY created_at"))[-1]
            assert (video["status"], video["filename"]) == ("processing", "film.mp4")
            source = await plane.parts.storage.read(video["source_key"], 0, 2 * SIZE)
            assert hashlib.sha256(source).digest() == hashlib.sha256(film.read_bytes()).digest()
            # With S3 its bytes have gone there, and to nobody else.
            ours = urlsplit(tree.url).netloc
            carriers = [each for each in sent if _carries(each)]
            assert len(carriers) == (3 if multipart else 1)
            assert {urlsplit(each.url).netloc == ours for each in carriers} == {plane.bucket is None}
    assert len(await plane.rows("SELECT id FROM videos")) == 2 * len(VERSIONS)


def _carries(request: Request) -> bool:
    """Whether it has bytes of the file in it."""
    return request.method == "PUT" or "form-data" in request.headers.get("content-type", "")
