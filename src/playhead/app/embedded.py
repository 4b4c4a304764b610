"""The embedded profile's database: PostgreSQL as our child, under the data folder, on a local socket."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from signal import Signals
from typing import NoReturn

import psycopg
import structlog
from psycopg import sql

from playhead.app import account as accounts
from playhead.app import cluster as clusters
from playhead.app.account import PLAIN_ENVIRONMENT, Account
from playhead.app.children import Child, Program, finish
from playhead.app.refusal import RefusalError

READY_WITHIN = 30.0
"""Seconds a start may take before we give up; recovery after a crash is part of it."""

_AGAIN_AFTER = 5.0
"""Seconds between one failed start and the next, once it has run."""
_CREATE_WITHIN = 120.0
"""Seconds for making a cluster: half a second on any laptop, but some disks are slow to flush."""
_LEAVE_WITHIN = 10.0
"""Seconds that the orphans of a killed supervisor get to leave by themselves."""
_LARGEST_LOG = 1024 * 1024

# Fast: sessions are ended and all is written down. Immediate: it stops, and recovers at the next start.
_SHUTDOWN = ((Signals.SIGINT, 10.0), (Signals.SIGQUIT, 5.0))

_log = structlog.get_logger("playhead.database")


class EmbeddedPostgres:
    """One server on one cluster. The caller holds the data folder's lock."""

    def __init__(self, data: Path, account: Account, *, max_connections: int = 100) -> None:
        self._account = account
        self._max_connections = max_connections
        self._cluster = data / "postgres"
        self._log_file = data / "postgres.log"
        self._sockets = clusters.socket_folder(data)
        self._child: Child | None = None
        self.url = clusters.url(self._sockets)
        """The database's URL, valid while it runs."""

    async def start(self) -> None:
        """Start it, the first time on a new cluster, and wait until it answers.

        Raises:
            RefusalError: when the cluster cannot be made or served.
        """
        await asyncio.to_thread(self._prepare)
        if not (self._cluster / "PG_VERSION").exists():
            await self._create()
        await self._launch()
        await self._ensure_database()

    async def keep(self) -> NoReturn:
        """Start it again whenever it ends, until this is cancelled, however long that takes on a full disk."""
        while True:
            if self._child is not None:
                code = await self._child.wait()
                _log.warning("PostgreSQL ended and is started again", exit_code=code)
            try:
                await self._launch()
            except RefusalError as error:
                _log.error("PostgreSQL does not start; it is tried again", reason=str(error))
                await asyncio.sleep(_AGAIN_AFTER)

    async def stop(self) -> None:
        """End every session and shut it down in order."""
        if self._child is not None:
            await self._child.stop(_SHUTDOWN)
            self._child = None

    def _prepare(self) -> None:
        programs = clusters.installation(self._cluster)
        self._account.check_can_reach(programs.folder / "postgres")
        self._account.check_can_reach(self._cluster)
        for folder in (self._cluster, self._sockets):
            if folder.exists():
                self._account.hand_over(folder)
        _make_private(self._sockets, self._account)
        with suppress(FileNotFoundError):
            if self._log_file.stat().st_size > _LARGEST_LOG:
                self._log_file.replace(self._log_file.with_suffix(".log.1"))

    async def _create(self) -> None:
        # Made under another name and then moved: a cluster is either whole or not there.
        unfinished = self._cluster.with_name("postgres.new")
        await asyncio.to_thread(_make_private, unfinished, self._account, empty=True)
        argv = clusters.creation(clusters.installation(unfinished), unfinished)
        where = self._cluster.parent
        try:
            made = await finish([*self._account.prefix, *argv], PLAIN_ENVIRONMENT, within=_CREATE_WITHIN)
        except TimeoutError as error:
            raise RefusalError(f"Making PostgreSQL's files in {where} took too long.") from error
        if made.code != 0:
            raise RefusalError(f"PostgreSQL could not make its files in {where}: {_last_line(made.text)}")
        unfinished.replace(self._cluster)

    async def _launch(self) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WITHIN
        programs = clusters.installation(self._cluster)
        program = Program(
            "postgres",
            clusters.service(programs, self._cluster, self._sockets, self._max_connections),
            PLAIN_ENVIRONMENT,
            account=self._account.prefix,
            log=self._log_file,
            when_orphaned=Signals.SIGINT,
        )
        while True:
            await self._wait_for_orphans()
            await asyncio.to_thread(clusters.forget_stranger, self._cluster)
            self._child = await Child.start(program)
            if await self._answers(self._child, deadline):
                return
            # A server that was killed may hold its shared memory for a moment longer, so it is tried again.
            await self.stop()
            if asyncio.get_running_loop().time() > deadline:
                raise RefusalError(f"PostgreSQL does not start; {self._log_file} says why.")
            await asyncio.sleep(0.5)

    async def _answers(self, child: Child, deadline: float) -> bool:
        while child.exit_code is None and asyncio.get_running_loop().time() < deadline:
            with suppress(psycopg.OperationalError):
                # The one database that every cluster has.
                url = clusters.url(self._sockets, "postgres")
                async with await psycopg.AsyncConnection.connect(url, connect_timeout=5):
                    return True
            await asyncio.sleep(0.05)
        return False

    async def _wait_for_orphans(self) -> None:
        """Make sure that nobody works in the cluster: two servers on one cluster would ruin it."""
        for number in (Signals.SIGINT, Signals.SIGQUIT, Signals.SIGKILL):
            for _ in range(int(_LEAVE_WITHIN / 0.1)):
                left = await asyncio.to_thread(clusters.residents, self._cluster)
                if not left:
                    return
                await asyncio.sleep(0.1)
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        raise RefusalError(f"Processes that cannot be ended still work in {self._cluster}: {left}.")

    async def _ensure_database(self) -> None:
        url = clusters.url(self._sockets, "postgres")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            found = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [clusters.NAME])
            if await found.fetchone() is None:
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(clusters.NAME)))


@asynccontextmanager
async def running(data: Path, *, max_connections: int = 100) -> AsyncIterator[EmbeddedPostgres]:
    """An embedded server for the time of the block. The caller holds the data folder's lock.

    Raises:
        RefusalError: when it cannot be started.
    """
    server = EmbeddedPostgres(data, await accounts.choose(), max_connections=max_connections)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def _make_private(folder: Path, account: Account, *, empty: bool = False) -> None:
    """A folder that only the account can enter; `empty` clears what an interrupted start has left in it."""
    if empty and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), account.uid):
        # A short socket path lies in a folder where anybody may have put something under that name before us.
        raise RefusalError(f"{folder} belongs to somebody else.")
    folder.chmod(0o700)
    if not account.is_ours:
        os.chown(folder, account.uid, account.gid)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing."
