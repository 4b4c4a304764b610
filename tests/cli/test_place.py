"""Files and addresses on one command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from playhead.cli.place import Address, place


@dataclass(frozen=True)
class Token:
    value: str


@pytest.mark.parametrize(
    ("text", "found", "name"),
    [
        ("a/b.mp4", Path("a/b.mp4"), "b.mp4"),
        ("https.mp4", Path("https.mp4"), "https.mp4"),
        ("https://h//a/../b%20c.mp4?x=1//2", Address("https://h//a/../b%20c.mp4?x=1//2"), "b c.mp4"),
        ("HTTP://h:8/", Address("HTTP://h:8/"), "h:8"),
    ],
)
def test_an_address_is_told_from_a_file(text: str, found: Path | Address, name: str) -> None:
    told = place(None, [Token(text)])
    assert (told, told.name) == (found, name)
