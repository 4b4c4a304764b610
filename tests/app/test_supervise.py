"""One command starts everything, keeps it alive, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from playhead.app import cluster as clusters
from playhead.app.supervise import next_pause

ROOT = Path(__file__).parents[2]
FFMPEG = "^sleep 3600"
"""What the worker's stand-in runs."""
PATIENCE = 60.0
"""Seconds for anything to happen on a busy machine; nothing here depends on how long it really takes."""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data folder for all, as its database takes a while to make."""
    with tempfile.TemporaryDirectory(prefix="playhead-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


@dataclass
class Served:
    """A supervisor in a process of its own."""

    process: subprocess.Popen[str]
    errors: Path
    lines: dict[str, str] = field(default_factory=dict)
    """What it printed, by the first word of each line."""

    @property
    def base(self) -> str:
        return self.lines["page"].split("/#")[0]

    def tree(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def named(self, pattern: str) -> list[psutil.Process]:
        found = []
        for each in self.tree():
            try:
                command = " ".join(each.cmdline())
            except psutil.NoSuchProcess:
                continue
            if re.search(pattern, command):
                found.append(each)
        return found

    def web_pid(self) -> int:
        return int(httpx.get(self.base, timeout=PATIENCE).text)


def _start(data: Path, *arguments: str, prefix: tuple[str, ...] = (), **environment: str) -> Served:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    errors = data.with_name("errors.log")
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.app.stand_in", *arguments],
        stdout=subprocess.PIPE,
        stderr=errors.open("w"),
        text=True,
        cwd=ROOT,
        env=kept | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PLAYHEAD_DATA": str(data)} | environment,
        start_new_session=True,
    )
    return Served(process, errors)


def _read_announcement(served: Served) -> None:
    assert served.process.stdout is not None
    while "try" not in served.lines:
        line = served.process.stdout.readline()
        assert line, f"it ended before it was ready:\n{served.errors.read_text()}"
        word, _, rest = line.strip().partition(" ")
        served.lines[word] = rest.strip()


@contextmanager
def _serving(
    data: Path, *arguments: str, prefix: tuple[str, ...] = (), **environment: str
) -> Iterator[Served]:
    served = _start(data, "serve", "--port", "0", *arguments, prefix=prefix, **environment)
    try:
        _read_announcement(served)
        if "--only" not in arguments:
            _until(lambda: len(served.named(FFMPEG)) == 1, "the worker at work")
        yield served
    finally:
        everything = served.tree() if served.process.poll() is None else []
        served.process.kill()
        served.process.wait()
        psutil.wait_procs(everything, timeout=PATIENCE)


def _until(happens: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def _all_gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    return all(each.status() == psutil.STATUS_ZOMBIE for each in alive)


def test_it_starts_answers_and_ends_with_nothing_left(data: Path) -> None:
    with _serving(data) as first:
        assert httpx.get(first.base, timeout=PATIENCE).status_code == 200
        key = first.lines["key"]
        assert first.lines["page"].endswith(f"/#key={key}")
        assert first.lines["try"] == (
            f"curl -F file=@video.mp4 -F resolutions=360p,720p -F isPublic=true "
            f"-H 'X-API-KEY: {key}' {first.base}/api/video"
        )
        everything = first.tree()
        commands = [" ".join(each.cmdline()) for each in everything]
        for part in ("bin/postgres -D", "stand-in-web", "stand-in-worker", "sleep 3600"):
            assert len([command for command in commands if part in command]) == 1, commands
        first.process.send_signal(SIGINT)
        assert first.process.wait(PATIENCE) == 0
        assert _all_gone(everything)
    with _serving(data) as second:
        assert second.lines["key"] == key
        second.process.send_signal(signal.SIGHUP)
        assert second.process.wait(PATIENCE) == 0
    assert clusters.residents(data / "postgres") == []


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator[Served]:
    """A running one, for tests that break parts of it."""
    with _serving(data, prefix=("nohup",)) as running:
        yield running


def test_a_terminal_that_closes_does_not_end_one_started_by_nohup(served: Served) -> None:
    served.process.send_signal(signal.SIGHUP)
    assert served.web_pid()
    with pytest.raises(subprocess.TimeoutExpired):
        served.process.wait(0.5)


def test_a_web_process_that_dies_is_replaced_behind_the_same_port(served: Served) -> None:
    first = served.web_pid()
    os.kill(first, SIGKILL)
    # Asked at once: the port is the supervisor's, so the question waits for the new process.
    assert served.web_pid() != first


def test_a_worker_that_dies_is_replaced_and_takes_its_ffmpeg_along(served: Served) -> None:
    (worker,), (ffmpeg,) = served.named("stand-in-worker"), served.named(FFMPEG)
    worker.send_signal(SIGKILL)
    assert _all_gone([worker, ffmpeg])
    _until(lambda: len(served.named(FFMPEG)) == 1, "a new worker at work")


def test_a_database_that_dies_is_replaced_with_its_data(served: Served, data: Path) -> None:
    url = clusters.url(clusters.socket_folder(data))
    (postmaster,) = served.named("bin/postgres -D")
    web = served.web_pid()
    postmaster.send_signal(SIGKILL)
    assert _all_gone([postmaster])

    def answers() -> bool:
        try:
            with psycopg.connect(url) as connection:
                return connection.execute("SELECT count(*) FROM keys").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    _until(answers, "the database answering with what was in it")
    assert served.web_pid() == web


def test_a_second_one_on_the_same_folder_is_refused(served: Served, data: Path) -> None:
    second = _start(data.parent / "data", "serve", "--port", "0")
    assert second.process.wait(PATIENCE) == 1
    said = second.errors.read_text()
    assert f"Another Playhead (process {served.process.pid}) uses {data}" in said
    assert "Traceback" not in said
    assert served.web_pid()


def test_a_taken_port_is_refused(served: Served, data: Path) -> None:
    port = served.base.rpartition(":")[2]
    second = _start(data.parent / "another", "serve", "--port", port)
    assert second.process.wait(PATIENCE) == 1
    assert f"Port {port} on 127.0.0.1 is taken" in second.errors.read_text()
    assert not (data.parent / "another" / "postgres").exists()


def test_killing_it_kills_everything_and_it_starts_again_on_the_same_data(served: Served, data: Path) -> None:
    everything = served.tree()
    served.process.kill()
    served.process.wait()
    with _serving(data) as again:
        assert again.lines["key"] == served.lines["key"]
        assert httpx.get(again.base, timeout=PATIENCE).status_code == 200
        assert _all_gone(everything)


def test_asking_twice_ends_those_who_do_not_listen(data: Path) -> None:
    with _serving(data, STAND_IN_DEAF="1") as deaf:
        everything = deaf.tree()
        workers = deaf.named("stand-in-")
        assert len(workers) == 2
        deaf.process.send_signal(SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            deaf.process.wait(0.5)
        begun = time.monotonic()
        deaf.process.send_signal(SIGTERM)
        assert deaf.process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 9, "it waited for the grace time to end"
        assert _all_gone(everything)


def test_a_web_process_that_never_answers_ends_the_start_in_a_sentence(data: Path) -> None:
    sick = _start(data, "serve", "--port", "0", STAND_IN_SICK="1")
    assert sick.process.wait(PATIENCE) == 1
    said = sick.errors.read_text()
    assert "The web process did not answer" in said
    assert "Traceback" not in said
    assert clusters.residents(data / "postgres") == []


def test_roles_run_apart_on_a_database_of_their_own(database_url: str, data: Path) -> None:
    folder = data.parent / "apart"
    environment: dict[str, Any] = {"PLAYHEAD_DATABASE_URL": database_url, "PLAYHEAD_WORKER_PROCESSES": "2"}
    with _serving(folder, "--only", "web", **environment) as web:
        worker = _start(folder, "worker", **environment)
        only_workers = Served(worker.process, worker.errors)
        try:
            _until(lambda: len(only_workers.named("stand-in-worker")) == 2, "two workers")
            assert [each for each in only_workers.tree() + web.tree() if each.name() == "postgres"] == []
            assert web.named("stand-in-worker") == []
        finally:
            worker.process.send_signal(signal.SIGINT)
            assert worker.process.wait(PATIENCE) == 0
    assert not (folder / "postgres").exists()


def test_pauses_double_up_to_five_seconds_and_are_forgotten_after_a_good_run() -> None:
    pauses = [0.0]
    for _ in range(7):
        pauses.append(next_pause(pauses[-1], lived=0.1))
    assert pauses[1:] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert next_pause(5.0, lived=60) == 0.2
