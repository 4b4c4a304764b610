"""One noun per thing: what `docs/glossary.md` forbids is no identifier of ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.repo.tree import DOCS, modules, nodes, text

GLOSSARY = DOCS / "glossary.md"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def test_the_glossary_forbids_something() -> None:
    assert {"transcode", "tenant", "media_id"} <= _forbidden()


def test_no_identifier_is_a_forbidden_word() -> None:
    """`transcode` forbids `transcode_job` and `TranscodeError` as well: words are compared, not letters."""
    found = {
        f"{name}: {identifier}"
        for name, path in modules().items()
        for identifier in _identifiers(path)
        for word in _forbidden()
        if f"_{word}_" in f"_{_snake(identifier)}_"
    }
    assert found == set()


def test_every_noun_is_explained_once() -> None:
    nouns = [row[0] for row in _rows()]
    assert len(nouns) == len(set(nouns))
    assert [row for row in _rows() if len(row[1].split()) < 5] == []


def _rows() -> list[list[str]]:
    lines = [line for line in text(GLOSSARY).splitlines() if line.startswith("| **")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _forbidden() -> set[str]:
    return {word for row in _rows() for word in re.findall(r"`([a-z_]+)`", row[2])}


def _identifiers(path: Path) -> Iterator[str]:
    """The names a module gives: what it only uses of a library is not its choice."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _snake(identifier: str) -> str:
    return _HUMP.sub("_", identifier).lower().strip("_")
