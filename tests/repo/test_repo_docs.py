"""The documentation against the code: what it names exists, and what exists is named."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from playhead.cli import settings as settings_command
from playhead.settings import Settings
from tests.repo.tree import DOCS, PACKAGE, ROOT, Function, files, nodes, prose, section, text, tree

STOP = re.compile(r"`((?:src/playhead/|web/)[\w/.]+):([\w.]+)`")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
MARKDOWN = [path for path in files() if path.suffix == ".md" and path.relative_to(ROOT).parts[0] != "tests"]
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
_HIDDEN = {"web_process", "worker_process"}
"""Commands that only the supervisor calls."""


def test_the_settings_page_is_fresh() -> None:
    """`playhead settings` prints its table."""
    assert settings_command.table() in text(DOCS / "settings.md")


def test_settings_named_in_the_documentation_exist() -> None:
    known = {f"PLAYHEAD_{name.upper()}" for name in Settings.model_fields}
    # Not a setting: where the examples find the server.
    named = {
        (path.name, name)
        for path in MARKDOWN
        for name in re.findall(r"PLAYHEAD_[A-Z0-9_]*[A-Z]", text(path))
        if name != "PLAYHEAD_URL"
    }
    assert {(page, name) for page, name in named if name not in known} == set()


def test_every_stop_of_the_river_exists() -> None:
    stops = STOP.findall(text(DOCS / "follow-a-video.md"))
    assert len(stops) >= 20
    assert [f"{file}:{name}" for file, name in stops if not _defines(ROOT / file, name)] == []


def test_every_test_that_the_documentation_names_exists() -> None:
    named = {found for path in MARKDOWN for found in TEST.findall(text(path))}
    assert len(named) >= 20
    assert [f"{file}::{name}" for file, name in sorted(named) if not _has_test(ROOT / file, name)] == []


def _has_test(path: Path, name: str) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return path.is_file() and any(isinstance(node, functions) and node.name == name for node in nodes(path))


def test_every_station_is_a_stop() -> None:
    page = text(DOCS / "follow-a-video.md")
    for station in (
        "upload",
        "storage",
        "media",
        "processing",
        "packaging",
        "delivery",
        "playback",
        "events",
    ):
        assert f"`src/playhead/{station}/" in page


def _defines(path: Path, name: str) -> bool:
    """Whether a file has a function, class or `Class.method` of that name."""
    if not path.is_file():
        return False
    if path.suffix != ".py":
        return re.search(rf"\b(?:function|class) {re.escape(name)}\b", text(path)) is not None
    scope: list[ast.stmt] = tree(path).body
    for part in name.split("."):
        found = next((node for node in scope if getattr(node, "name", None) == part), None)
        if not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        scope = found.body
    return True


def _commands() -> dict[str, list[str]]:
    """`playhead keys create` → its options, read from the functions that are the commands."""
    found: dict[str, list[str]] = {}
    for path in sorted((PACKAGE / "cli").glob("*.py")):
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef) and (name := _command_of(path, node)):
                found[name] = [f"--{option.arg.replace('_', '-')}" for option in node.args.kwonlyargs]
    return found


def _command_of(path: Path, function: Function) -> str | None:
    for decorator in function.decorator_list:
        group, command, rest = ast.unparse(decorator).partition(".command")
        if command and group.isidentifier() and (rest == "" or rest.startswith("(")):
            named = re.search(r"name='([^']+)'", rest)
            return f"playhead {group} {named[1] if named else function.name}"
    table = text(PACKAGE / "cli" / "main.py")
    is_command = f'"{path.stem}:{function.name}"' in table and function.name not in _HIDDEN
    return f"playhead {function.name}" if is_command else None


COMMANDS = _commands()


def test_commands_are_found() -> None:
    assert {"playhead serve", "playhead worker", "playhead keys list", "playhead webhooks add"} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command: str) -> None:
    told = section(text(DOCS / "cli.md"), f"## {command}")
    assert [option for option in COMMANDS[command] if f"`{option}" not in told] == []


def test_no_command_is_documented_that_does_not_exist() -> None:
    headings = re.findall(r"^## (playhead .+)$", text(DOCS / "cli.md"), re.MULTILINE)
    assert sorted(set(headings) - set(COMMANDS)) == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in MARKDOWN
        for target in _links(path)
        if not target.exists()
    ]
    assert broken == []


def test_pages_that_the_code_names_exist() -> None:
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in files()
        if path.suffix in (".py", ".ts", ".toml") or path.name == "Makefile"
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", text(path))
    }
    assert len(named) >= 2
    assert {(name, page) for name, page in named if not (ROOT / page).is_file()} == set()


def test_links_to_headings_lead_somewhere() -> None:
    broken = []
    for path in MARKDOWN:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)", text(path)):
            page = (path.parent / target).resolve() if target else path
            if anchor not in _anchors(page):
                broken.append(f"{path.relative_to(ROOT)}: {target}#{anchor}")
    assert broken == []


def _anchors(page: Path) -> set[str]:
    """The names that headings get as places to link to: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", prose(text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += _links(page)
    pages = {path for path in MARKDOWN if path.is_relative_to(DOCS)}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - reached) == []


def _links(page: Path) -> list[Path]:
    """The files that a page links to."""
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)", text(page))
    return [(page.parent / target).resolve() for target in targets]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_half_a_page_of_four_parts(path: Path) -> None:
    page = text(path)
    assert re.match(r"# \d{4}: \S", page)
    assert page.startswith(f"# {path.name[:4]}: ")
    for heading in ("## Context", "## Choice", "## Rejected", "## How we know"):
        assert section(page, heading).strip()
    assert len(page.split()) <= 420, "half a page"


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    index = text(DOCS / "decisions" / "README.md")
    assert [path.name for path in DECISIONS if f"({path.name})" not in index] == []


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["version"]
    headings = re.findall(r"^## (\S+)", text(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert headings[0] in (version, "Unreleased")
    assert version in headings


def test_the_licence_is_apaches() -> None:
    licence = text(ROOT / "LICENSE")
    assert "Apache License" in licence
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert 'license = "Apache-2.0"' in text(ROOT / "pyproject.toml")
