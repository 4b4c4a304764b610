"""A real `playhead serve` in a process of its own, for tests to drive from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

READY_WITHIN = 60.0
STOPPED_WITHIN = 40.0
KEY = "ph_test_key_of_the_suite_0123456789abcdef"


@dataclass
class Live:
    """A running server and how to talk to it."""

    url: str
    key: str
    data: Path
    process: subprocess.Popen[bytes]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def api(self) -> str:
        """The base URL of the wire contract's clients."""
        return f"{self.url}/api"

    def http(self, **options: Any) -> httpx.Client:
        """A client with the key."""
        return httpx.Client(base_url=self.url, headers={"X-API-KEY": self.key}, timeout=60, **options)

    def output(self) -> str:
        """Everything the server has said so far."""
        return self.log.read_text(errors="replace")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(data: Path, *, port: int | None = None, arguments: tuple[str, ...] = (), **settings: str) -> Live:
    """Start `playhead serve` on a data folder and wait until it answers. `settings` are upper-case names."""
    return _start(data, port, arguments, settings)


def _start(data: Path, port: int | None, arguments: tuple[str, ...], settings: Mapping[str, str]) -> Live:
    number = port or free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    environment |= {"PLAYHEAD_API_KEY": KEY, "PLAYHEAD_LOG_FORMAT": "json"}
    environment |= {f"PLAYHEAD_{name}": value for name, value in settings.items()}
    log = data.parent / f"{data.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "playhead", "serve"),
                *("--data", str(data), "--port", str(number), *arguments),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    live = Live(f"http://127.0.0.1:{number}", KEY, data, process, log, environment)
    if "worker" not in arguments:
        wait_healthy(live)
    return live


def wait_healthy(live: Live) -> None:
    """Wait until the server answers.

    Raises: AssertionError with its log when it ends or takes too long.
    """
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        assert live.process.poll() is None, f"playhead serve ended:\n{live.output()}"
        try:
            if httpx.get(f"{live.url}/healthz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"not ready within {READY_WITHIN} s:\n{live.output()}")


def stop(live: Live) -> int:
    """Ask it to stop, as Ctrl-C does, and return its exit status."""
    if live.process.poll() is None:
        live.process.send_signal(signal.SIGTERM)
    return live.process.wait(STOPPED_WITHIN)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Live]:
    """A server for the time of the block, stopped in good order."""
    live = _start(folder / "data", None, (), settings)
    try:
        yield live
    finally:
        status = stop(live)
        assert status == 0, f"playhead serve ended with {status}:\n{live.output()[-4000:]}"
