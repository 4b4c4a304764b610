"""Partial uploads of tus 1.0: parts of a file that are sent side by side, to be put together later.

    POST /tus, Upload-Concat: partial, Upload-Length: 50   → 201, Location: {part}
    PATCH {part}, Upload-Offset: 0                         → 204, Upload-Offset: 50

A partial is no upload: it has no video, and only what `tus_concat` makes of several has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.urls import Urls
from playhead.records import grants, partials
from playhead.records.database import Row, Transaction
from playhead.storage.arriving import Held
from playhead.upload import checksum, tus_metadata
from playhead.upload.body import DisconnectedError
from playhead.upload.grants import Caller
from playhead.upload.part import Part
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads
from playhead.upload.tus_headers import check_version, expires, is_offset_type, number

MAX_WAITING = 1000
"""Files' worth of partials that may wait under a grant that does not say how many uploads it allows; and how many
partials may, of whatever size: as many as one file may be put together of."""


@dataclass(frozen=True)
class Partials:
    """The partials of a server."""

    uploads: Uploads
    urls: Urls

    async def begin(self, request: Request[Caller]) -> Reply:
        """Create a partial, and take the bytes that come along.

        Raises:
            PlayheadError: `malformed_request`, `empty_file`, `upload_too_large`, `grant_used_up`,
                `quota_exceeded`, `rate_limited`; and for bytes that come along as `patch`.
            DisconnectedError: the sender went away; nothing is kept.
        """
        size = number(request.headers, "upload-length")
        if size is None:
            raise PlayheadError("malformed_request", "A partial upload must have an Upload-Length.")
        if size == 0:
            raise PlayheadError("empty_file")
        metadata = request.headers.get("upload-metadata", "")
        tus_metadata.parse(metadata)
        caller = request.subject
        async with self.uploads.records.transaction() as tx:
            await self._check_room(tx, caller, size)
            partial = await partials.create(
                tx,
                caller.project_id,
                grant_id=caller.grant["id"] if caller.grant else None,
                size=size,
                tus_metadata=metadata,
                expires_in=timedelta(seconds=self.uploads.expiry_seconds),
            )
        url = self.urls.partial(partial["id"], int(partial["expires_at"].timestamp()))
        headers = {"location": url, "upload-expires": expires(partial["expires_at"])}
        if is_offset_type(request.headers):
            try:
                held = await self._take(request, partial, 0)
            except (PlayheadError, DisconnectedError):
                await self._forget(partial["id"])  # nobody was told the URL
                raise
            headers["upload-offset"] = str(held.prefix)
        return Reply(201, headers=headers)

    async def head(self, request: Request[UUID]) -> Reply:
        """Say where a partial stands.

        Raises:
            PlayheadError: `not_found`, `url_expired`; `upload_busy` for everything that may pass.
        """
        check_version(request.headers)
        try:
            partial = await self._find(request.subject)
            held = await self.uploads.incoming.standing(partial["id"])
        except PlayheadError as error:
            if error.kind.status < 500:
                raise
            raise PlayheadError("upload_busy") from error
        # One that has become part of a file arrived whole.
        prefix = partial["size"] if partial["upload_id"] else held.prefix if held else 0
        headers = {
            "upload-offset": str(prefix),
            "upload-length": str(partial["size"]),
            "upload-expires": expires(partial["expires_at"]),
            "upload-concat": "partial",
        }
        if partial["tus_metadata"]:
            headers["upload-metadata"] = partial["tus_metadata"]
        return Reply(200, headers=headers)

    async def patch(self, request: Request[UUID]) -> Reply:
        """Take bytes of a partial that go on where it stands.

        Raises:
            PlayheadError: `content_type_mismatch`, `malformed_request`, `not_found`, `url_expired`,
                `wrong_state`, `upload_too_large`, `checksum_mismatch`, `storage_full`.
            DisconnectedError: the sender went away; what came is kept.
        """
        check_version(request.headers)
        start = number(request.headers, "upload-offset")
        if not is_offset_type(request.headers) or start is None:
            raise PlayheadError(
                "content_type_mismatch" if start is not None else "malformed_request",
                "A PATCH must be of type application/offset+octet-stream and have an Upload-Offset.",
            )
        partial = await self._find(request.subject)
        if partial["upload_id"] is not None:
            raise PlayheadError("wrong_state", "This part has been put together with others already.")
        held = await self._take(request, partial, start)
        headers = {"upload-offset": str(held.prefix), "upload-expires": expires(partial["expires_at"])}
        return Reply(204, headers=headers)

    async def end(self, request: Request[UUID]) -> Reply:
        """Give a partial up.

        Raises:
            PlayheadError: `not_found`, `url_expired`; `wrong_state` once it was put together with others.
        """
        check_version(request.headers)
        partial = await self._find(request.subject)
        if partial["upload_id"] is not None:
            raise PlayheadError("wrong_state", "This part has been put together with others already.")
        await self._forget(partial["id"])
        return Reply(204)

    async def _forget(self, partial_id: UUID) -> None:
        async with self.uploads.records.transaction() as tx:
            await partials.remove(tx, partial_id)
        await self.uploads.incoming.discard(partial_id)

    async def _check_room(self, tx: Transaction, caller: Caller, size: int) -> None:
        """Under a grant, partials must not be more than what the uploads it still allows could hold."""
        most = self.uploads.limit(caller.grant)
        if caller.grant is not None:
            grant = await grants.working(tx, caller.grant["id"], lock=True)
            if grant is None:
                raise PlayheadError("url_expired", "This grant is over.")
            if grant["max_uploads"] is not None and grant["uploads_made"] >= grant["max_uploads"]:
                raise PlayheadError("grant_used_up")
            left = (grant["max_uploads"] or MAX_WAITING) - grant["uploads_made"]
            number, waiting = await partials.of_grant(tx, grant["id"])
            if number >= MAX_WAITING:
                raise PlayheadError("quota_exceeded", f"{number} parts wait under this grant already.")
            most = min(most, most * max(1, left) - waiting)
        if size > most:
            raise PlayheadError("upload_too_large", f"At most {max(0, most)} bytes are accepted.")

    async def _take(self, request: Request[UUID] | Request[Caller], partial: Row, start: int) -> Held:
        announced = number(request.headers, "content-length")
        if start + (announced or 0) > partial["size"]:
            raise PlayheadError("upload_too_large", f"The part would be larger than {partial['size']} bytes.")
        part = Part(start, partial["size"], partial["size"])
        wanted = checksum.parse(request.headers.get("upload-checksum"))
        return await self.uploads.incoming.receive_part(
            partial["id"], part, request.body.blocks(), follows=True, checksum=wanted
        )

    async def _find(self, partial_id: UUID) -> Row:
        async with self.uploads.records.transaction() as tx:
            partial = await partials.find(tx, partial_id)
        if partial is None:
            raise PlayheadError("not_found", "There is no such partial upload.")
        if partial["expired"]:
            raise PlayheadError("url_expired", "This partial upload is over.")
        return partial
