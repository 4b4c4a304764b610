"""tus 1.0 where uploads are created: at `/tus` with a key, and below a grant's token without one.

    POST /tus, Upload-Length: 100, Upload-Metadata: filename ZmlsbS5tcDQ=  → 201, Location: {url}

The URL is the same kind that `POST /v1/uploads` gives: it speaks every protocol. Beside it, `Playhead-Upload` and
`Playhead-Video` tell the ids, for pages that want to show the video afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping

from playhead.model.errors import PlayheadError
from playhead.model.urls import Urls
from playhead.records.database import Row
from playhead.upload import tus_metadata
from playhead.upload.asking import wished
from playhead.upload.grants import Caller
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads
from playhead.upload.tus import Tus
from playhead.upload.tus_concat import Concatenation
from playhead.upload.tus_headers import check_version, expires, is_offset_type, number
from playhead.upload.tus_partials import Partials


class TusCreation:
    """The protocol for the callers of a server."""

    def __init__(
        self, uploads: Uploads, urls: Urls, partials: Partials, concatenation: Concatenation
    ) -> None:
        self._uploads = uploads
        self._urls = urls
        self._tus = Tus(uploads)
        self._partials = partials
        self._concatenation = concatenation

    async def create(self, request: Request[Caller]) -> Reply:
        """Create an upload, and take the bytes that come along.

        Raises:
            PlayheadError: `malformed_request`, `invalid_request`, `empty_file`, `upload_too_large`,
                `grant_used_up`; and for bytes that come along as `Tus.patch`.
        """
        check_version(request.headers)
        concat = request.headers.get("upload-concat", "").strip()
        if concat.lower() == "partial":
            return await self._partials.begin(request)
        if concat:
            return await self._concatenation.finish(request)
        upload = await self._open(request.subject, request.headers)
        url = self._urls.upload(upload["id"], int(upload["expires_at"].timestamp()))
        headers = {
            "location": url,
            "upload-expires": expires(upload["expires_at"]),
            "playhead-upload": str(upload["id"]),
            "playhead-video": str(upload["video_id"]),
        }
        if is_offset_type(request.headers):
            headers["upload-offset"] = str(await self._take(request, upload))
        return Reply(201, headers=headers)

    async def _take(self, request: Request[Caller], upload: Row) -> int:
        try:
            return await self._tus.take(request, upload, 0)
        except PlayheadError:
            # Nobody was told the URL, so nobody will go on with it.
            await self._uploads.abandon(upload["id"])
            raise

    async def _open(self, caller: Caller, headers: Mapping[str, str]) -> Row:
        metadata = headers.get("upload-metadata", "")
        asked = wished(tus_metadata.wishes(tus_metadata.parse(metadata), _length(headers)), caller.grant)
        async with self._uploads.records.transaction() as tx:
            return await self._uploads.open(
                tx, caller.project_id, asked, grant=caller.grant, tus={"metadata": metadata}
            )


def _length(headers: Mapping[str, str]) -> int | None:
    """The size of the file that a creation speaks of; None when it will be said later."""
    length, deferred = number(headers, "upload-length"), headers.get("upload-defer-length")
    if (length is None) == (deferred is None) or deferred not in (None, "1"):
        raise PlayheadError("malformed_request", "Say either Upload-Length or Upload-Defer-Length: 1.")
    if length == 0:
        # A client takes an empty upload for done as soon as it is created, and no video would ever come of it.
        raise PlayheadError("empty_file")
    return length
