"""Published upload clients, unmodified, from another origin: what they send is what is stored, byte for byte."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser import chromium
from tests.live import Live, start, stop
from tests.upload.matrix import NPM, PAGE, ROWS, Row, written
from tests.upload.station import LOOKS_LIKE_MP4

SIZE = 3_500_000
HTML = (
    '<!doctype html><title>Upload</title><link rel="icon" href="data:,"><input type="file">'
    '<script src="browser.js"></script>'
)

_passed: list[Row] = []


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def _install(folder: Path) -> None:
    lock = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        npm = shutil.which("npm")
        assert npm is not None, "npm is not on PATH"
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=120)
        stamp.write_text(lock)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A customer's site, with a page for each folder of packages, bundled as a customer would."""
    served = tmp_path_factory.mktemp("site")
    for name in sorted({row.folder for row in ROWS}):
        _install(NPM / name)
        bundle = served / name / "browser.js"
        esbuild = [str(NPM / "node_modules/.bin/esbuild"), "browser.js", "--bundle", "--log-level=warning"]
        subprocess.run([*esbuild, f"--outfile={bundle}"], cwd=NPM / name, check=True, timeout=60)
        (served / name / "index.html").write_text(HTML)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all rows: each has a page of its own, and starting it costs more than most of them."""
    async with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One without workers: what arrives stays as it came, and costs nothing more."""
    live = start(tmp_path_factory.mktemp("matrix") / "data", arguments=("--only", "web"))
    yield live
    assert stop(live) == 0, live.output()[-4000:]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It looks like a video, and no two stretches of it are alike."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(LOOKS_LIKE_MP4 + random.Random(7).randbytes(SIZE - len(LOOKS_LIKE_MP4)))
    return path


def address(row: Row, server: Live) -> str:
    """Where the client is told to send to."""
    with server.http() as api:
        if row.address == "upload":
            wanted = {"filename": "film.mp4", "size": SIZE, "auto_complete": True}
            url: str = api.post("/v1/uploads", json=wanted).json()["url"]
        elif row.address == "grant":
            url = api.post("/v1/upload-grants", json={"max_uploads": 1}).json()["tus_url"]
        else:
            url = f"{server.url}/tus"
    return url


def told(value: Any, **places: str) -> Any:
    """Options with what stands in their places."""
    if isinstance(value, str):
        return value.format(**places)
    if isinstance(value, list):
        return [told(each, **places) for each in value]
    return {name: told(each, **places) for name, each in value.items()} if isinstance(value, dict) else value


async def run(*command: str) -> None:
    """Run a program that must end well."""
    done = await asyncio.to_thread(subprocess.run, command, cwd=NPM, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


async def drive(row: Row, url: str, film: Path, key: str, site: str, browser: Browser) -> None:
    """Let the client send the file."""
    options = told(row.options, url=url, file=str(film))
    if row.address == "key":
        options["headers"] = {"X-API-KEY": key}
    if row.place == "Node":
        await run("node", "node.mjs", row.call, str(film), json.dumps(options))
    elif row.place == "command line":
        typed = ["-H", "Content-Type: video/mp4"] if "-T" in options["arguments"] else []
        await run("curl", "-sS", "--fail-with-body", *typed, *options["arguments"], url)
    else:
        page = await browser.new_page()
        await page.goto(f"{site}/{row.folder}/index.html")
        await page.set_input_files("input", film)
        sending = "([name, options]) => window.send(name, options)"
        assert await page.evaluate(sending, [row.call, options]) is None
        await page.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_what_a_client_sends_is_what_is_stored(
    row: Row, server: Live, film: Path, site: str, browser: Browser
) -> None:
    with server.http() as api:
        before = {each["id"] for each in api.get("/v1/videos?limit=100").json()["data"]}
        url = address(row, server)

        await drive(row, url, film, server.key, site, browser)

        videos = api.get("/v1/videos?limit=100").json()["data"]
        (video,) = [each for each in videos if each["id"] not in before]
    assert (video["status"], video["filename"]) == ("processing", "film.mp4")
    (source,) = (server.data / "storage" / "videos" / video["id"] / "source").iterdir()
    assert hashlib.sha256(source.read_bytes()).digest() == hashlib.sha256(film.read_bytes()).digest()
    incoming = server.data / "incoming"
    assert [path.name for path in incoming.iterdir()] == []
    _passed.append(row)


def test_the_committed_table_is_what_ran(request: pytest.FixtureRequest) -> None:
    asked = {item.name.partition("[")[2][:-1] for item in request.session.items if "[" in item.name}
    assert {row.name for row in _passed} == asked & {row.name for row in ROWS}
    assert PAGE.read_text() == written(ROWS), "write it anew with `python -m tests.upload.matrix`"
