"""`playhead migrate` prints the version it has reached, and can be repeated."""

from __future__ import annotations

from playhead.records import migrate
from tests.cli.terminal import Terminal, terminal
from tests.postgres import Postgres

__all__ = ["terminal"]


def test_it_migrates_once_and_says_so(terminal: Terminal, postgres: Postgres) -> None:
    first = terminal("migrate", DATABASE_URL=postgres.empty_database())
    assert (first.code, first.out.strip()) == (0, migrate.head())
    assert "was at nothing" in first.err
    again = terminal("migrate")
    assert (again.code, again.out.strip()) == (0, migrate.head())
    assert "up to date" in again.err
