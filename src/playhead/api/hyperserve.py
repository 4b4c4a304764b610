"""`/api/video`: the Hyperserve wire contract, call by call. Existing clients work with only the base URL changed."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from playhead.api import form
from playhead.api.access import id_of
from playhead.api.gather import VideoRecord, gather
from playhead.api.once import once
from playhead.api.paging import page_of
from playhead.api.requests import read_create
from playhead.events.hyperserve import rendition_views
from playhead.model.errors import PlayheadError
from playhead.model.resolutions import SHORT_SIDES
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records import renditions, videos
from playhead.records.database import Records, Row, Transaction
from playhead.upload import cleaning, completing
from playhead.upload.sessions import Uploads

MAX_BODY = 1024 * 1024
MAX_PRIVATE_SECONDS = 31_536_000
_SECONDS = re.compile(r"[0-9]{1,12}")

RecordsGiven = NamedDependency[SkipValidation[Records]]
UploadsGiven = NamedDependency[SkipValidation[Uploads]]
UrlsGiven = NamedDependency[SkipValidation[Urls]]


class HyperserveController(Controller):
    """Every call of the contract."""

    path = "/api/video"
    tags = ("Hyperserve contract",)

    @post(status_code=201, request_max_body_size=None)
    async def create(
        self,
        request: Request[Any, Any, Any],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        uploads: UploadsGiven,
        urls: UrlsGiven,
    ) -> dict[str, Any]:
        """Create a video and a URL to PUT its file to; or, as a form, create it and bring the file along."""
        content_type = request.headers.get("content-type", "")
        if content_type.lower().startswith("multipart/form-data"):
            video_id = await form.receive(request.stream(), request.headers, project_id, uploads)
            return {"videoId": str(video_id), "id": str(video_id), "status": "pending"}
        body = await _bounded_body(request)
        asked = read_create(body)

        async def create(tx: Transaction) -> dict[str, Any]:
            upload = await uploads.open(tx, project_id, asked)
            video_id = upload["video_id"]
            return {
                "id": str(video_id),
                "videoId": str(video_id),
                "uploadUrl": urls.upload(upload["id"], int(upload["expires_at"].timestamp())),
                "contentType": upload["content_type"],
                "isPublic": asked.is_public,
                "resolutions": {name: {"status": Status.PENDING_UPLOAD} for name in asked.resolutions},
            }

        async with records.transaction() as tx:
            return await once(request, body).create(tx, project_id, create)

    @post("/{video_id:str}/complete-upload", status_code=201)
    async def complete(
        self,
        video_id: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        uploads: UploadsGiven,
    ) -> dict[str, Any]:
        """Say that the file was sent whole. Repeating it is answered with how things stand."""
        found = id_of(video_id)
        await completing.complete(uploads, found, project_id=project_id)
        return _statuses(await _record(records, found, project_id))

    @get("/{video_id:str}/public")
    async def public(
        self,
        video_id: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
    ) -> dict[str, Any]:
        """A video with its URLs; those of a private video are left out."""
        record = await _record(records, id_of(video_id), project_id)
        return _whole(record, urls if record.video["is_public"] else None, None)

    @get("/{video_id:str}/private/{seconds:str}")
    async def private(
        self,
        video_id: FromPath[str],
        seconds: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
    ) -> dict[str, Any]:
        """A video with URLs that stop working after that many seconds."""
        record = await _record(records, id_of(video_id), project_id)
        # Looked at before it is read: a number may have any length.
        if not _SECONDS.fullmatch(seconds) or not 1 <= int(seconds) <= MAX_PRIVATE_SECONDS:
            raise PlayheadError(
                "invalid_request",
                f"The expiry must be a whole number of seconds from 1 to {MAX_PRIVATE_SECONDS}.",
                field="expirationSeconds",
            )
        token = urls.playback_token(record.video["id"], int(time.time()) + int(seconds))
        return _whole(record, urls, token)

    @get("/{video_id:str}/status")
    async def status(
        self, video_id: FromPath[str], project_id: NamedDependency[UUID], records: RecordsGiven
    ) -> dict[str, Any]:
        """How a video and each of its resolutions stand."""
        return _statuses(await _record(records, id_of(video_id), project_id))

    @get()
    async def page(
        self,
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
        limit: FromQuery[int] = 20,
        cursor: FromQuery[str | None] = None,
        status: FromQuery[str | None] = None,
        is_public: Annotated[bool | None, QueryParameter(name="isPublic")] = None,
    ) -> dict[str, Any]:
        """The caller's videos, newest first."""
        page = await page_of(
            records, project_id, limit=limit, cursor=cursor, status=status, is_public=is_public
        )
        return {
            "data": [
                _whole(record, urls if record.video["is_public"] else None, None) for record in page.records
            ],
            "nextCursor": page.next_cursor,
            "hasMore": page.next_cursor is not None,
        }

    @delete("/{video_id:str}", status_code=204)
    async def remove(
        self, video_id: FromPath[str], project_id: NamedDependency[UUID], uploads: UploadsGiven
    ) -> None:
        """Delete a video and everything made of it."""
        await cleaning.delete_video(uploads, id_of(video_id), project_id=project_id)

    @delete("/resolution/{rendition_id:str}", status_code=204)
    async def remove_resolution(
        self, rendition_id: FromPath[str], project_id: NamedDependency[UUID], records: RecordsGiven
    ) -> None:
        """Delete one resolution of a video."""
        found = id_of(rendition_id)
        async with records.transaction() as tx:
            rendition = await renditions.find(tx, found, project_id=project_id)
            if rendition is None:
                raise PlayheadError("not_found", "There is no such resolution.")
            video = await videos.get(tx, rendition["video_id"], lock=True)
            await renditions.remove(tx, rendition)
            await videos.settle(tx, video)


async def _bounded_body(request: Request[Any, Any, Any]) -> bytes:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MAX_BODY:
            raise PlayheadError("upload_too_large", "The JSON body is larger than 1 MiB.")
    return bytes(body)


async def _record(records: Records, video_id: UUID, project_id: UUID) -> VideoRecord:
    async with records.moment() as tx:
        return (await gather(tx, [await videos.get(tx, video_id, project_id=project_id)]))[0]


def _ordered(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: SHORT_SIDES.get(row["resolution"], 0))


def _statuses(record: VideoRecord) -> dict[str, Any]:
    return {
        "id": str(record.video["id"]),
        "status": record.video["status"],
        "isPublic": record.video["is_public"],
        "resolutions": {
            row["resolution"]: {"id": str(row["id"]), "status": row["status"]}
            for row in _ordered(record.renditions)
        },
        **_ending(record),
    }


def _whole(record: VideoRecord, urls: Urls | None, token: str | None) -> dict[str, Any]:
    video = record.video
    return {
        "id": str(video["id"]),
        "filename": video["filename"],
        "status": video["status"],
        "isPublic": video["is_public"],
        "customMetadata": video["metadata"],
        "createdAt": video["created_at"],
        "playableAt": video["playable_at"],
        "readyAt": video["ready_at"],
        "resolutions": rendition_views(_ordered(record.renditions), record.images, urls, token),
        **_ending(record),
    }


def _ending(record: VideoRecord) -> dict[str, Any]:
    """Why a video failed, for those that did."""
    if record.video["error_code"] is None:
        return {}
    error = PlayheadError(record.video["error_code"], record.video["error_detail"] or "")
    return {"error": {"code": error.code, "message": error.message}}
