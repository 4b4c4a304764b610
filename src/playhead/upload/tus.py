"""tus 1.0 on the URL of one upload: where it stands, and the bytes that go on from there.

    HEAD {url}                        → 200, Upload-Offset: 70
    PATCH {url}, Upload-Offset: 70    → 204, Upload-Offset: 100

The offset is what is on the disk from the beginning of the file without a gap. When it answers, the bytes it speaks
of are flushed. An upload that was created by tus is completed by the request that brings its last byte; what is
wrong with the file is then that request's answer.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog

from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.records import uploads as records
from playhead.records.database import Row
from playhead.upload import checksum
from playhead.upload.completing import complete_by_itself
from playhead.upload.part import Chunk
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads
from playhead.upload.tus_headers import check_version, expires, is_offset_type, number

log = structlog.get_logger()


class Tus:
    """The protocol on the uploads of a server."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def head(self, request: Request[UUID]) -> Reply:
        """Say where the upload stands.

        Clients begin anew, from the first byte, after any answer but 2xx and 423. So whatever stands in the way
        for the moment is answered with 423.

        Raises:
            PlayheadError: `not_found`, `url_expired`; `upload_busy` for everything that may pass.
        """
        check_version(request.headers)
        try:
            # It may be whole, and still be waiting for somebody to say so.
            await complete_by_itself(self._uploads, request.subject)
            return await self._standing(request.subject)
        except PlayheadError as error:
            if error.kind.status < 500 and error.code != "rate_limited":
                raise
            raise PlayheadError("upload_busy") from error
        except Exception as error:
            log.exception("where an upload stands could not be told", upload=str(request.subject))
            raise PlayheadError("upload_busy") from error

    async def patch(self, request: Request[UUID]) -> Reply:
        """Take bytes that go on where the upload stands.

        Raises:
            PlayheadError: `content_type_mismatch`, `malformed_request`, `upload_final`, as
                `Uploads.receive_chunk`, and with the last byte as `complete_by_itself`.
            DisconnectedError: the sender went away; what came is kept.
        """
        check_version(request.headers)
        if not is_offset_type(request.headers):
            raise PlayheadError(
                "content_type_mismatch", "A PATCH must be of type application/offset+octet-stream."
            )
        start = number(request.headers, "upload-offset")
        if start is None:
            raise PlayheadError("malformed_request", "A PATCH must have an Upload-Offset.")
        upload = await self._find(request.subject)
        if "final" in (upload["tus"] or {}).get("concat", ""):
            raise PlayheadError("upload_final")
        offset = await self.take(request, upload, start)
        headers = {"upload-offset": str(offset), "upload-expires": expires(upload["expires_at"])}
        return Reply(204, headers=headers)

    async def take(self, request: Request[Any], upload: Row, start: int) -> int:
        """Take a request's body from `start` on; where the upload stands then.

        Raises:
            PlayheadError: as `patch`.
        """
        chunk = Chunk(
            start,
            size=number(request.headers, "upload-length"),
            announced=number(request.headers, "content-length"),
        )
        wanted = checksum.parse(request.headers.get("upload-checksum"))
        held = await self._uploads.receive_chunk(upload["id"], chunk, request.body.blocks(), wanted)
        if held.whole:
            await complete_by_itself(self._uploads, upload["id"])
        return held.prefix

    async def end(self, request: Request[UUID]) -> Reply:
        """Give the upload up, with all that arrived.

        Raises:
            PlayheadError: as `Uploads.abandon`.
        """
        check_version(request.headers)
        await self._uploads.abandon(request.subject)
        return Reply(204)

    async def _standing(self, upload_id: UUID) -> Reply:
        upload = await self._find(upload_id)
        offset, size = upload["received_size"], upload["declared_size"]
        if upload["state"] == UploadState.WAITING:
            held = await self._uploads.incoming.standing(upload_id)
            offset = held.prefix if held is not None else 0
        else:
            size = offset
        headers = {"upload-offset": str(offset), "upload-expires": expires(upload["expires_at"])}
        headers |= {"upload-defer-length": "1"} if size is None else {"upload-length": str(size)}
        for name in ("metadata", "concat"):
            if value := (upload["tus"] or {}).get(name):
                headers[f"upload-{name}"] = value
        return Reply(200, headers=headers)

    async def _find(self, upload_id: UUID) -> Row:
        async with self._uploads.records.transaction() as tx:
            upload = await records.find(tx, upload_id)
        if upload is None:
            raise PlayheadError("not_found", "There is no such upload.")
        is_over = upload["state"] == UploadState.DEAD
        if is_over or (upload["expired"] and upload["state"] != UploadState.COMPLETE):
            raise PlayheadError("url_expired", "This upload is over.")
        return upload
