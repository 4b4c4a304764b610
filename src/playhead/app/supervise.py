"""`playhead serve`: everything one machine runs, started in order, kept alive, and ended in order.

Lock, port, PostgreSQL, migrations, secrets, then web and worker processes as children. What this process
holds, its children never have to fight for: the port is bound once and outlives every web process.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from signal import SIG_IGN, Signals, getsignal
from socket import socket
from typing import Literal, NoReturn

import structlog
from pydantic import SecretStr

from playhead.app import account as accounts
from playhead.app import orphans
from playhead.app.children import Child, Program
from playhead.app.embedded import EmbeddedPostgres
from playhead.app.folder import DataFolder
from playhead.app.gate import Gate
from playhead.app.listening import healthy, listen
from playhead.app.refusal import RefusalError
from playhead.records import migrate, projects
from playhead.records.database import Records
from playhead.settings import Settings, process_environment

Role = Literal["web", "worker"]
ROLES: frozenset[Role] = frozenset(("web", "worker"))

HEALTHY_WITHIN = 60.0
"""Seconds until the web process must have answered for the first time."""
UNFIT = 3
"""The exit code of a worker that this machine has no tools or no sandbox for: starting it again will not help."""
CONNECTIONS_PER_PROCESS = 30
"""More than the pools of `Records` can open together in one process."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LIVED = 10.0
"""Seconds after which a child counts as having started well: its next pause is short again."""
_STOP = ((Signals.SIGTERM, 10.0),)

_log = structlog.get_logger("playhead.supervise")


@dataclass(frozen=True)
class Commands:
    """How processes of each role are started."""

    web: Sequence[str] = (sys.executable, "-m", "playhead", "web-process")
    """Gets `--fd N`, the number of the listening socket, and `--gate N`, that of the gate to wait at."""
    worker: Sequence[str] = (sys.executable, "-m", "playhead", "worker-process")
    """Gets `--gate N`."""


@dataclass(frozen=True)
class Running:
    """What to tell the operator once everything runs."""

    settings: Settings
    """With the port, the database and the secret that are really used."""
    key: str | None
    """A key that works; None without the web role, or when the first key was revoked."""


class Supervisor:
    """Runs the roles until stopped. `announce` is called once they are ready."""

    def __init__(
        self,
        settings: Settings,
        announce: Callable[[Running], None],
        *,
        roles: frozenset[Role] = ROLES,
        commands: Commands | None = None,
    ) -> None:
        self._settings = settings.model_copy(update={"data": settings.data.absolute()})
        self._announce = announce
        self._roles = roles
        self._commands = commands or Commands()
        self._children: set[Child] = set()

    async def run(self) -> None:
        """Serve until the operator says stop by SIGINT, SIGTERM or SIGHUP; saying it twice kills.

        Raises:
            RefusalError: when something the operator can mend keeps it from starting or going on.
            PlayheadError: `database_unavailable`.
        """
        work = asyncio.create_task(self._work())
        stopping = False

        def stop() -> None:
            nonlocal stopping
            if stopping:
                self._hurry()
            else:
                stopping = True
                work.cancel()

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(Signals.SIGINT, stop)
        loop.add_signal_handler(Signals.SIGTERM, stop)
        # Ignored when it was started by `nohup`, which means what it says.
        if getsignal(Signals.SIGHUP) is not SIG_IGN:
            loop.add_signal_handler(Signals.SIGHUP, stop)
        try:
            await work
        except asyncio.CancelledError:
            if not stopping:
                raise
            _log.info("stopped")
        except BaseExceptionGroup as group:
            # One reason is enough: what failed first has ended the others.
            raise _first_of(group) from None

    async def _work(self) -> None:
        settings = self._settings
        async with AsyncExitStack() as held:
            folder = DataFolder(settings.data)
            if settings.database_url is None:
                held.enter_context(folder.locked())
            listening = None
            if "web" in self._roles:
                listening = held.enter_context(await listen(settings.host, settings.port))
                settings = settings.model_copy(update={"port": listening.getsockname()[1]})
            settings = _with_secret(settings, folder)
            # From here on there are children, and all of this process's are ours to end.
            orphans.adopt()
            held.callback(orphans.end_all)
            server = None
            if settings.database_url is None:
                server = await _embedded(settings)
                held.push_async_callback(server.stop)
                settings = settings.model_copy(update={"database_url": SecretStr(server.url)})
            gate = Gate()
            held.callback(gate.remove)
            # Left first: all of the group has ended when the database is stopped.
            async with asyncio.TaskGroup() as group:
                group.create_task(orphans.bury())
                for program in self._programs(settings, gate, listening):
                    group.create_task(self._keep(program))
                key = await _prepare(settings, server, folder)
                if server is not None:
                    group.create_task(server.keep())
                gate.open()
                if listening is not None:
                    await _until_healthy(listening)
                self._announce(Running(settings, key if listening is not None else None))

    def _programs(self, settings: Settings, gate: Gate, listening: socket | None) -> list[Program]:
        environment = process_environment() | settings.environment()
        at_gate = ("--gate", str(gate.read_end))
        programs = []
        if listening is not None:
            file = listening.fileno()
            web = [*self._commands.web, "--fd", str(file), *at_gate]
            programs += [
                Program(f"web {number}", web, environment, files=[file, gate.read_end])
                for number in range(1, settings.web_processes + 1)
            ]
        if "worker" in self._roles:
            worker = [*self._commands.worker, *at_gate]
            programs += [
                Program(f"worker {number}", worker, environment, files=[gate.read_end])
                for number in range(1, settings.worker_processes + 1)
            ]
        return programs

    async def _keep(self, program: Program) -> NoReturn:
        """Run a program, again whenever it ends, until cancelled; then end it in order.

        Raises:
            RefusalError: when there are only workers, and this one finds at once that it cannot work here.
        """
        loop = asyncio.get_running_loop()
        pause = 0.0
        while True:
            child = await Child.start(program)
            self._children.add(child)
            begun = loop.time()
            try:
                code = await child.wait()
            finally:
                await child.stop(_STOP)
                self._children.discard(child)
            # Beside web processes it is tried again: they go on playing what is there.
            if code == UNFIT and pause == 0 and self._roles == {"worker"}:
                raise RefusalError("No worker can work on this machine. See `playhead doctor`.")
            pause = next_pause(pause, loop.time() - begun)
            _log.warning(
                "a process ended and is started again", name=program.name, exit_code=code, pause=pause
            )
            await asyncio.sleep(pause)

    def _hurry(self) -> None:
        for child in self._children:
            child.signal(Signals.SIGKILL)


def next_pause(last: float, lived: float) -> float:
    """Seconds to wait before starting a child again that lived for so many; `last` is 0 the first time."""
    if last == 0 or lived > _LIVED:
        return _FIRST_PAUSE
    return min(2 * last, _LONGEST_PAUSE)


async def _until_healthy(listening: socket) -> None:
    try:
        async with asyncio.timeout(HEALTHY_WITHIN):
            await healthy(listening)
    except TimeoutError as error:
        raise RefusalError(
            f"The web process did not answer within {HEALTHY_WITHIN:.0f} seconds; its messages above say why."
        ) from error


def _with_secret(settings: Settings, folder: DataFolder) -> Settings:
    """The settings with the secret that signs URLs, kept in the data folder unless it was given."""
    if settings.secret is not None:
        return settings
    return settings.model_copy(update={"secret": SecretStr(folder.secret())})


async def _embedded(settings: Settings) -> EmbeddedPostgres:
    """The database to be: not started yet, but its URL is known."""
    connections = 20 + CONNECTIONS_PER_PROCESS * (settings.web_processes + settings.worker_processes)
    return EmbeddedPostgres(settings.data, await accounts.choose(), max_connections=connections)


async def _prepare(settings: Settings, server: EmbeddedPostgres | None, folder: DataFolder) -> str | None:
    """Start the database if it is ours, migrate it, and make sure of a first key.

    Returns:
        The key to show; None when it was revoked.
    """
    if settings.database_url is None:
        raise ValueError("the database's URL is known by now")
    url = settings.database_url.get_secret_value()
    if server is not None:
        await server.start()
    await migrate.upgrade(url)
    key = settings.api_key.get_secret_value() if settings.api_key is not None else folder.first_key()
    records = Records(url, pool_size=1)
    try:
        async with records.transaction() as tx:
            project_id = await projects.ensure_project(tx, "default")
            await projects.add_key(tx, project_id, "first", key)
            return key if await projects.project_of_key(tx, key) is not None else None
    finally:
        await records.close()


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
