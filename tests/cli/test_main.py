"""The command line as a whole: its help, its exit codes, and one sentence for whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playhead import __version__
from playhead.app.supervise import Running
from playhead.cli.given import settings_with
from playhead.cli.main import application
from playhead.cli.serve import announcement
from tests.cli.terminal import Terminal, terminal

__all__ = ["terminal"]

COMMANDS = ("serve", "worker", "upload", "plan", "keys", "webhooks", "doctor", "migrate", "settings")
CLOSED_PORT = "postgresql://playhead:hunter22@127.0.0.1:9/playhead"


def test_help_names_every_command_and_the_exit_codes(terminal: Terminal) -> None:
    done = terminal("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert f" {name} " in done.out
    assert "Exit codes: 0" in done.out
    assert "web-process" not in done.out


def test_every_command_explains_itself(terminal: Terminal) -> None:
    for name in COMMANDS:
        done = terminal(name, "--help")
        assert done.code == 0
        assert f"playhead {name}" in done.out


def test_help_on_a_command_repeats_its_sentence_on_the_page_of_all(terminal: Terminal) -> None:
    """The page of all commands imports none of them, so it has the sentences from elsewhere."""
    for name in COMMANDS:
        listed = next(line for line in terminal("--help").lines if f" {name} " in line)
        sentence = listed.split(name, 1)[1].strip(" │").rstrip(".")
        assert " ".join(sentence.split()) in " ".join(terminal(name, "--help").out.replace("`", "").split())


def test_help_needs_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from playhead.cli.main import main; main(['--help']); "
        "print([name for name in ('sqlalchemy', 'litestar', 'httpx', 'procrastinate', 'pydantic', 'alembic') "
        "if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_environment())
    assert done.stderr.strip() == "[]"


def test_the_version(terminal: Terminal) -> None:
    assert terminal("--version").out.strip() == __version__


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serv"], "serv"),
        (["serve", "--prot", "8000"], "--prot"),
        (["serve", "--port", "seventy"], "--port"),
        (["serve", "--port", "70000"], "PLAYHEAD_PORT is not valid"),
        (["serve", "--only", "everything"], "--only takes web or worker"),
        (["plan", "/no/such/file"], "no file"),
        (["keys", "revoke"], "PREFIX"),
    ],
)
def test_misuse_ends_with_2_and_a_sentence(terminal: Terminal, arguments: list[str], words: str) -> None:
    done = terminal(*arguments)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_wrong_setting_is_named_and_a_secret_in_it_is_not_repeated(terminal: Terminal) -> None:
    Path("playhead.toml").write_text('prot = 1\nport = "seventy"\napi_key = 5\n')
    done = terminal("keys", "list")
    assert done.code == 2
    assert "There is no setting prot." in done.err
    assert "PLAYHEAD_PORT is not valid" in done.err


def test_a_database_that_is_away_is_one_sentence_with_its_reason(terminal: Terminal) -> None:
    done = terminal("keys", "list", DATABASE_URL=CLOSED_PORT)
    assert done.code == 1
    assert "The database cannot be reached." in done.err
    assert "Connection refused" in done.err or "connection failed" in done.err
    assert "hunter22" not in done.err
    assert len(done.err.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_one_sentence(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = terminal("serve", "--data", tmp_path / "file" / "data", "--port", "0")
    assert done.code == 1
    assert "cannot be made" in done.err


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "playhead", "settings"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_a_revoked_first_key_is_not_shown(terminal: Terminal) -> None:
    told = announcement(Running(settings_with(), None))
    assert told.startswith("page  http://127.0.0.1:8000/\n")
    assert "playhead keys create" in told


def test_hidden_commands_are_there() -> None:
    assert {"web-process", "worker-process"} <= set(application())


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
