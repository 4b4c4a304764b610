"""Every module of the server has its tests, or a listed reason why another file's tests are its own."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.repo.tree import PACKAGE, ROOT, TESTS, modules, nodes, text, tree

REASONS = Path(__file__).with_name("untested.txt")
_ABOUT_FILES = ("repo", "docs")
"""Folders of tests that read the repository and drive none of its modules."""


def test_every_module_has_tests() -> None:
    """A test file imports it, or is named after it in the folder that mirrors its own."""
    without = set(_with_code()) - _imported() - _mirrored() - set(_reasons())
    assert sorted(without) == []


def test_each_reason_is_needed_and_names_its_tests() -> None:
    needless = set(_reasons()) & (_imported() | _mirrored())
    assert sorted(needless) == [], "these have tests of their own now: take them off the list"
    assert sorted(set(_reasons()) - set(_with_code())) == [], "there are no such modules"
    assert [test for test, _ in _reasons().values() if not (ROOT / test).is_file()] == []
    assert [name for name, (_, reason) in _reasons().items() if len(reason.split()) < 4] == []


def _reasons() -> dict[str, tuple[str, str]]:
    """Module → the test file that drives it, and how."""
    lines = [line for line in text(REASONS).splitlines() if line and not line.startswith("#")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {name: (test, reason) for name, test, reason in cells}


@cache
def _with_code() -> frozenset[str]:
    """Modules with a function, a class or a value in them; a docstring and re-exports need no tests."""
    return frozenset(
        name
        for name, path in modules().items()
        if any(
            not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) and not _is_list_of_names(node)
            for node in tree(path).body
        )
    )


def _is_list_of_names(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


@cache
def _imported() -> frozenset[str]:
    """Modules that files of tests import, directly or as a name that a package hands on."""
    found: set[str] = set()
    for path in TESTS.rglob("*.py"):
        if path.relative_to(TESTS).parts[0] in _ABOUT_FILES or "node_modules" in path.parts:
            continue
        for node in nodes(path):
            if isinstance(node, ast.Import):
                found |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                for each in node.names:
                    found |= {node.module, f"{node.module}.{each.name}", _home(node.module, each.name)}
    return frozenset(found & set(modules()))


def _home(package: str, name: str) -> str:
    """Where a name that a package hands on is defined."""
    path = modules().get(package)
    if path is None or path.name != "__init__.py":
        return package
    for node in tree(path).body:
        if isinstance(node, ast.ImportFrom) and name in {each.asname or each.name for each in node.names}:
            return node.module or package
    return package


@cache
def _mirrored() -> frozenset[str]:
    """`playhead.delivery.names` by a file `tests/delivery/test_…names….py`."""
    return frozenset(
        name
        for name, path in modules().items()
        if list((TESTS / path.parent.relative_to(PACKAGE)).glob(f"test_*{path.stem}*.py"))
    )
