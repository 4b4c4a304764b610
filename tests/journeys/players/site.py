"""A customer's site with the published players on it, unmodified, one page for each."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
BUNDLE = HERE / ".bundle"
PLAYERS = ("hls", "shaka", "dash", "native")


def install() -> None:
    """Install the players as locked, unless that was done, and bundle their pages for Chromium."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.read_text() != lock:
        npm = shutil.which("npm")
        assert npm is not None, "npm is not on PATH"
        _run(npm, "ci", "--no-audit", "--no-fund")
        stamp.write_text(lock)
    esbuild = [str(HERE / "node_modules/.bin/esbuild"), "--bundle", "--format=esm", "--log-level=warning"]
    _run(*esbuild, f"--outdir={BUNDLE}", *(str(HERE / "pages" / f"{name}.js") for name in PLAYERS))
    for name in PLAYERS:
        page = f'<!doctype html><body></body><script type="module" src="{name}.js"></script>'
        (BUNDLE / f"{name}.html").write_text(page)


@contextmanager
def serving() -> Iterator[str]:
    """The site's address, for the time of the block."""
    install()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(BUNDLE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def _run(*command: str) -> None:
    subprocess.run(command, cwd=HERE, check=True, timeout=240)
