"""The error table, its pages and the code that raises: three lists that must be one."""

from __future__ import annotations

import ast
import re

import pytest

from playhead.model.errors import ERRORS, ErrorKind
from playhead.model.problems import docs_url
from tests.repo.tree import DOCS, PACKAGE, modules, nodes, section, text

PAGES = DOCS / "errors"
TABLE = PACKAGE / "model" / "errors.py"


def _told(kind: ErrorKind) -> str:
    """What a page says under its title."""
    again = "may pass by itself" if kind.retriable else "will not pass by itself"
    return f"HTTP {kind.status} · {again}"


def test_each_code_has_a_page_and_each_page_a_code() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert (set(ERRORS) - pages, pages - set(ERRORS)) == (set(), set())


def test_the_links_in_answers_lead_to_the_pages() -> None:
    for code in ERRORS:
        assert docs_url(code).endswith(f"/docs/errors/{code}.md")


@pytest.mark.parametrize("kind", ERRORS.values(), ids=ERRORS.keys())
def test_a_page_says_what_the_table_says_and_more(kind: ErrorKind) -> None:
    page = text(PAGES / f"{kind.code}.md")
    assert page.startswith(f"# {kind.code}\n\n{_told(kind)}\n")
    happened = section(page, "## What happened")
    assert kind.sentence in " ".join(happened.split())
    assert len(happened.split()) > len(kind.sentence.split()), "only the table's sentence is there"
    for heading in ("## Why", "## What to do"):
        assert len(section(page, heading).split()) >= 12, f"{heading} says next to nothing"


def test_the_index_lists_every_code_with_its_sentence() -> None:
    index = text(PAGES / "README.md")
    for kind in ERRORS.values():
        assert f"| [{kind.code}]({kind.code}.md) | {kind.status} | {kind.sentence} |" in index
    assert index.count(".md) | ") == len(ERRORS)


def test_no_two_pages_say_the_same() -> None:
    """A page that was copied and not rewritten helps nobody."""
    seen: dict[str, str] = {}
    for code in ERRORS:
        for paragraph in text(PAGES / f"{code}.md").split("\n\n"):
            if len(paragraph.split()) > 15:
                assert paragraph not in seen, f"{code} repeats {seen[paragraph]}"
                seen[paragraph] = code


def test_every_code_that_is_raised_is_in_the_table() -> None:
    raised = {
        (name, node.args[0].value)
        for name, path in modules().items()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "PlayheadError"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(raised) > 20
    assert {(name, code) for name, code in raised if code not in ERRORS} == set()


def test_every_code_of_the_table_is_used() -> None:
    """A row that nothing raises is a promise nobody keeps."""
    everywhere = " ".join(text(path) for path in modules().values() if path != TABLE)
    spelled = set(re.findall(r'"([a-z_]+)"', everywhere))
    assert set(ERRORS) - spelled == set()
