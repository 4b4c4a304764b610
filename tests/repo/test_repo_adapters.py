"""Every adapter passes its port's conformance suite; one that is not enrolled fails here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.repo.tree import ROOT, TESTS, classes, is_protocol, methods, modules, nodes

_SANDBOXES = TESTS / "media" / "ffmpeg" / "conftest.py"


def _shape(port: str, protocol: str) -> set[str]:
    found = next(each for each in classes(modules()[port]) if each.name == protocol)
    return {method.name for method in methods(found)}


def _adapters(shape: set[str]) -> set[str]:
    """Classes of `src` with all the methods of a port."""
    return {
        found.name
        for path in modules().values()
        for found in classes(path)
        if not is_protocol(found) and shape <= _members(found)
    }


def _members(found: ast.ClassDef) -> set[str]:
    assigned = {
        target.id
        for node in found.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return assigned | {method.name for method in methods(found)}


def _called_in_suites(folder: Path) -> set[str]:
    """What the subclasses of `StorageSuite` build."""
    return {
        call.func.id
        for path in folder.glob("test_*.py")
        for found in classes(path)
        if "StorageSuite" in {ast.unparse(base) for base in found.bases}
        for call in ast.walk(found)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }


def _parameters(path: Path, fixture: str) -> set[str]:
    """The names among a fixture's `params`."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef) and node.name == fixture:
            return {
                name.id
                for each in node.decorator_list
                for name in ast.walk(each)
                if isinstance(name, ast.Name)
            }
    return set()


def test_every_store_passes_the_storage_suite() -> None:
    stores = _adapters(_shape("playhead.storage.port", "Storage"))
    assert "Disk" in stores
    assert stores <= _called_in_suites(TESTS / "storage")


@pytest.mark.parametrize(("fixture", "spared"), [("box", {"NoSandbox"}), ("start", set())])
def test_every_sandbox_is_tried(fixture: str, spared: set[str]) -> None:
    """`box`: each that claims to hold; `start`: each way to start a program."""
    sandboxes = _adapters(_shape("playhead.media.ffmpeg.sandbox.port", "Sandbox"))
    assert {"Bubblewrap", "Landlock", "NoSandbox"} <= sandboxes
    assert sandboxes - spared <= _parameters(_SANDBOXES, fixture)


def test_only_the_wiring_names_a_store() -> None:
    """import-linter keeps the adapter's module for `app`; this one finds a new adapter it was not told of."""
    stores = _adapters(_shape("playhead.storage.port", "Storage"))
    homes = {name for name, path in modules().items() for found in classes(path) if found.name in stores}
    contract = (ROOT / ".importlinter").read_text()
    assert {name for name in homes if name not in contract} == set()
