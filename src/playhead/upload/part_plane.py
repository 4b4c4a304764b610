"""What signed part URLs lead to when it is our own disk that takes files by parts: the other half of S3's protocol.

PUT  /parts/…/{number}/…   the part's bytes                 → 200, ETag
POST /parts/…/0/…          a form with the part `file`       → 201, ETag, Location, `PostResponse`
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol, TypedDict
from uuid import UUID
from weakref import WeakValueDictionary
from xml.sax.saxutils import escape

from multipart import parse_options_header

from playhead.model.checksum import CRC_HEADER, NO_CHECKSUMS, Checksums, base64_in
from playhead.model.errors import PlayheadError
from playhead.records import multiparts
from playhead.records.database import Row, Transaction
from playhead.storage.port import StoredPart
from playhead.upload.direct import Direct
from playhead.upload.entrance import PartAddress
from playhead.upload.form import file_of
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import taking

_HEADERS = {"content-md5": 16, "x-amz-checksum-sha256": 32, CRC_HEADER: 8}
"""Bytes of each checksum that may be sent along with a part."""


class TakesParts(Protocol):
    """A store whose parts arrive here."""

    async def write(
        self,
        attempt: str,
        number: int,
        body: AsyncIterator[bytes],
        *,
        most_bytes: int,
        placing: Callable[[], AbstractAsyncContextManager[int]] | None = None,
        size: int | None = None,
        md5: str | None = None,
        checksums: Checksums = NO_CHECKSUMS,
    ) -> StoredPart:
        """Take one part, all of it or nothing; all parts of the attempt may have `most_bytes` together.

        Of those that come side by side each takes its place within `placing`, which tells that number anew.
        """
        ...


class PartPlane:
    """Takes the parts of a server's multiparts."""

    def __init__(self, direct: Direct, store: TakesParts) -> None:
        self._direct = direct
        self._store = store
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        """By upload, while parts of it take their places."""

    async def put(self, request: Request[PartAddress]) -> Reply:
        """Take one part. Bytes that do not have the checksums sent along are refused as S3 does it, by `BadDigest`.

        Raises:
            PlayheadError: `not_found`, `wrong_state`, `url_expired`, `upload_too_large`, `size_mismatch`,
                `malformed_request`, `storage_full`.
            DisconnectedError: the sender went away; nothing of the part is kept.
        """
        try:
            part = await self._take(request, request.body.blocks(), announced(request))
        except PlayheadError as error:
            if error.code != "checksum_mismatch":
                raise
            return bad_digest(error)
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
        part = await self._take(
            request, file_of(request.body.blocks(), options.get("boundary", "")), _NOTHING
        )
        row, upload = await self._direct.find(request.subject.multipart_id)
        await self._direct.complete(row, upload, {part.number: part.etag})
        key = row["key"]
        told = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>/{escape(key)}</Location>'
            f"<Bucket>playhead</Bucket><Key>{escape(key)}</Key><ETag>&quot;{part.etag}&quot;</ETag></PostResponse>"
        )
        headers = {"etag": f'"{part.etag}"', "location": f"/{key}"}
        return Reply(201, told.encode(), headers, content_type="application/xml")

    async def _take(
        self, request: Request[PartAddress], body: AsyncIterator[bytes], announced: Announced
    ) -> StoredPart:
        address = request.subject
        row, upload = await self._open(address.multipart_id)
        async with self._direct.uploads.records.transaction() as tx:
            most_bytes = await self._most_bytes(tx, row, upload)
        return await self._store.write(
            row["id"].hex,
            max(1, address.number),
            body,
            most_bytes=most_bytes,
            placing=partial(self._placing, row["id"]),
            size=address.size,
            **announced,
        )

    async def _open(self, multipart_id: UUID) -> tuple[Row, Row]:
        row, upload = await self._direct.find(multipart_id)
        taking(upload)
        if row["state"] != multiparts.OPEN:
            raise PlayheadError("not_found", "This multipart is over.")
        return row, upload

    @asynccontextmanager
    async def _placing(self, multipart_id: UUID) -> AsyncIterator[int]:
        """One part of an upload at a time, whichever process takes it: each sees those that came before."""
        row, upload = await self._open(multipart_id)
        # Those of this process wait for each other here, where they hold no connection.
        async with (
            self._turns.setdefault(upload["id"], asyncio.Lock()),
            self._direct.uploads.records.transaction() as tx,
        ):
            await multiparts.alone(tx, upload["id"])
            yield await self._most_bytes(tx, row, upload)

    async def _most_bytes(self, tx: Transaction, row: Row, upload: Row) -> int:
        """What the parts of a multipart may have together: the file and no more.

        Who loses track begins anew, and what was sent before stays until the upload is over: that much once more is
        room enough for all that is not given up.
        """
        station = self._direct.uploads
        limit = station.limit(upload)
        file_bytes = limit if upload["declared_size"] is None else min(limit, upload["declared_size"])
        kept = 0
        for other in await multiparts.others(tx, upload["id"], row["id"]):
            kept += sum(part.size for part in await station.parts.parts(other["key"], other["attempt"]))
        return min(file_bytes, 2 * file_bytes - kept)


class Announced(TypedDict):
    """What the bytes of a part must add up to."""

    md5: str | None
    """In hexadecimal digits."""
    checksums: Checksums


_NOTHING: Announced = {"md5": None, "checksums": NO_CHECKSUMS}


def announced(request: Request[PartAddress]) -> Announced:
    """What a part's URL and headers say of its bytes: S3's headers, but for algorithms that only S3 has.

    Raises:
        PlayheadError: `malformed_request` for a header that cannot be read, `checksum_mismatch` for one that is not
            what the URL was signed for.
    """
    address, found = request.subject, {}
    for name, size in _HEADERS.items():
        text = request.headers.get(name)
        found[name] = None if text is None else base64_in(text.strip(), size)
        if text is not None and found[name] is None:
            raise PlayheadError("malformed_request", f"The {name} must be one in base64.")
    md5, sha256, crc64nvme = (found[name] for name in _HEADERS)
    signed_md5 = None if address.md5 is None else bytes.fromhex(address.md5)
    for signed, sent in ((signed_md5, md5), (address.crc64nvme, crc64nvme)):
        if None not in (signed, sent) and signed != sent:
            raise PlayheadError("checksum_mismatch", "The URL was signed for other bytes.")
    return {
        "md5": address.md5 if md5 is None else md5.hex(),
        "checksums": Checksums(sha256, address.crc64nvme or crc64nvme),
    }


def bad_digest(error: PlayheadError) -> Reply:
    """S3's answer to bytes that do not add up to what was sent along."""
    told = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>BadDigest</Code>'
        f"<Message>{escape(error.detail)}</Message></Error>"
    )
    return Reply(400, told.encode(), content_type="application/xml")
