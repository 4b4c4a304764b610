"""Where a video to be uploaded is: a file on this machine, or an address that the server fetches it from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_SCHEMES = ("http://", "https://")


@dataclass(frozen=True)
class Address:
    """A URL, as it was given: a path would lose its double slashes."""

    url: str

    @property
    def name(self) -> str:
        """What people are told it is called."""
        parts = urlsplit(self.url)
        return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc


def place(_type: Any, tokens: Sequence[Any]) -> Path | Address:
    """What the command line names, for cyclopts."""
    (text,) = (token.value for token in tokens)
    return Address(text) if text.lower().startswith(_SCHEMES) else Path(text)
