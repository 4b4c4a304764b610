"""`playhead keys`: made, listed and revoked, on any database, running or not."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from playhead.records import projects
from playhead.records.database import Records
from tests.cli.terminal import Terminal, terminal

__all__ = ["terminal"]


def _project_of(url: str, key: str) -> UUID | None:
    async def ask() -> UUID | None:
        records = Records(url)
        try:
            async with records.transaction() as tx:
                return await projects.project_of_key(tx, key)
        finally:
            await records.close()

    return asyncio.run(ask())


def test_a_key_is_printed_once_and_works(terminal: Terminal, database_url: str) -> None:
    made = terminal("keys", "create", "--project", "cats", "--name", "my site", DATABASE_URL=database_url)
    assert made.code == 0
    (key,) = made.lines
    assert _project_of(database_url, key) is not None
    listed = terminal("keys", "list")
    assert key not in listed.out
    assert key[: projects.SHOWN] in listed.out
    assert "cats" in listed.out
    assert "my site" in listed.out


def test_json_is_one_line_for_each_key(terminal: Terminal, database_url: str) -> None:
    (made,) = terminal("keys", "create", "--json", DATABASE_URL=database_url).json
    (listed,) = terminal("keys", "list", "--json").json
    assert made["key"].startswith(made["prefix"])
    assert (listed["prefix"], listed["project"], listed["revoked_at"]) == (made["prefix"], "default", None)
    assert "hash" not in listed


def test_keys_of_one_project_open_the_same_project(terminal: Terminal, database_url: str) -> None:
    keys = [terminal("keys", "create", DATABASE_URL=database_url).lines[0] for _ in range(2)]
    other = terminal("keys", "create", "--project", "other").lines[0]
    first, second, third = (_project_of(database_url, key) for key in (*keys, other))
    assert first == second != third


@pytest.mark.parametrize("spelled", ["prefix", "list", "whole", "id"])
def test_a_key_is_revoked_however_it_is_spelled(terminal: Terminal, database_url: str, spelled: str) -> None:
    key = terminal("keys", "create", DATABASE_URL=database_url).lines[0]
    kept = terminal("keys", "create").lines[0]
    (row,) = [each for each in terminal("keys", "list", "--json").json if key.startswith(each["prefix"])]
    spelling = {"prefix": row["prefix"], "list": f"{row['prefix']}…", "whole": key, "id": row["id"]}[spelled]
    assert terminal("keys", "revoke", spelling).code == 0
    assert _project_of(database_url, key) is None
    assert _project_of(database_url, kept) is not None
    assert "revoked" in terminal("keys", "list").out


def test_revoking_what_is_not_there_is_told(terminal: Terminal, database_url: str) -> None:
    done = terminal("keys", "revoke", "ph_nobody", DATABASE_URL=database_url)
    assert done.code == 2
    assert "No working key" in done.err


def test_an_empty_list_says_so(terminal: Terminal, database_url: str) -> None:
    done = terminal("keys", "list", DATABASE_URL=database_url)
    assert (done.code, done.out) == (0, "")
    assert "no keys yet" in done.err
