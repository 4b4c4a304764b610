"""The repository as its rules see it: files, modules and syntax trees, each read once."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
PACKAGE = SRC / "playhead"
DOCS = ROOT / "docs"
TESTS = ROOT / "tests"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, committed or about to be; none that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


@cache
def text(path: Path) -> str:
    """A file's text; of a binary file what can be read as text."""
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def tree(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(text(path))


@cache
def modules() -> dict[str, Path]:
    """Dotted name → file, of everything in `src`."""
    return {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a module's syntax tree."""
    return tuple(ast.walk(tree(path)))


def dotted(path: Path) -> str:
    """`src/playhead/media/mp4/read.py` → `playhead.media.mp4.read`."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a module, nested ones too."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def classes(path: Path) -> Iterator[ast.ClassDef]:
    """Every class of a module, nested ones too."""
    for node in nodes(path):
        if isinstance(node, ast.ClassDef):
            yield node


def methods(found: ast.ClassDef) -> list[Function]:
    """A class's own methods, in order."""
    return [node for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_protocol(found: ast.ClassDef) -> bool:
    """Whether it is a `typing.Protocol` by its bases."""
    return any(ast.unparse(base).split("[")[0].endswith("Protocol") for base in found.bases)


def section(page: str, heading: str) -> str:
    """What stands under a Markdown heading, given with its `#`s, up to the next one of that depth or above.

    Raises: AssertionError when there is no such heading.
    """
    depth = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{depth}}} |\Z)", prose(page), re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"there is no heading {heading!r}"
    return found[1]


def prose(page: str) -> str:
    """A Markdown page without its code blocks, in which a `#` begins a comment."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
