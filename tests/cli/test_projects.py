"""`playhead projects`: usage shown, limits set and lifted, on any database."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal, terminal

__all__ = ["terminal"]


def test_limits_are_set_shown_and_lifted(terminal: Terminal, database_url: str) -> None:
    terminal("keys", "create", "--project", "cats", DATABASE_URL=database_url)
    done = terminal(
        *("projects", "limit", "cats", "--max-bytes", "1.5GB", "--max-videos", "10"),
        *("--max-open-uploads", "3", "--max-creates-per-minute", "60"),
    )
    assert done.code == 0
    (row,) = terminal("projects", "list", "--json").json
    assert row == {
        "name": "cats",
        "max_bytes": 1_500_000_000,
        "max_videos": 10,
        "max_open_uploads": 3,
        "max_creates_per_minute": 60,
        "used_bytes": 0,
        "used_videos": 0,
        "used_open_uploads": 0,
    }
    (line,) = terminal("projects", "list").lines
    assert line == (
        "cats  0 of 10 videos  0 of 3 uploads under way  0 of 1500000000 bytes  60 creates a minute"
    )
    terminal("projects", "limit", "cats", "--max-videos", "none", "--max-creates-per-minute", "none")
    (line,) = terminal("projects", "list").lines
    assert line == "cats  0 videos  0 of 3 uploads under way  0 of 1500000000 bytes"


@pytest.mark.parametrize(
    "arguments",
    [
        ("cats",),
        ("dogs", "--max-videos", "1"),
        ("cats", "--max-videos", "-1"),
        ("cats", "--max-videos", "many"),
        ("cats", "--max-videos", "3000000000"),
        ("cats", "--max-bytes", "0.5"),
        ("cats", "--max-creates-per-minute", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(
    terminal: Terminal, database_url: str, arguments: tuple[str, ...]
) -> None:
    terminal("keys", "create", "--project", "cats", DATABASE_URL=database_url)
    assert terminal("projects", "limit", *arguments).code == 2
    (line,) = terminal("projects", "list").lines
    assert line == "cats  0 videos  0 uploads under way  0 bytes"
