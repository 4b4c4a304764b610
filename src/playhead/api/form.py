"""The older form of creating a video: `multipart/form-data` that brings the file along (RFC 7578).

The file goes to the disk part by part while it arrives; only the small fields are held in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from litestar.exceptions import InternalServerException
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from playhead.api.requests import from_fields
from playhead.model.errors import PlayheadError
from playhead.model.idempotency import idempotency_key
from playhead.storage.digest import sha256_of
from playhead.upload.completing import create_from
from playhead.upload.once import Once, once
from playhead.upload.sessions import Uploads

MAX_FIELD = 64 * 1024
MAX_PARTS = 64
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class _Form:
    """A form while it is read: small fields kept, the file's bytes passed on."""

    def __init__(self, stream: AsyncIterator[bytes], boundary: str) -> None:
        self._stream = stream
        self._parser = PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        self._events: list[Any] = []
        self.fields: dict[str, str] = {}
        self.filename: str | None = None

    async def _next(self) -> Any:
        """The parser's next event: a segment's beginning, some of its bytes, None at its end; False when over."""
        while not self._events:
            try:
                block = await anext(self._stream, b"")
            except InternalServerException as error:  # how the framework says that the sender went away
                raise PlayheadError("upload_incomplete") from error
            if not block:
                return False
            try:
                self._events = list(self._parser.parse(block))
            except MultipartError as error:
                raise PlayheadError("malformed_request", "The form could not be read.") from error
        return self._events.pop(0)

    async def until_file(self) -> bool:
        """Read fields until the file's part begins; False when the form ends without one."""
        while (event := await self._next()) is not False:
            if not isinstance(event, MultipartSegment):
                continue
            if event.name == "file" and event.filename and self.filename is None:
                self.filename = event.filename
                return True
            await self._field(event)
        return False

    async def file(self) -> AsyncIterator[bytes]:
        """The file's bytes."""
        while event := await self._next():
            yield bytes(event)
        if event is False:
            raise PlayheadError("upload_incomplete")

    async def _field(self, segment: MultipartSegment) -> None:
        value = bytearray()
        while event := await self._next():
            value += event
            if len(value) > MAX_FIELD:
                raise PlayheadError("invalid_request", "A form field is larger than 64 KiB.")
        self.fields[segment.name] = value.decode("utf-8", "replace")


async def receive(
    stream: AsyncIterator[bytes], headers: Mapping[str, str], project_id: UUID, uploads: Uploads
) -> UUID:
    """Read a form with the parts `file`, `resolutions`, `isPublic` and optionally the thumbnails' times.

    Returns:
        The id of the new video, already processing.

    Raises:
        PlayheadError: what is wrong with the form or its file; then no video was made. `idempotency_key_reused`.
    """
    idempotency_key(headers)  # one that is none is refused before anything is taken
    form = _Form(stream, parse_options_header(headers.get("content-type", ""))[1].get("boundary", ""))
    if not await form.until_file():
        raise PlayheadError("invalid_request", "The form has no part named file.", field="file")
    # The fields may come after the file, so the bytes arrive before the video they belong to exists.
    arriving = uuid4()
    try:
        size = await uploads.incoming.receive(arriving, form.file(), uploads.max_bytes)
        await form.until_file()
        asked = from_fields(_typed(form.fields, form.filename or "", size))
        asked_once = await _once(headers, project_id, form, uploads.incoming.path(arriving))
        return await create_from(uploads, arriving, project_id, asked, asked_once)
    finally:
        await uploads.incoming.discard(arriving)


async def _once(headers: Mapping[str, str], project_id: UUID, form: _Form, file: Path) -> Once | None:
    """What a key stands for: the fields and the file, whatever the form's boundaries and order."""
    if idempotency_key(headers) is None:
        return None
    fields = [text.encode() for pair in sorted(form.fields.items()) for text in pair]
    asked = [b"form", (form.filename or "").encode(), await sha256_of(file), *fields]
    return once(headers, project_id, asked)


def _typed(fields: dict[str, str], filename: str, size: int) -> dict[str, Any]:
    typed: dict[str, Any] = {"filename": filename, "fileSizeBytes": size}
    typed["resolutions"] = [name.strip() for name in fields.get("resolutions", "").split(",") if name.strip()]
    typed["isPublic"] = TRUTHS.get(fields.get("isPublic", fields.get("is_public", "")).strip().lower())
    if typed["isPublic"] is None:
        raise PlayheadError("invalid_request", "isPublic must be true or false.", field="isPublic")
    times = fields.get("thumbnail_timestamps_seconds", fields.get("thumbnailTimestampsSeconds", ""))
    try:
        typed["thumbnailTimestampsSeconds"] = [float(time) for time in times.split(",") if time.strip()]
    except ValueError:
        raise PlayheadError(
            "invalid_request", "Thumbnail times must be seconds, separated by commas."
        ) from None
    return typed
