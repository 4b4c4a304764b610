"""The tree that Uppy's AwsS3 speaks with a server, as Companion has it; below `{C}`, a grant's or an upload's URL:

    POST   {C}/s3/multipart                 {filename, type, metadata}   → {key, uploadId, bucket, videoId}
    GET    {C}/s3/multipart/{id}/{n}?key=                                 → {method, url, headers, expires}
    GET    {C}/s3/multipart/{id}?key=                                     → [{PartNumber, Size, ETag}]
    POST   {C}/s3/multipart/{id}/complete?key=  {parts: [{PartNumber, ETag}]} → {location, key, bucket}
    DELETE {C}/s3/multipart/{id}?key=                                     → {}
    GET    {C}/s3/params?filename=&type=    a form for the whole file     → {method, url, fields, headers}

Beyond that, whoever knows more may say more: `size` when beginning, which is then held to; `size`, `md5` and
`crc64nvme` when a part is signed, and then only those bytes are taken; `ChecksumCRC64NVME` of parts
and `checksum` of the whole when completing.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from playhead.model.checksum import crc64nvme_in
from playhead.model.errors import PlayheadError
from playhead.model.idempotency import idempotency_key
from playhead.model.urls import Urls
from playhead.records import multiparts, uploads
from playhead.records.database import Row
from playhead.upload.asking import wished
from playhead.upload.body import Body
from playhead.upload.declaring import declare
from playhead.upload.direct import Direct, part_bytes
from playhead.upload.grants import Caller
from playhead.upload.once import once
from playhead.upload.protocols import Route
from playhead.upload.quarantine import SIGNED_SECONDS
from playhead.upload.reply import Reply
from playhead.upload.request import Request, Subject
from playhead.upload.sessions import Uploads, taking
from playhead.upload.tus_metadata import wishes

BUCKET = "playhead"
"""What clients are told for a bucket: they show it and hand it back, and nothing else."""
MAX_BODY = 2 * 1024 * 1024
"""Bytes of JSON: 10,000 parts with their ETags are 0.7 MB."""
_ID = "[0-9a-f]{32}"
_CRC = "ChecksumCRC64NVME"
"""Of a part, as S3 names it."""

Opening = Callable[[Subject, Mapping[str, str], int | None, Mapping[str, str]], Awaitable[Row]]
"""Whoever asks, what it says of the file, its size, the request's headers → the upload that the file is for."""
Belongs = Callable[[Subject, Row], bool]
"""Whether an upload is one that whoever asks may fill."""


class Companion(Generic[Subject]):
    """The tree, for one kind of `{C}`."""

    def __init__(
        self,
        direct: Direct,
        urls: Urls,
        opening: Opening[Subject],
        belongs: Belongs[Subject],
        *,
        alone: bool,
    ) -> None:
        self._direct = direct
        self._urls = urls
        self._opening = opening
        self._belongs = belongs
        self._alone = alone
        """Whether an upload is there for one multipart only, and is given up with it."""

    def routes(self) -> tuple[Route[Subject], ...]:
        """What the tree answers."""
        return (
            Route("GET", self.params, below="/s3/params"),
            Route("POST", self.begin, below="/s3/multipart"),
            Route("GET", self.parts, below=f"/s3/multipart/{_ID}"),
            Route("DELETE", self.abort, below=f"/s3/multipart/{_ID}"),
            Route("GET", self.sign, below=f"/s3/multipart/{_ID}/[0-9]{{1,6}}"),
            Route("POST", self.complete, below=f"/s3/multipart/{_ID}/complete"),
        )

    async def params(self, request: Request[Subject]) -> Reply:
        """A form that brings the whole file straight to the store.

        Raises:
            PlayheadError: as `Direct.begin` and what opening an upload raises.
        """
        query = _query(request)
        said = {re.sub(r"^metadata\[(.*)\]$", r"\1", name): value for name, value in query.items()}
        upload = await self._opening(request.subject, said, _number(query, "size"), {})
        row = await self._direct.begin(upload, multiparts.FORM)
        signed = await self._direct.sign_form(row, upload)
        return _json(
            {
                "method": signed.method,
                "url": signed.url,
                "fields": signed.fields,
                "headers": signed.headers,
                "expires": SIGNED_SECONDS,
            }
        )

    async def begin(self, request: Request[Subject]) -> Reply:
        """A new multipart; with an `Idempotency-Key` that was there before, the same one again while it is open.

        Raises:
            PlayheadError: as `params`, `malformed_request`, `idempotency_key_reused`.
        """
        asked = await _object(request.body)
        metadata = asked.get("metadata")
        said = {
            **(metadata if isinstance(metadata, dict) else {}),
            **{name: asked[name] for name in ("filename", "type") if asked.get(name)},
        }
        size = asked.get("size")
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
            raise PlayheadError("invalid_request", "The size must be a number of bytes.", field="size")
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
        upload = await self._opening(request.subject, texts, size, request.headers)
        row = await self._begun(upload, request.headers) or await self._begin(upload, request.headers)
        told: dict[str, Any] = {"key": row["key"], "uploadId": row["id"].hex, "bucket": BUCKET}
        told["videoId"] = str(upload["video_id"])
        told["expiresAt"] = upload["expires_at"]
        size = upload["declared_size"]
        if size is not None:
            told["partSize"] = part_bytes(size)
        return _json(told)

    async def _begun(self, upload: Row, headers: Mapping[str, str]) -> Row | None:
        """What was begun of a new video's upload by the same key: the upload is that key's own."""
        if not self._alone or idempotency_key(headers) is None:
            return None
        async with self._direct.uploads.records.transaction() as tx:
            return await multiparts.newest_open(tx, upload["id"])

    async def _begin(self, upload: Row, headers: Mapping[str, str]) -> Row:
        try:
            return await self._direct.begin(upload)
        except PlayheadError:
            if self._alone and idempotency_key(headers) is None:
                await self._direct.uploads.take_back(upload)  # whoever asks again gets another one
            raise

    async def sign(self, request: Request[Subject]) -> Reply:
        """Where one part goes.

        Raises:
            PlayheadError: `not_found`, `invalid_request`, `wrong_state`, `url_expired`.
        """
        row, upload = await self._found(request)
        query = _query(request)
        number = int(request.path.rstrip("/").rpartition("/")[2])
        signed = await self._direct.sign_part(
            row,
            upload,
            number,
            size=_number(query, "size"),
            md5=_md5(query.get("md5")),
            crc64nvme=_crc(query.get("crc64nvme"), "crc64nvme"),
        )
        return _json(
            {
                "method": signed.method,
                "url": signed.url,
                "headers": signed.headers,
                "expires": SIGNED_SECONDS,
            }
        )

    async def parts(self, request: Request[Subject]) -> Reply:
        """Every part that is there, whole.

        Raises:
            PlayheadError: `not_found`, `wrong_state`, `url_expired`, `storage_unavailable`.
        """
        row, upload = await self._found(request)
        found = await self._direct.parts(row, upload)
        return _json(
            [{"PartNumber": part.number, "Size": part.size, "ETag": f'"{part.etag}"'} for part in found]
        )

    async def complete(self, request: Request[Subject]) -> Reply:
        """Put the parts together; a second time answers the same.

        Raises:
            PlayheadError: as `Direct.complete`, `not_found`, `malformed_request`.
        """
        row, upload = await self._found(request)
        asked = await _object(request.body)
        await declare(self._direct.uploads, upload["id"], _checksum(asked))
        await self._direct.complete(row, upload, _listed(asked), _crcs(asked))
        location = f"{self._urls.base_url}/v1/videos/{upload['video_id']}"
        return _json(
            {"location": location, "key": row["key"], "bucket": BUCKET, "videoId": str(upload["video_id"])}
        )

    async def abort(self, request: Request[Subject]) -> Reply:
        """Give up what has arrived.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once it is whole.
        """
        row, upload = await self._found(request)
        await self._direct.abort(row, upload)
        if self._alone:
            await self._direct.uploads.abandon(upload["id"])
        return _json({})

    async def _found(self, request: Request[Subject]) -> tuple[Row, Row]:
        row, upload = await self._direct.find(UUID(request.path.split("/")[3]))
        if not self._belongs(request.subject, upload) or _query(request).get("key", row["key"]) != row["key"]:
            raise PlayheadError("not_found", "There is no such upload.")
        return row, upload


def of_upload(direct: Direct, urls: Urls) -> Companion[UUID]:
    """The tree below an upload's own URL: every file sent is the file of that upload."""

    async def opening(
        upload_id: UUID, _said: Mapping[str, str], size: int | None, _headers: Mapping[str, str]
    ) -> Row:
        async with direct.uploads.records.transaction() as tx:
            upload = await uploads.find(tx, upload_id)
        if upload is None:
            raise PlayheadError("not_found", "There is no such upload.")
        if size is not None and upload["declared_size"] not in (None, size):
            raise PlayheadError("size_mismatch", f"{upload['declared_size']} bytes were declared.")
        return upload

    def belongs(upload_id: UUID, upload: Row) -> bool:
        return bool(upload["id"] == upload_id)

    return Companion(direct, urls, opening, belongs, alone=False)


def of_caller(direct: Direct, urls: Urls) -> Companion[Caller]:
    """The tree below a grant: every file begun is a new video."""
    station: Uploads = direct.uploads

    async def opening(
        caller: Caller, said: Mapping[str, str], size: int | None, headers: Mapping[str, str]
    ) -> Row:
        request = wished(wishes(said, size), caller.grant)
        asked = [b"s3", msgspec.json.encode([sorted(said.items()), size])]
        grant_id = caller.grant["id"] if caller.grant is not None else None
        asked_once = once(headers, caller.project_id, asked, grant_id=grant_id)
        async with station.records.transaction() as tx:
            before = await asked_once.before(tx) if asked_once is not None else None
            if before is not None:
                return taking(await uploads.find(tx, before))
            upload = await station.open(tx, caller.project_id, request, grant=caller.grant)
            if asked_once is not None:
                await asked_once.note(tx, upload["id"])
        return {**upload, "expired": False}

    def belongs(caller: Caller, upload: Row) -> bool:
        return upload["project_id"] == caller.project_id and (
            caller.grant is None or upload["grant_id"] == caller.grant["id"]
        )

    return Companion(direct, urls, opening, belongs, alone=True)


def _json(told: Any) -> Reply:
    return Reply(200, msgspec.json.encode(told))


def _query(request: Request[Subject]) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=100))
    except ValueError as error:  # more fields than any client sends
        raise PlayheadError("invalid_request", "The address asks for too many things.") from error


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,14}", text):
        raise PlayheadError("invalid_request", f"The {name} must be a number of bytes.", field=name)
    return int(text)


def _md5(text: str | None) -> str | None:
    """An MD5 in base64, as `Content-MD5` has it (RFC 1864)."""
    if text is None:
        return None
    try:
        is_one = len(b64decode(text, validate=True)) == 16
    except ValueError:  # nor is it base64 if it is not even ASCII
        is_one = False
    if not is_one:
        raise PlayheadError("invalid_request", "The md5 must be one in base64.", field="md5")
    return text


def _checksum(asked: Mapping[str, Any]) -> str | None:
    text = asked.get("checksum")
    if text is not None and not isinstance(text, str):
        raise PlayheadError("invalid_request", "The checksum must be text.", field="checksum")
    return text


def _crc(text: Any, field: str) -> bytes | None:
    if text is None:
        return None
    value = crc64nvme_in(text) if isinstance(text, str) else None
    if value is None:
        raise PlayheadError("invalid_request", f"The {field} must be one in base64.", field=field)
    return value


def _crcs(asked: Mapping[str, Any]) -> dict[int, bytes]:
    """Part → CRC64NVME, of those that the client names one of; what `_listed` has read."""
    found = {part["PartNumber"]: _crc(part.get(_CRC), _CRC) for part in asked.get("parts") or ()}
    return {number: crc for number, crc in found.items() if crc is not None}


def _listed(asked: Mapping[str, Any]) -> dict[int, str] | None:
    """Part → ETag, in whatever order the client lists them; None when it lists nothing."""
    parts = asked.get("parts")
    if parts is None:
        return None
    found: dict[int, str] = {}
    for part in parts if isinstance(parts, list) else [None]:
        number = part.get("PartNumber") if isinstance(part, dict) else None
        etag = part.get("ETag") if isinstance(part, dict) else None
        if not isinstance(number, int) or not isinstance(etag, str):
            raise PlayheadError(
                "invalid_request", "Each part must have a PartNumber and an ETag.", field="parts"
            )
        found[number] = etag
    return found


async def _object(body: Body) -> dict[str, Any]:
    data = bytearray()
    async for block in body.blocks():
        data += block
        if len(data) > MAX_BODY:
            raise PlayheadError("invalid_request", "The body is larger than 2 MiB.")
    try:
        found = msgspec.json.decode(bytes(data) or b"{}")
    except msgspec.DecodeError as error:
        raise PlayheadError("malformed_request", "The body is no JSON.") from error
    if not isinstance(found, dict):
        raise PlayheadError("malformed_request", "The body must be a JSON object.")
    return found
