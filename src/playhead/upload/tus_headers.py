"""The headers of tus 1.0, "resumable upload protocol" 1.0.0 of 2016-03-25, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from playhead.model.errors import PlayheadError
from playhead.upload.checksum import ALGORITHMS

VERSION = "1.0.0"
EXTENSIONS = (
    "creation,creation-with-upload,creation-defer-length,expiration,termination,checksum,concatenation"
)
OFFSET_TYPE = "application/offset+octet-stream"
_DIGITS = 18
"""Of the largest number that is read: far beyond any file, and within PostgreSQL's bigint."""


def discovery(limit: int) -> dict[str, str]:
    """What an OPTIONS request that is no preflight is answered with; `limit` is in bytes."""
    return {
        "tus-resumable": VERSION,
        "tus-version": VERSION,
        "tus-extension": EXTENSIONS,
        "tus-max-size": str(limit),
        "tus-checksum-algorithm": ALGORITHMS,
    }


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse another version than ours. One that says nothing is taken at its word otherwise.

    Raises:
        PlayheadError: `unsupported_version`.
    """
    if headers.get("tus-resumable", VERSION) != VERSION:
        raise PlayheadError("unsupported_version")


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A header's number of bytes; None when it is not there.

    Raises:
        PlayheadError: `malformed_request`.
    """
    text = headers.get(name)
    if text is None:
        return None
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise PlayheadError("malformed_request", f"{name.title()} must be a number of bytes.")
    return int(text)


def is_offset_type(headers: Mapping[str, str]) -> bool:
    """Whether the body is bytes of a file, as tus spells it."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == OFFSET_TYPE


def expires(moment: datetime) -> str:
    """An `Upload-Expires` header."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
