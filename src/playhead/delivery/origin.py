"""The origin: stored objects over HTTP, at the URLs `model.urls` hands out.

A public video lies at `/v/{video}/{name}`; a private one needs its token, `/v/{video}/~{token}/{name}`. With
the `?v=` of the current bytes the answer may be kept for a year; see `model.urls` and `cache`. `?download=1`
saves the file instead of playing it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID

from litestar import HttpMethod, Request, Router, route
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.types import ASGIApp

from playhead.delivery import access, cache, disposition, names
from playhead.delivery.answer import Answer, departure
from playhead.delivery.conditions import Validators
from playhead.delivery.content import Content, respond
from playhead.delivery.headers import PREFLIGHT, PlaybackHeaders
from playhead.delivery.showing import Viewer
from playhead.delivery.streaming import Streaming
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import version
from playhead.records import served
from playhead.records.database import Records, Row
from playhead.storage.port import Storage

TYPES = {"mp4": "video/mp4", "jpg": "image/jpeg", "vtt": "text/vtt; charset=utf-8"}

RecordsGiven = NamedDependency[SkipValidation[Records]]
StorageGiven = NamedDependency[SkipValidation[Storage]]
SignerGiven = NamedDependency[SkipValidation[Signer]]
StreamingGiven = NamedDependency[SkipValidation[Streaming]]

_READ = (HttpMethod.GET, HttpMethod.HEAD)


@dataclass(frozen=True)
class Served:
    """A stored object with what its headers need."""

    key: str
    size: int
    content_type: str
    validators: Validators
    download_as: str
    """The `Content-Disposition` it has as a download."""


@route("/{video_id:uuid}/{name:str}", http_method=_READ, include_in_schema=False)
async def open_playback(
    request: Request[Any, Any, Any],
    video_id: FromPath[UUID],
    name: FromPath[str],
    records: RecordsGiven,
    storage: StorageGiven,
    streaming: StreamingGiven,
) -> ASGIApp:
    """Serve an object of a public video."""
    asked = names.parse(name)
    if isinstance(asked, names.Streamed):
        return await _stream(request, streaming, video_id, asked, seconds_left=None)
    return await _serve(request, video_id, asked, records, storage, seconds_left=None)


@route("/{video_id:uuid}/{token:str}/{name:str}", http_method=_READ, include_in_schema=False)
async def token_playback(
    request: Request[Any, Any, Any],
    video_id: FromPath[UUID],
    token: FromPath[str],
    name: FromPath[str],
    records: RecordsGiven,
    storage: StorageGiven,
    signer: SignerGiven,
    streaming: StreamingGiven,
) -> ASGIApp:
    """Serve an object of a video, private or not, to who has a token for it."""
    left = access.seconds_left(signer, video_id, token, int(time.time()))
    asked = names.parse(name)
    if isinstance(asked, names.Streamed):
        return await _stream(request, streaming, video_id, asked, seconds_left=left)
    return await _serve(request, video_id, asked, records, storage, seconds_left=left)


@route(
    ["/{video_id:uuid}/{name:str}", "/{video_id:uuid}/{token:str}/{name:str}"],
    http_method=HttpMethod.OPTIONS,
    include_in_schema=False,
)
async def preflight() -> ASGIApp:
    """Tell a browser that any page may ask; nothing is looked up, so nothing is given away."""
    return Answer(204, PREFLIGHT)


handlers = [
    Router(
        path="/v",
        # First, or Litestar would answer OPTIONS by itself.
        route_handlers=[preflight, open_playback, token_playback],
        middleware=[PlaybackHeaders],
    )
]
"""What the application mounts. It provides `records`, `storage` and `signer`."""


async def _stream(
    request: Request[Any, Any, Any],
    streaming: Streaming,
    video_id: UUID,
    name: names.Streamed,
    *,
    seconds_left: int | None,
) -> Answer:
    viewer = Viewer(video_id, seconds_left, partial(departure, request.receive))
    return respond(request, await streaming.answer(viewer, name, request.query_params.get("v")))


async def _serve(
    request: Request[Any, Any, Any],
    video_id: UUID,
    name: names.Stored,
    records: Records,
    storage: Storage,
    *,
    seconds_left: int | None,
) -> Answer:
    found = await _find(records, storage, video_id, name, has_token=seconds_left is not None)
    content = Content(
        size=found.size,
        content_type=found.content_type,
        validators=found.validators,
        cache_control=cache.control(
            versioned=request.query_params.get("v") == version(found.key), seconds_left=seconds_left
        ),
        disposition=found.download_as if request.query_params.get("download") == "1" else "inline",
        read=partial(_read, storage, found.key),
    )
    return respond(request, content)


async def _find(
    records: Records, storage: Storage, video_id: UUID, name: names.Stored, *, has_token: bool
) -> Served:
    async with records.transaction() as tx:
        match name:
            case names.Rendition(resolution):
                ending, row = f"-{resolution}.mp4", await served.rendition(tx, video_id, resolution)
            case names.Thumbnail(resolution, number):
                ending = f"-{resolution}-{number}.jpg"
                row = await served.thumbnail(tx, video_id, resolution, number)
            case names.Poster():
                ending, row = "-poster.jpg", await served.poster(tx, video_id)
            case names.Captions(language):
                ending, row = f"-{language}.vtt", await served.captions(tx, video_id, language)
    if row is None:
        raise PlayheadError("not_found")
    access.admit(is_public=row["is_public"], has_token=has_token)
    return await _described(row, ending, storage)


async def _described(row: Row, ending: str, storage: Storage) -> Served:
    size: int | None = row.get("size_bytes")
    return Served(
        key=row["key"],
        size=await storage.size(row["key"]) if size is None else size,
        content_type=TYPES[ending.rpartition(".")[2]],
        # A key is written once, so it identifies an image's bytes as well as their hash would.
        validators=Validators(f'"{row.get("etag") or version(row["key"])}"', row.get("ready_at")),
        download_as=disposition.attachment(row["filename"], ending),
    )


def _read(storage: Storage, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
    return cast(AsyncGenerator[bytes, None], storage.stream(key, start, length))
