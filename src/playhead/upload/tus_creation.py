"""tus 1.0 where uploads are created: at `/tus` with a key, and below a grant's token without one.

    POST /tus, Upload-Length: 100, Upload-Metadata: filename ZmlsbS5tcDQ=  → 201, Location: {url}

The URL is the same kind that `POST /v1/uploads` gives: it speaks every protocol. Beside it, `Playhead-Upload` and
`Playhead-Video` tell the ids, for pages that want to show the video afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping

from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.model.urls import Urls
from playhead.records import uploads
from playhead.records.database import Row
from playhead.upload import tus_metadata
from playhead.upload.asking import wished
from playhead.upload.body import DisconnectedError
from playhead.upload.grants import Caller
from playhead.upload.once import Once, once
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads
from playhead.upload.tus import Tus
from playhead.upload.tus_concat import Concatenation
from playhead.upload.tus_headers import check_version, expires, is_offset_type, number
from playhead.upload.tus_partials import Partials

_DRAIN = 8 * 1024 * 1024
"""Bytes of a body that is not needed, read so that its sender lives to read the answer."""


class TusCreation:
    """The protocol for the callers of a server."""

    def __init__(
        self, station: Uploads, urls: Urls, partials: Partials, concatenation: Concatenation
    ) -> None:
        self._uploads = station
        self._urls = urls
        self._tus = Tus(station)
        self._partials = partials
        self._concatenation = concatenation

    async def create(self, request: Request[Caller]) -> Reply:
        """Create an upload, and take the bytes that come along.

        Raises:
            PlayheadError: `malformed_request`, `invalid_request`, `empty_file`, `upload_too_large`,
                `grant_used_up`, `idempotency_key_reused`; and for bytes that come along as `Tus.patch`.
            DisconnectedError: the sender went away; what came is kept for one that has a key.
        """
        check_version(request.headers)
        concat = request.headers.get("upload-concat", "").strip()
        if concat.lower() == "partial":
            return await self._partials.begin(request)
        if concat:
            return await self._concatenation.finish(request)
        asked_once = _once(request)
        upload, is_new = await self._open(request.subject, request.headers, asked_once)
        url = self._urls.upload(upload["id"], int(upload["expires_at"].timestamp()))
        headers = {
            "location": url,
            "upload-expires": expires(upload["expires_at"]),
            "playhead-upload": str(upload["id"]),
            "playhead-video": str(upload["video_id"]),
        }
        if is_offset_type(request.headers):
            taken = self._take(request, upload, asked_once) if is_new else self._stands(request, upload)
            headers["upload-offset"] = str(await taken)
        return Reply(201, headers=headers)

    async def _take(self, request: Request[Caller], upload: Row, asked_once: Once | None) -> int:
        try:
            return await self._tus.take(request, upload, 0)
        except (PlayheadError, DisconnectedError) as error:
            if isinstance(error, DisconnectedError) and asked_once is not None:
                raise  # cut off, it asks by the same key again and goes on
            # Nobody was told the URL, so nobody will go on with it.
            await self._uploads.abandon(upload["id"])
            if asked_once is not None:
                await asked_once.free(self._uploads.records)
            raise

    async def _stands(self, request: Request[Caller], upload: Row) -> int:
        """Where an upload stands that was created before: its client goes on from there by itself."""
        await request.body.drain(_DRAIN)
        if upload["state"] != UploadState.WAITING:
            return int(upload["received_size"])
        held = await self._uploads.incoming.standing(upload["id"])
        return held.prefix if held is not None else 0

    async def _open(
        self, caller: Caller, headers: Mapping[str, str], asked_once: Once | None
    ) -> tuple[Row, bool]:
        """The upload, and whether it is new."""
        metadata = headers.get("upload-metadata", "")
        asked = wished(tus_metadata.wishes(tus_metadata.parse(metadata), _length(headers)), caller.grant)
        async with self._uploads.records.transaction() as tx:
            before = await asked_once.before(tx) if asked_once is not None else None
            if before is not None:
                return _alive(await uploads.find(tx, before)), False
            upload = await self._uploads.open(
                tx, caller.project_id, asked, grant=caller.grant, tus={"metadata": metadata}
            )
            if asked_once is not None:
                await asked_once.note(tx, upload["id"])
            return upload, True


def _once(request: Request[Caller]) -> Once | None:
    caller = request.subject
    names = ("upload-length", "upload-defer-length", "upload-metadata")
    asked = [b"tus", *(request.headers.get(name, "").encode() for name in names)]
    grant_id = caller.grant["id"] if caller.grant is not None else None
    return once(request.headers, caller.project_id, asked, grant_id=grant_id)


def _alive(upload: Row | None) -> Row:
    if upload is None or upload["state"] == UploadState.DEAD:
        raise PlayheadError("url_expired", "This upload is over.")
    return upload


def _length(headers: Mapping[str, str]) -> int | None:
    """The size of the file that a creation speaks of; None when it will be said later."""
    length, deferred = number(headers, "upload-length"), headers.get("upload-defer-length")
    if (length is None) == (deferred is None) or deferred not in (None, "1"):
        raise PlayheadError("malformed_request", "Say either Upload-Length or Upload-Defer-Length: 1.")
    if length == 0:
        # A client takes an empty upload for done as soon as it is created, and no video would ever come of it.
        raise PlayheadError("empty_file")
    return length
