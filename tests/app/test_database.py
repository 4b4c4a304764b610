"""A command finds the database that the settings name, whoever runs it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from playhead.app import cluster as clusters
from playhead.app import database
from playhead.app.folder import DataFolder, FolderInUseError
from playhead.cli.given import settings_with
from playhead.records import projects


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="playhead-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


async def test_one_from_elsewhere_is_taken_as_it_is(database_url: str, data: Path) -> None:
    async with database.reachable(settings_with(database_url=database_url, data=data)) as url:
        assert url == database_url
    assert not data.exists()


async def test_the_embedded_one_runs_for_the_moment_and_a_second_caller_shares_it(data: Path) -> None:
    settings = settings_with(data=data)
    async with database.records(settings) as records:
        async with records.transaction() as tx:
            await projects.ensure_project(tx, "cats")
        async with database.reachable(settings) as url:
            assert url == records.url
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT name FROM projects").fetchall() == [("cats",)]
    assert clusters.residents(data / "postgres") == []


async def test_a_holder_without_a_database_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "STARTING_FOR", 0.3)
    with DataFolder(data).locked(), pytest.raises(FolderInUseError):
        await database.reachable(settings_with(data=data)).__aenter__()
