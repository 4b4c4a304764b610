"""`playhead settings` prints every setting, and nothing that is set."""

from __future__ import annotations

from pathlib import Path

from playhead.settings import Settings
from tests.cli.terminal import Terminal, terminal

__all__ = ["terminal"]


def test_the_table_has_a_row_for_each_setting(terminal: Terminal) -> None:
    lines = terminal("settings").lines
    assert lines[0] == "| variable | type | default | meaning |"
    named = [line.split("`")[1] for line in lines[2:]]
    assert named == [f"PLAYHEAD_{name.upper()}" for name in Settings.model_fields]
    assert {line.count(" | ") for line in lines} == {3}


def test_rows_read_well(terminal: Terminal) -> None:
    out = terminal("settings").out
    assert "| `PLAYHEAD_PORT` | number | `8000` | Port the web process listens on. |" in out
    assert "| `PLAYHEAD_UNSAFE_NO_SANDBOX` | true or false | `false` |" in out
    assert "| `PLAYHEAD_API_KEY` | secret |  |" in out


def test_the_table_is_the_same_whatever_is_set(terminal: Terminal, tmp_path: Path) -> None:
    plain = terminal("settings").out
    assert terminal("settings", API_KEY="hunter22", DATA=tmp_path).out == plain


def test_json_is_one_line_for_each_setting(terminal: Terminal) -> None:
    rows = {row["name"]: row for row in terminal("settings", "--json").json}
    assert rows["PLAYHEAD_HOST"]["default"] == "127.0.0.1"
    assert set(rows["PLAYHEAD_HOST"]) == {"name", "type", "default", "description"}
