"""What signed part URLs lead to when it is our own disk that takes files by parts: the other half of S3's protocol.

PUT  /parts/…/{number}/…   the part's bytes                 → 200, ETag
POST /parts/…/0/…          a form with the part `file`       → 201, ETag, Location, `PostResponse`
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol
from xml.sax.saxutils import escape

from multipart import parse_options_header

from playhead.model.errors import PlayheadError
from playhead.records import multiparts
from playhead.storage.port import StoredPart
from playhead.upload.direct import Direct
from playhead.upload.entrance import PartAddress
from playhead.upload.form import file_of
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import taking


class TakesParts(Protocol):
    """A store whose parts arrive here."""

    async def write(
        self,
        attempt: str,
        number: int,
        body: AsyncIterator[bytes],
        *,
        most_bytes: int,
        size: int | None = None,
        md5: str | None = None,
    ) -> StoredPart:
        """Take one part, all of it or nothing."""
        ...


class PartPlane:
    """Takes the parts of a server's multiparts."""

    def __init__(self, direct: Direct, store: TakesParts) -> None:
        self._direct = direct
        self._store = store

    async def put(self, request: Request[PartAddress]) -> Reply:
        """Take one part.

        Raises:
            PlayheadError: `not_found`, `wrong_state`, `url_expired`, `upload_too_large`, `size_mismatch`,
                `malformed_request`, `storage_full`.
            DisconnectedError: the sender went away; nothing of the part is kept.
        """
        part = await self._take(request, request.body.blocks())
        return Reply(200, b"", {"etag": f'"{part.etag}"'})

    async def post(self, request: Request[PartAddress]) -> Reply:
        """Take the whole file from a form; an upload that completes by itself is then complete.

        Raises:
            PlayheadError: as `put`, and why the file is refused.
            DisconnectedError: the sender went away; nothing is kept.
        """
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != "multipart/form-data":
            raise PlayheadError("content_type_mismatch", "A POST to this URL must be multipart/form-data.")
        part = await self._take(request, file_of(request.body.blocks(), options.get("boundary", "")))
        row, upload = await self._direct.find(request.subject.multipart_id)
        await self._direct.complete(row, upload, {part.number: part.etag})
        key = row["key"]
        told = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>/{escape(key)}</Location>'
            f"<Bucket>playhead</Bucket><Key>{escape(key)}</Key><ETag>&quot;{part.etag}&quot;</ETag></PostResponse>"
        )
        headers = {"etag": f'"{part.etag}"', "location": f"/{key}"}
        return Reply(201, told.encode(), headers, content_type="application/xml")

    async def _take(self, request: Request[PartAddress], body: AsyncIterator[bytes]) -> StoredPart:
        address = request.subject
        row, upload = await self._direct.find(address.multipart_id)
        taking(upload)
        if row["state"] != multiparts.OPEN:
            raise PlayheadError("not_found", "This multipart is over.")
        return await self._store.write(
            row["id"].hex,
            max(1, address.number),
            body,
            most_bytes=self._direct.uploads.limit(upload),
            size=address.size,
            md5=address.md5,
        )
