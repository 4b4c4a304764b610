"""The name a downloaded file gets (RFC 6266), made of a name that a stranger typed."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

_RESERVED = frozenset('"\\/:*?<>|%')
"""Characters that a header or some file system takes for something else."""
_MAX_LENGTH = 100


def attachment(filename: str, ending: str) -> str:
    """`Content-Disposition` that saves under the upload's name with another ending, such as `-480p.mp4`."""
    stem = _stem(filename)
    plain = "".join(letter if letter.isascii() else "_" for letter in stem)
    return f"attachment; filename=\"{plain}{ending}\"; filename*=UTF-8''{quote(stem + ending, safe='')}"


def _stem(filename: str) -> str:
    """The name without its ending and what could mislead: controls, bidirectional marks, separators."""
    composed = unicodedata.normalize("NFC", filename.replace("\\", "/"))
    letters = [
        "_" if letter in _RESERVED else letter
        for letter in PurePosixPath(composed).stem
        # Cc, Cf, Cs, Co, Cn: controls, invisible marks, lone surrogates and what is no character at all.
        if not unicodedata.category(letter).startswith("C")
    ]
    return "".join(letters).strip(" .")[:_MAX_LENGTH].strip(" .") or "video"
