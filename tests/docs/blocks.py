"""The code blocks of the documentation, with what the comments above them say about running them.

`<!-- not run: why -->`, `<!-- keep: NAME=path.in.answer … -->` and `<!-- until: path=value -->` stand on the line
above a block and are not seen by readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "CHANGELOG.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))),
]

RUN = {"bash", "javascript", "python"}
"""Languages whose blocks are run."""
CHECKED = {"html", "ini", "json", "nginx", "toml", "tsx"}
"""Languages whose blocks are read by a test; pages and components by those of tests/playback."""
SHOWN = {"text"}
"""What is only shown: what a command prints, or a header."""

_NOTE = re.compile(r"<!-- (not run|keep|until): (.+) -->$")
_FENCE = re.compile(r"```(\w*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    """Of its fence, counted from 1."""
    language: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        """Whether the tests run it."""
        return self.language in RUN and "not run" not in self.notes

    @property
    def kept(self) -> dict[str, str]:
        """Variable → where its value is in the block's answer."""
        pairs = (each.partition("=") for each in self.notes.get("keep", "").split())
        return {name: path for name, _, path in pairs}


@cache
def blocks(page: str) -> tuple[Block, ...]:
    """The blocks of a page, in order."""
    return tuple(_parsed(page))


def _parsed(page: str) -> Iterator[Block]:
    notes: dict[str, str] = {}
    lines = iter(enumerate((ROOT / page).read_text().splitlines(), 1))
    for number, line in lines:
        if found := _NOTE.match(line):
            notes[found[1]] = found[2]
        elif found := _FENCE.match(line):
            inside: list[str] = []
            for _, text in lines:
                if text == "```":
                    break
                inside.append(text)
            yield Block(page, number, found[1], "\n".join(inside) + "\n", notes)
            notes = {}
        else:
            notes = {}
