"""A form that brings the file of one upload along: `multipart/form-data` (RFC 7578) with the part `file`.

    POST {url}, the part `file`   → 200, {"id", "size"}

The file goes to the disk while it arrives; of other parts a little is read and none is kept. Where a page sends a
plain `<form>`, it is a simple request: no preflight goes before it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from playhead.model.errors import PlayheadError
from playhead.upload.completing import complete_by_itself
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads

MAX_PARTS = 64
MAX_FIELD = 64 * 1024
FILE = "file"


class Form:
    """The protocol on the uploads of a server."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def take(self, request: Request[UUID]) -> Reply:
        """Take the file.

        What type its part says it is of is not held against it: browsers guess that from the name.

        Raises:
            PlayheadError: `malformed_request`, `invalid_request` without a part named file; and as
                `Uploads.receive` and `complete_by_itself`.
            DisconnectedError: the sender went away.
        """
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != "multipart/form-data":
            raise PlayheadError("content_type_mismatch", "A POST to this URL must be multipart/form-data.")
        size = await self._uploads.receive(
            request.subject,
            file_of(request.body.blocks(), options.get("boundary", "")),
            content_type=None,
            announced=None,
        )
        await complete_by_itself(self._uploads, request.subject)
        return Reply(200, msgspec.json.encode({"id": request.subject, "size": size}))


async def file_of(blocks: AsyncIterator[bytes], boundary: str) -> AsyncIterator[bytes]:
    """The bytes of the part `file`; the form is read to its end, so that one broken off later is noticed."""
    inside, found, length = False, False, 0
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            async for block in blocks:
                for event in parser.parse(block):
                    if isinstance(event, MultipartSegment):
                        inside = event.name == FILE and not found
                        found, length = found or inside, 0
                    elif event is not None and inside:
                        yield bytes(event)
                    elif event is not None:
                        length += len(event)
                        if length > MAX_FIELD:
                            raise PlayheadError("invalid_request", "A form field is larger than 64 KiB.")
    except MultipartError as error:
        raise PlayheadError("malformed_request", "The form could not be read.") from error
    if not found:
        raise PlayheadError("invalid_request", "The form has no part named file.", field=FILE)
