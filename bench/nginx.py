"""nginx as the measure of an origin and of an upload server: one worker, as our web process is one."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.machine import nginx_program
from tests.live import free_port

_READY_WITHIN = 10.0
_CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  types {{ video/mp4 mp4; }}
  client_max_body_size 0;
  # On the disk where the files end up, so that a finished upload is renamed and not copied.
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/unused;
  fastcgi_temp_path {folder}/unused;
  uwsgi_temp_path {folder}/unused;
  scgi_temp_path {folder}/unused;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    location / {{ dav_methods PUT DELETE; }}
  }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx."""

    url: str
    files: Path
    """What it serves, and where a PUT ends."""
    process: subprocess.Popen[bytes]


@contextmanager
def running(folder: Path) -> Iterator[Nginx]:
    """nginx for the time of the block, in a folder of its own."""
    (folder / "files").mkdir()
    port = free_port()
    configuration = folder / "nginx.conf"
    # Started by root it would change to an account that cannot enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(_CONFIGURATION.format(user=user, folder=folder, port=port))
    process = subprocess.Popen(
        [nginx_program(), "-c", str(configuration), "-e", str(folder / "error.log")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}/", folder / "error.log")
        yield Nginx(f"http://127.0.0.1:{port}", folder / "files", process)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        assert process.poll() is None, f"nginx ended:\n{log.read_text(errors='replace')}"
        try:
            httpx.get(url, timeout=2)
        except httpx.HTTPError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nginx did not answer within {_READY_WITHIN} s")
