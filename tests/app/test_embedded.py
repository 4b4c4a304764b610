"""The embedded PostgreSQL: made, served, recovered, and never served twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from playhead.app import account as accounts
from playhead.app import cluster as clusters
from playhead.app import embedded
from playhead.app.embedded import EmbeddedPostgres
from playhead.app.folder import DataFolder

# As root, both ways out are walked; everybody else has only one.
ACCOUNTS = [accounts.in_namespace, accounts.system_account] if os.geteuid() == 0 else [accounts.ourselves]


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data folder for all, as a cluster takes its time to make; every account can reach it."""
    with tempfile.TemporaryDirectory(prefix="playhead-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield DataFolder(Path(folder) / "data").path


def _execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def _gone(data: Path) -> bool:
    processes = [psutil.Process(pid) for pid in clusters.residents(data / "postgres")]
    return not psutil.wait_procs(processes, timeout=20)[1]


async def test_data_outlives_the_server_and_a_change_of_account(data: Path) -> None:
    made = False
    for choose in [*ACCOUNTS, ACCOUNTS[0]]:
        account = choose()
        server = EmbeddedPostgres(data, account)
        await server.start()
        try:
            if made:
                assert _execute(server.url, "SELECT word FROM outliving") == [("kept",)]
            else:
                _execute(server.url, "CREATE TABLE outliving AS SELECT 'kept' AS word")
                made = True
            assert _execute(server.url, "SHOW listen_addresses") == [("",)]
        finally:
            await server.stop()
        assert _gone(data)
        assert (data / "postgres" / "base").stat().st_uid == account.uid
        for folder in ("postgres", "postgres-run"):
            assert (data / folder).stat().st_mode & 0o777 == 0o700


async def test_a_killed_server_comes_back(data: Path) -> None:
    async with embedded.running(data) as server:
        _execute(server.url, "CREATE TABLE words AS SELECT 'kept' AS word")
        keeping = asyncio.create_task(server.keep())
        first = _postmaster(data)
        os.kill(first, 9)
        async with asyncio.timeout(25):
            while True:
                try:
                    found = await asyncio.to_thread(_execute, server.url, "SELECT word FROM words")
                    break
                except psycopg.OperationalError:
                    await asyncio.sleep(0.05)
        assert found == [("kept",)]
        assert _postmaster(data) != first
        keeping.cancel()
    assert _gone(data)


async def test_a_lock_file_with_somebody_elses_number_is_no_obstacle(data: Path) -> None:
    """As after a reboot, when the dead server's process id belongs to a program of the same user."""
    async with embedded.running(data):
        os.kill(_postmaster(data), 9)
        assert _gone(data)
        lock = data / "postgres" / "postmaster.pid"
        with subprocess.Popen(["sleep", "60"]) as stranger:
            lines = lock.read_text().splitlines(keepends=True)
            lock.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
            async with embedded.running(data) as server:
                assert _execute(server.url, "SELECT 1") == [(1,)]
            assert stranger.poll() is None
            stranger.kill()


async def test_an_orphan_is_waited_for_then_ended(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that a dead supervisor has left behind: two at once would ruin the cluster."""
    monkeypatch.setattr(embedded, "_LEAVE_WITHIN", 0.5)
    orphan = EmbeddedPostgres(data, await accounts.choose())
    await orphan.start()
    first = _postmaster(data)
    async with embedded.running(data) as server:
        assert _postmaster(data) != first
        assert _execute(server.url, "SELECT 1") == [(1,)]
    await orphan.stop()


async def test_an_interrupted_creation_is_begun_anew_and_a_long_path_gets_a_short_socket(data: Path) -> None:
    deep = DataFolder(data / ("d" * 120)).path
    (deep / "postgres.new").mkdir()
    (deep / "postgres.new" / "PG_VERSION").write_text("18\n")
    async with embedded.running(deep) as server:
        assert _execute(server.url, "SELECT 1") == [(1,)]
        sockets = clusters.socket_folder(deep)
        assert sockets.parent == Path("/tmp")
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not (deep / "postgres.new").exists()
    sockets.rmdir()
