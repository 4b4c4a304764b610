"""Small files, small functions, names that say something."""

from __future__ import annotations

from tests.repo.tree import ROOT, files, functions, modules, text

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
SAY_NOTHING = {"base", "common", "core", "helpers", "lib", "manager", "managers", "misc", "service", "utils"}
MEASURED = {".css", ".mjs", ".py", ".ts"}


def test_no_file_is_too_long() -> None:
    """A file that wants more than 400 lines wants to be two nouns."""
    ours = [
        path
        for path in files()
        if path.suffix in MEASURED and path.relative_to(ROOT).parts[0] in ("src", "web", "bench", "deploy")
    ]
    lines = {str(path.relative_to(ROOT)): text(path).count("\n") for path in ours}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name, path in modules().items()
        for function in functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_every_module_is_named_for_what_it_is() -> None:
    assert [name for name in modules() if SAY_NOTHING & set(name.split("."))] == []
