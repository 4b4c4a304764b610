"""The package build's hook: when it builds, with which Node, what it says when it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hatchling.metadata.core import ProjectMetadata

import hatch_build
from playhead.playback.assets import Assets

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clean checkout, as far as the hook looks."""
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_clean_checkout_is_built_once(checkout: Path) -> None:
    assert hatch_build.is_stale(checkout)
    hatch_build.build(checkout)
    assert not hatch_build.is_stale(checkout)
    built = Assets.load(checkout / hatch_build.STATIC)
    assert built.path("dashboard.js").encode() in built.page.plain
    # The same sources give the same names and bytes on any machine: what is cached for ever stays true.
    again = checkout / "again"
    shutil.move(checkout / hatch_build.STATIC, again)
    hatch_build.build(checkout)
    assert Assets.load(again).named("dashboard.js") == built.named("dashboard.js")


def test_only_what_the_assets_are_made_from_makes_them_stale(checkout: Path) -> None:
    stamp = checkout / hatch_build.STATIC / hatch_build.STAMP
    stamp.parent.mkdir(parents=True)
    stamp.write_text(hatch_build.digest(checkout / "web"))
    (checkout / "web" / "node_modules").mkdir()
    (checkout / "web" / "node_modules" / "left.js").write_text("1")
    (checkout / "web" / "dashboard" / "new.test.ts").write_text("1")
    assert not hatch_build.is_stale(checkout)
    (checkout / "web" / "dashboard" / "new.ts").write_text("1")
    assert hatch_build.is_stale(checkout)


@pytest.mark.parametrize(("version", "fits"), [("v18.20.0", False), ("v20.0.0", True), ("v31.1.0", True)])
def test_node_from_the_path_must_be_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, fits: bool
) -> None:
    programs = tmp_path / "bin"
    program(programs, "node", f"echo {version}")
    monkeypatch.setenv("PATH", str(programs))
    assert hatch_build.node_on_path() is None  # node without npm is of no use
    program(programs, "npm", "exit 0")
    assert (hatch_build.node_on_path() is not None) is fits


def test_a_build_that_fails_says_what_to_do(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = checkout / "bin"
    program(programs, "node", "echo v20.0.0")
    program(programs, "npm", 'echo "no route to the registry" >&2; exit 7')
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(hatch_build.WebBuildError) as raised:
        hatch_build.build(checkout)
    told = str(raised.value)
    assert told.startswith("no route to the registry")
    assert "`npm ci --omit=dev` in web/ ended with 7" in told
    assert "registry" in told.splitlines()[-1]
    assert hatch_build.is_stale(checkout)


def test_without_any_node_the_wheel_is_named(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(hatch_build.WebBuildError, match=hatch_build.NODE_WHEEL):
        hatch_build.build(checkout)


def test_the_wheel_of_node_is_asked_for_only_when_it_is_used(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project: ProjectMetadata[Any] = ProjectMetadata(str(checkout), None)
    hook = hatch_build.WebAssets(str(checkout), {}, None, project, "", "wheel")
    monkeypatch.setenv("PATH", str(checkout))
    assert hook.dependencies() == [hatch_build.NODE_WHEEL]
    program(checkout / "bin", "node", "echo v20.0.0")
    program(checkout / "bin", "npm", "exit 0")
    monkeypatch.setenv("PATH", str(checkout / "bin"))
    assert hook.dependencies() == []
    stamp = checkout / hatch_build.STATIC / hatch_build.STAMP
    stamp.parent.mkdir(parents=True)
    stamp.write_text(hatch_build.digest(checkout / "web"))
    monkeypatch.setenv("PATH", str(checkout))
    assert hook.dependencies() == []
