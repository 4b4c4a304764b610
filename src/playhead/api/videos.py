"""`/v1/videos` and `/v1/uploads`: our own API."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, SkipValidation

from playhead.api.access import id_of
from playhead.api.gather import VideoRecord, gather
from playhead.api.once import Once
from playhead.api.paging import page_of
from playhead.api.requests import Filename, Seconds, Size
from playhead.api.views import video_view
from playhead.model.errors import PlayheadError
from playhead.model.loudness import Loudness
from playhead.model.resolutions import DEFAULT_RESOLUTIONS
from playhead.model.urls import Urls
from playhead.records import remaking, videos
from playhead.records import uploads as upload_records
from playhead.records.database import Records, Transaction
from playhead.upload import cleaning, completing, declaring, fetching, url_ingest
from playhead.upload.asking import MAX_THUMBNAILS, checked
from playhead.upload.sessions import Uploads

TOKEN_SECONDS = 24 * 3600
"""How long the URLs of a private video work that its owner is shown."""

RecordsGiven = NamedDependency[SkipValidation[Records]]
UploadsGiven = NamedDependency[SkipValidation[Uploads]]
UrlsGiven = NamedDependency[SkipValidation[Urls]]
OnceGiven = NamedDependency[SkipValidation[Once]]


class CreateUpload(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /v1/uploads`."""

    filename: Filename
    size: Size | None = None
    resolutions: list[str] | None = None
    is_public: bool = True
    thumbnail_seconds: Annotated[list[Seconds], msgspec.Meta(max_length=MAX_THUMBNAILS)] = []
    metadata: dict[str, Any] | None = None
    loudness: Loudness = Loudness.SOURCE
    play_while_uploading: bool = False
    """Whether it can be watched from the bytes that have arrived. They are then kept as they came: sending the
    file again does not replace them."""
    auto_complete: bool = False
    """Whether the request that brings the last byte also completes it."""
    checksum: str | None = None
    """Of the whole file: `sha-256:` and its SHA-256, in hexadecimal or Base64; `crc64nvme:` and its CRC64NVME, in
    Base64 as S3 writes it; or both, with a comma between."""


class CompleteUpload(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /v1/uploads/{id}/complete`, which may also have none."""

    checksum: str | None = None
    """As for creating the upload, for whoever knows it only once all is sent."""


class CreateVideo(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /v1/videos`."""

    url: str
    """Where the file is fetched from: http or https, on the public internet."""
    filename: Filename | None = None
    """By default the last part of the URL's path."""
    resolutions: list[str] | None = None
    is_public: bool = True
    thumbnail_seconds: Annotated[list[Seconds], msgspec.Meta(max_length=MAX_THUMBNAILS)] = []
    metadata: dict[str, Any] | None = None
    checksum: str | None = None
    """As for an upload."""


class VideosController(Controller):
    """Videos of the caller's project."""

    path = "/v1/videos"
    tags = ("Videos",)

    @post(status_code=201)
    async def create(
        self,
        data: JSONBody[CreateVideo],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        uploads: UploadsGiven,
        urls: UrlsGiven,
        once: OnceGiven,
    ) -> dict[str, Any]:
        """Create a video from a URL; its file is fetched from now on."""
        at = url_ingest.checked_url(data.url)
        asked = checked(
            filename=url_ingest.filename_of(at) if data.filename is None else data.filename,
            resolutions=_resolutions(data.resolutions),
            is_public=data.is_public,
            size_bytes=None,
            thumbnail_seconds=data.thumbnail_seconds,
            metadata=data.metadata,
            checksum=data.checksum,
        )

        async def create(tx: Transaction) -> dict[str, Any]:
            video_id = await fetching.begin(uploads, tx, project_id, asked, data.url)
            return view(await _one(tx, video_id, project_id), urls)

        async with records.transaction() as tx:
            return await once.create(tx, project_id, create)

    @get()
    async def page(
        self,
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
        limit: FromQuery[int] = 20,
        cursor: FromQuery[str | None] = None,
        status: FromQuery[str | None] = None,
    ) -> dict[str, Any]:
        """Videos, newest first."""
        page = await page_of(records, project_id, limit=limit, cursor=cursor, status=status)
        return {
            "data": [view(record, urls) for record in page.records],
            "next_cursor": page.next_cursor,
            "has_more": page.next_cursor is not None,
        }

    @get("/{video_id:str}")
    async def read(
        self,
        video_id: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
    ) -> dict[str, Any]:
        """One video with its progress and URLs."""
        async with records.moment() as tx:
            return view(await _one(tx, id_of(video_id), project_id), urls)

    @post("/{video_id:str}/reprocess", status_code=202)
    async def reprocess(
        self,
        video_id: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
    ) -> dict[str, Any]:
        """Make everything of its file once more. What is ready is served until it is replaced."""
        async with records.transaction() as tx:
            video = await videos.get(tx, id_of(video_id), project_id=project_id, lock=True)
            await remaking.begin(tx, video)
            return view(await _one(tx, video["id"], project_id), urls)

    @delete("/{video_id:str}", status_code=204)
    async def remove(
        self, video_id: FromPath[str], project_id: NamedDependency[UUID], uploads: UploadsGiven
    ) -> None:
        """Delete a video and everything made of it."""
        await cleaning.delete_video(uploads, id_of(video_id), project_id=project_id)


class UploadsController(Controller):
    """Uploads of the caller's project."""

    path = "/v1/uploads"
    tags = ("Uploads",)

    @post(status_code=201)
    async def create(
        self,
        data: JSONBody[CreateUpload],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        uploads: UploadsGiven,
        urls: UrlsGiven,
        once: OnceGiven,
    ) -> dict[str, Any]:
        """Create a video with a URL to send its file to."""
        asked = checked(
            filename=data.filename,
            resolutions=_resolutions(data.resolutions),
            is_public=data.is_public,
            size_bytes=data.size,
            thumbnail_seconds=data.thumbnail_seconds,
            metadata=data.metadata,
            loudness=data.loudness,
            play_while_uploading=data.play_while_uploading,
            auto_complete=data.auto_complete,
            checksum=data.checksum,
        )

        async def create(tx: Transaction) -> dict[str, Any]:
            upload = await uploads.open(tx, project_id, asked)
            return {
                "id": str(upload["id"]),
                "url": urls.upload(upload["id"], int(upload["expires_at"].timestamp())),
                "status": upload["state"],
                "video_id": str(upload["video_id"]),
                "content_type": upload["content_type"],
                "play_while_uploading": upload["play_while_uploading"],
                "auto_complete": upload["auto_complete"],
                "direct": uploads.is_direct(asked),
                "expires_at": upload["expires_at"],
            }

        async with records.transaction() as tx:
            return await once.create(tx, project_id, create)

    @post("/{upload_id:str}/complete", status_code=200)
    async def complete(
        self,
        upload_id: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        uploads: UploadsGiven,
        urls: UrlsGiven,
        data: JSONBody[CompleteUpload | None] = None,
    ) -> dict[str, Any]:
        """Say that the file was sent whole. Repeating it is answered with how things stand."""
        async with records.transaction() as tx:
            upload = await upload_records.find(tx, id_of(upload_id))
        if upload is None or upload["project_id"] != project_id:
            raise PlayheadError("not_found", "There is no such upload.")
        await declaring.declare(uploads, upload["id"], None if data is None else data.checksum)
        await completing.complete(uploads, upload["video_id"], project_id=project_id)
        async with records.moment() as tx:
            return view(await _one(tx, upload["video_id"], project_id), urls)


def _resolutions(asked: list[str] | None) -> list[str]:
    if asked is not None and not asked:
        raise PlayheadError("invalid_request", "Ask for one resolution at least.", field="resolutions")
    return list(DEFAULT_RESOLUTIONS) if asked is None else asked


def view(record: VideoRecord, urls: Urls) -> dict[str, Any]:
    """A video as its owner sees it, with URLs that work: a private one's for a day."""
    token = None
    if not record.video["is_public"]:
        token = urls.playback_token(record.video["id"], int(time.time()) + TOKEN_SECONDS)
    return video_view(record, urls, token)


async def _one(tx: Transaction, video_id: UUID, project_id: UUID) -> VideoRecord:
    return (await gather(tx, [await videos.get(tx, video_id, project_id=project_id)]))[0]
