"""nginx with the configuration of `docs/operate.md`, in front of a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from playhead.client import Client
from tests.docs.blocks import blocks
from tests.docs.reader import SHOWN_URL
from tests.live import Live, free_port

STARTS_WITHIN = 10.0
# What surrounds the page's part, for a server that is started by anybody, in a folder of its own.
_AROUND = """
daemon off;
{modules}
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {shown}
}}
"""


def _nginx() -> str:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    assert found is not None, "nginx is not installed; Debian has it in nginx-light"
    return found


@pytest.fixture(scope="module")
def front(live_server: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of nginx in front of the server."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    folder.chmod(0o755)
    (shown,) = (block.text for block in blocks("docs/operate.md") if block.language == "nginx")
    for there, here in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "/var/cache/nginx/playhead": str(folder / "cache"),
        SHOWN_URL: live_server.url,
    }.items():
        assert there in shown
        shown = shown.replace(there, here)
    # Its workers would be another user, who may not enter a test's folder.
    modules = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, modules=modules, shown=shown))
    process = subprocess.Popen(
        [_nginx(), "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "error.log")]
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder / "error.log")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"{url}/healthz", timeout=2).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"nginx does not answer: {log.read_text()}")


@pytest.fixture(scope="module")
def urls(front: str, live_server: Live, key: str, video: Path) -> dict[str, str]:
    """A public and a private video, uploaded through nginx: where each plays, through nginx."""
    found = {}
    with Client(front, key) as playhead:
        for name, is_public in (("public", True), ("private", False)):
            upload = playhead.create_upload(
                "video.mp4", video.stat().st_size, resolutions=["360p"], is_public=is_public
            )
            path = urlsplit(upload.url).path
            sent = httpx.put(
                f"{front}{path}", content=video.read_bytes(), headers={"content-type": upload.content_type}
            )
            assert sent.status_code == 200, sent.text
            ready = playhead.wait(playhead.complete_upload(upload.id).id, give_up_after=60)
            found[name] = (ready.renditions[0].video_url or "").replace(live_server.url, front)
    return found


def test_media_are_kept_and_served_by_ranges(urls: dict[str, str]) -> None:
    first = httpx.get(urls["public"])
    again = httpx.get(urls["public"])
    assert (first.headers["x-cache"], again.headers["x-cache"]) == ("MISS", "HIT")
    assert (first.status_code, again.content) == (200, first.content)
    part = httpx.get(urls["public"], headers={"range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, first.content[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(first.content)}"
    assert part.headers["x-cache"] == "HIT"


def test_what_is_behind_a_token_is_never_kept(urls: dict[str, str]) -> None:
    assert [httpx.get(urls["private"]).headers["x-cache"] for _ in range(2)] == ["MISS", "MISS"]
    path = urlsplit(urls["private"])
    without = f"{path.scheme}://{path.netloc}/v/{path.path.split('/')[2]}/360p.mp4"
    assert httpx.get(without).status_code == 404


def test_metrics_are_not_for_the_public(front: str) -> None:
    assert httpx.get(f"{front}/metrics").status_code == 403
    assert httpx.get(f"{front}/").status_code == 200


def test_a_playlist_comes_through(urls: dict[str, str]) -> None:
    playlist = httpx.get(urls["public"].rpartition("/")[0] + "/master.m3u8")
    assert playlist.status_code == 200
    assert playlist.text.startswith("#EXTM3U")
