"""A real PostgreSQL for tests: one server for the session, and a fresh, migrated database for whoever asks.

The server is the one of the wheel, reachable on a loopback port like any external database. Nothing is
flushed to disk: a test's data needs to survive nothing.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from signal import SIGQUIT

import psycopg
import pytest
from psycopg import sql

from playhead.app import account as accounts
from playhead.app import cluster as clusters
from playhead.app.account import PLAIN_ENVIRONMENT
from playhead.records import migrate

_TEMPLATE = "migrated"


class Postgres:
    """A running server. Databases made on it go away with it, at the latest."""

    def __init__(self, port: int, janitor: ThreadPoolExecutor) -> None:
        self._port = port
        self._janitor = janitor
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql://{clusters.NAME}@127.0.0.1:{self._port}/{database}"

    def database(self) -> str:
        """The URL of a new database with the current schema in it."""
        return self._create(f"test_{next(self._numbers)}", _TEMPLATE)

    def empty_database(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._create(f"test_{next(self._numbers)}", "template0")

    def drop(self, url: str) -> None:
        """Be rid of a database, soon: of six hundred, each with 7 MB of catalogue, the disk would get to see all."""
        self._janitor.submit(self._drop, url.rpartition("/")[2])

    def make_template(self) -> None:
        asyncio.run(migrate.upgrade(self._create(_TEMPLATE, "template0")))

    def _create(self, name: str, template: str) -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            names = (sql.Identifier(name), sql.Identifier(template))
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*names))
        return self.url(name)

    def _drop(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def running() -> Iterator[Postgres]:
    """The server, for the time of the block."""
    account = asyncio.run(accounts.choose())
    folder = Path(tempfile.mkdtemp(prefix="playhead-test-", dir="/tmp"))
    os.chown(folder, account.uid, account.gid)
    try:
        with _served(folder, account.prefix) as server:
            server.make_template()
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's server."""
    with running() as server:
        yield server


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """A fresh database with the current schema in it."""
    url = postgres.database()
    yield url
    postgres.drop(url)


@contextmanager
def _served(folder: Path, prefix: Sequence[str]) -> Iterator[Postgres]:
    cluster, port = folder / "cluster", _free_port()
    programs = clusters.installation(cluster)
    creation = [*prefix, *clusters.creation(programs, cluster), "--auth-host=trust", "--no-sync"]
    subprocess.run(creation, env=PLAIN_ENVIRONMENT, check=True, capture_output=True)
    service = clusters.service(programs, cluster, folder, max_connections=300)
    for option in ("listen_addresses=127.0.0.1", f"port={port}", "fsync=off", "synchronous_commit=off"):
        service += ["-c", option]
    service += ["-c", "full_page_writes=off", "-c", "max_wal_size=1GB"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            # Ends with the tests, however they end.
            [*prefix, "setpriv", "--pdeathsig", "INT", "--", *service],
            env=PLAIN_ENVIRONMENT,
            stdout=log,
            stderr=log,
        )
    janitor = ThreadPoolExecutor(1)
    try:
        server = Postgres(port, janitor)
        _wait_until_ready(server, process, folder / "log")
        yield server
    finally:
        janitor.shutdown()
        process.send_signal(SIGQUIT)  # at once: in good order, all that was made is written down first
        process.wait(30)


def _wait_until_ready(server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(server.url("postgres"), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
