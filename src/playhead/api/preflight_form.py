"""The form of a preflight question (RFC 7578): a file's name, its size, and some ranges of its bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from litestar.exceptions import InternalServerException
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from playhead.model.errors import PlayheadError
from playhead.upload.asking import Wishes

MAX_FIELD = 4096
MAX_PARTS = 8192
"""A fragmented file has an index of many ranges."""
FORM_OVERHEAD = 4 * 1024 * 1024
"""Bytes that a form may have besides the ranges': its parts' headers."""
WITHIN_SECONDS = 60.0
"""How long a form may take to arrive: it holds memory, and so its sender may not dawdle."""
MAX_FILE = 1 << 62
_RANGE = re.compile(r"range-([0-9]{1,19})")


@dataclass(frozen=True)
class Asked:
    """A question."""

    wishes: Wishes
    size: int
    """Of the whole file, in bytes."""
    ranges: dict[int, bytes]
    """Offset in the file → the bytes from there on."""


async def read_form(stream: AsyncIterator[bytes], content_type: str, most_bytes: int) -> Asked:
    """Read a form of the fields `filename`, `size`, `resolutions` and parts named `range-<offset>`.

    Raises:
        PlayheadError: `malformed_request`, `invalid_request`, `upload_too_large` beyond `most_bytes` of ranges,
            `upload_incomplete` when it breaks off or takes too long.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind.lower() != "multipart/form-data" or not boundary:
        raise PlayheadError("malformed_request", "A preflight is a form: multipart/form-data.")
    form = _Form(boundary, most_bytes)
    try:
        async with asyncio.timeout(WITHIN_SECONDS):
            async for block in stream:
                if block:  # the parser takes an empty one for the end
                    form.take(block)
    except (
        InternalServerException,
        TimeoutError,
    ) as error:  # the framework's word for a sender that went away
        raise PlayheadError("upload_incomplete") from error
    form.end()
    return _asked(form)


class _Form:
    def __init__(self, boundary: str, most_bytes: int) -> None:
        self._parser = PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        self._most_bytes = most_bytes
        self._total = self._ranged = 0
        self._into: bytearray | None = None
        self._is_range = False
        self.fields: dict[str, bytearray] = {}
        self.ranges: dict[int, bytearray] = {}

    def take(self, block: bytes) -> None:
        self._total += len(block)
        if self._total > self._most_bytes + FORM_OVERHEAD:
            raise PlayheadError("upload_too_large", "The form is larger than what is looked at.")
        try:
            for event in self._parser.parse(block):
                self._event(event)
        except MultipartError as error:
            raise PlayheadError("malformed_request", "The form could not be read.") from error

    def end(self) -> None:
        try:
            self._parser.close()
        except MultipartError as error:
            raise PlayheadError("malformed_request", "The form has no end.") from error

    def _event(self, event: Any) -> None:
        if isinstance(event, MultipartSegment):
            name = event.name or ""
            found = _RANGE.fullmatch(name)
            self._is_range = found is not None
            self._into = bytearray()
            if found is not None:
                self.ranges[int(found[1])] = self._into
            else:
                self.fields[name] = self._into
        elif event and self._into is not None:
            self._into += event
            if self._is_range:
                self._ranged += len(event)
                if self._ranged > self._most_bytes:
                    raise PlayheadError(
                        "upload_too_large", f"At most {self._most_bytes} bytes of a file are looked at."
                    )
            elif len(self._into) > MAX_FIELD:
                raise PlayheadError("invalid_request", f"A form field is larger than {MAX_FIELD} bytes.")


def _asked(form: _Form) -> Asked:
    fields = {name: value.decode("utf-8", "replace").strip() for name, value in form.fields.items()}
    size = fields.get("size", "")
    if not (size.isascii() and size.isdecimal() and len(size) < 20 and int(size) <= MAX_FILE):
        raise PlayheadError("invalid_request", "size must be the file's size in bytes.", field="size")
    listed = [name.strip() for name in fields.get("resolutions", "").split(",") if name.strip()]
    ranges = {offset: bytes(data) for offset, data in form.ranges.items()}
    return Asked(Wishes(fields.get("filename", ""), resolutions=listed or None), int(size), ranges)
