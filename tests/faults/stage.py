"""The stage of a fault test: a server with stand-ins for its tools, and a hand on each of its processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any, Literal, TypeVar

import httpx
import psutil
import psycopg

from playhead.app import cluster as clusters
from tests import drive
from tests.faults.receiver import Receiver, receiving
from tests.faults.stand_in import StandIn
from tests.invariants import Scene, Sent
from tests.live import KEY, STOPPED_WITHIN, Live, free_port, stop, wait_healthy

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
"""Seconds for anything to happen on a busy machine; nothing but hopeless cases takes them."""
CLIP_SECONDS, CLIP_RATE = 20, 8
"""Long enough for three chunks: 4, 8 and 8 seconds."""
RESOLUTIONS = ("144p", "240p")
"""Two tracks of the clip."""

Found = TypeVar("Found")
Role = Literal["web", "worker", "postgres"]
_COMMANDS = {"web": "web-process", "worker": "worker-process", "postgres": "/bin/postgres"}


class Stage:
    """A data folder, a server on it that can be killed and started again, and the tools it uses."""

    def __init__(
        self,
        folder: Path,
        tools: StandIn,
        receiver: Receiver,
        arguments: Sequence[str],
        settings: dict[str, str],
    ) -> None:
        self.folder, self.tools, self.receiver = folder, tools, receiver
        self.data = folder / "data"
        self._arguments, self._settings = arguments, settings
        self._port = free_port()
        self.live = self._start()
        self._register()

    @property
    def scene(self) -> Scene:
        """What the invariants are checked on."""
        embedded = clusters.url(clusters.socket_folder(self.data))
        database = self._settings.get("DATABASE_URL", embedded)
        return Scene(self.live, database, self.data / "storage", self.receiver)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What the database answers."""
        return self.scene.rows(query, *values)

    def told(self, video_id: str) -> list[str]:
        """The types of a video's events, in order."""
        return self.scene.told(video_id)

    def restart(self) -> None:
        """Start the server again on the same data and port, after its end."""
        self.live = self._start()

    def stop(self) -> int:
        """Ask the server to stop; its exit status."""
        return stop(self.live)

    def process(self, role: Role) -> psutil.Process:
        """The process of a role that runs now; it is waited for."""
        return until(lambda: next(iter(self.processes(role)), None), f"a {role} process")

    def processes(self, role: Role) -> list[psutil.Process]:
        """All processes of a role, without those they started."""
        return [each for each in self.tree() if _is(each, role)]

    def tree(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        try:
            return list(psutil.Process(self.live.process.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return []

    @contextmanager
    def locked(self, table: str, mode: str) -> Iterator[None]:
        """Make whoever needs a table wait, for the time of the block; modes are PostgreSQL's."""
        with psycopg.connect(self.scene.database) as connection:
            # Both are words of ours; names and modes cannot be parameters.
            connection.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
            yield

    def kill_everything(self) -> None:
        """Kill the supervisor, then whatever it leaves behind; as when the machine loses power."""
        kill_tree(self.live.process)

    def create(self, client: httpx.Client, **fields: Any) -> dict[str, Any]:
        """Create a video for the clip."""
        return drive.create(client, clip(self.folder), RESOLUTIONS, **fields)

    def send(self, client: httpx.Client, created: dict[str, Any]) -> Sent:
        """Send the clip and complete the upload."""
        self.put(created)
        return self.complete(client, created)

    def put(self, created: dict[str, Any]) -> None:
        """Send the clip."""
        assert drive.send(created, clip(self.folder)).status_code == 200

    def complete(self, client: httpx.Client, created: dict[str, Any]) -> Sent:
        """Complete the upload of the clip."""
        completed = client.post(f"/api/video/{created['id']}/complete-upload")
        assert completed.status_code == 201, completed.text
        return Sent(created["id"], clip(self.folder), CLIP_SECONDS * CLIP_RATE, CLIP_SECONDS)

    @contextmanager
    def another_worker(self, command: Sequence[str] = ("worker",)) -> Iterator[subprocess.Popen[bytes]]:
        """One more worker, as on another machine: under a supervisor of its own, with the same folders."""
        secret = (self.data / "secret").read_text().strip()
        url = {"PLAYHEAD_DATABASE_URL": self.scene.database, "PLAYHEAD_SECRET": secret}
        environment = {**self.live.environment, **url, "PLAYHEAD_PUBLIC_URL": self.live.url}
        words = [sys.executable, "-m", "tests.faults.hasty", *command, "--data", str(self.data)]
        with (self.folder / "another.log").open("ab") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log, env=environment, cwd=ROOT)
        try:
            yield process
            if process.poll() is None:
                process.send_signal(SIGTERM)
                assert process.wait(STOPPED_WITHIN) == 0
        finally:
            kill_tree(process)

    def _start(self) -> Live:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
        environment |= {"PLAYHEAD_API_KEY": KEY, "PLAYHEAD_LOG_FORMAT": "json"}
        # Room for every encode that a test holds up at the same time.
        environment |= {"PLAYHEAD_WORKER_CONCURRENCY": "8"}
        environment |= {f"PLAYHEAD_{name}": value for name, value in self._settings.items()}
        environment["PATH"] = f"{self.tools.bin}:{environment['PATH']}"
        command = [sys.executable, "-m", "tests.faults.hasty", "serve"]
        log = self.folder / "server.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*command, "--data", str(self.data), "--port", str(self._port), *self._arguments],
                stdout=output,
                stderr=output,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )
        live = Live(f"http://127.0.0.1:{self._port}", KEY, self.data, process, log, environment)
        wait_healthy(live)
        return live

    def _register(self) -> None:
        with self.live.http() as client:
            body = {"name": "faults", "url": self.receiver.url, "format": "hyperserve"}
            assert client.post("/v1/webhooks", json=body).status_code == 201


def kill_tree(root: subprocess.Popen[bytes]) -> None:
    """Kill a process, then whatever it leaves behind."""
    if root.poll() is not None:
        return
    below = psutil.Process(root.pid).children(recursive=True)
    root.send_signal(SIGKILL)
    for process in below:
        if process.is_running():
            process.send_signal(SIGKILL)
    root.wait()
    psutil.wait_procs(below, timeout=PATIENCE)


@contextmanager
def staged(folder: Path, *arguments: str, **settings: str) -> Iterator[Stage]:
    """A stage for the time of the block; whatever still runs at its end is killed.

    `arguments` are those of `playhead serve`, `settings` their upper-case names.
    """
    tools = StandIn(folder / "tools")
    with receiving() as receiver:
        stage = Stage(folder, tools, receiver, arguments, settings)
        try:
            yield stage
        finally:
            stage.kill_everything()
            tools.close()


def until(look: Callable[[], Found | None], what: str, within: float = PATIENCE) -> Found:
    """What `look` finds, as soon as it finds something; a database or server that is away is waited for.

    Raises: AssertionError when it never does.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            found = look()
        except (psycopg.OperationalError, httpx.TransportError):
            found = None
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {within} s for {what}")


@cache
def clip(folder: Path) -> Path:
    """A film with sound whose renditions take several chunks each."""
    path = folder / "clip.mp4"
    picture = f"testsrc2=size=320x240:rate={CLIP_RATE}:duration={CLIP_SECONDS}"
    inputs = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=duration={CLIP_SECONDS}")
    coded = (
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        str(CLIP_RATE),
        "-c:a",
        "aac",
    )
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *coded, "-shortest", str(path)], check=True)
    return path


def over(client: httpx.Client, sent: Sequence[Sent], within: float = PATIENCE) -> dict[str, dict[str, Any]]:
    """Wait until all of them are over; each as the API tells it."""
    return {each.video_id: drive.wait(client, each.video_id, within) for each in sent}


def _is(process: psutil.Process, role: Role) -> bool:
    try:
        words = process.cmdline()
        parent = process.parent()
        above = parent.cmdline() if parent else []
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    wanted = _COMMANDS[role]
    return any(word.endswith(wanted) for word in words[:4]) and not any(
        word.endswith(wanted) for word in above[:4]
    )
