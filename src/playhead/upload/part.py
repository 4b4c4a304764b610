"""Parts of a file, and the header that names them: `Content-Range` of RFC 9110, section 14.4, in requests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playhead.model.errors import PlayheadError

_PART = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_QUESTION = re.compile(r"bytes \*/([0-9]{1,18}|\*)")


@dataclass(frozen=True)
class Part:
    """The bytes from `start` to before `stop` of a file of `size` bytes."""

    start: int
    stop: int
    size: int


@dataclass(frozen=True)
class Chunk:
    """Bytes from `start` on, of a file whose size the sender may not know yet."""

    start: int
    size: int | None = None
    """Of the whole file, when the sender says it with this chunk."""
    announced: int | None = None
    """How many bytes are to come, when the sender says so."""


@dataclass(frozen=True)
class Question:
    """How much of the file is there?"""


def parse(header: str) -> Part | Question:
    """What a Content-Range says.

    Raises:
        PlayheadError: `malformed_request`, `empty_file` where it says that the file has no bytes.
    """
    value = header.strip().lower()
    if question := _QUESTION.fullmatch(value):
        if question[1].isdecimal() and not int(question[1]):
            raise PlayheadError("empty_file")
        return Question()
    found = _PART.fullmatch(value)
    if found is None:
        raise PlayheadError(
            "malformed_request", "Content-Range must be `bytes first-last/size` or `bytes */size`."
        )
    first, last, size = (int(number) for number in found.groups())
    if not first <= last < size:
        raise PlayheadError("malformed_request", "Content-Range names bytes beyond the file's size.")
    return Part(first, last + 1, size)
