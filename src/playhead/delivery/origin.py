"""The origin: stored objects over HTTP, at the URLs `model.urls` hands out.

A public video lies at `/v/{video}/{name}`; a private one needs its token, `/v/{video}/~{token}/{name}`. With
the `?v=` of the current bytes the answer may be kept for a year; see `model.urls` and `cache`. `?download=1`
saves the file instead of playing it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from litestar import HttpMethod, Request, Router, route
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.types import ASGIApp

from playhead.delivery import access, cache, conditions, disposition, names, ranges
from playhead.delivery.answer import Answer
from playhead.delivery.conditions import Validators, Verdict
from playhead.delivery.headers import PREFLIGHT, PlaybackHeaders, note_size
from playhead.delivery.streaming import Streaming
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import version
from playhead.records import served
from playhead.records.database import Records, Row
from playhead.storage.port import Storage

MP4 = "video/mp4"
JPEG = "image/jpeg"

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
    answer = await streaming.answer(
        video_id, name, seconds_left=seconds_left, asked_version=request.query_params.get("v")
    )
    return Answer(answer.status, answer.headers) if request.method == HttpMethod.HEAD else answer


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
    validators = found.validators
    headers = {
        "accept-ranges": "bytes",
        "etag": validators.etag,
        "cache-control": cache.control(
            versioned=request.query_params.get("v") == version(found.key), seconds_left=seconds_left
        ),
        "content-disposition": found.download_as if request.query_params.get("download") == "1" else "inline",
    }
    if validators.last_modified_text:
        headers["last-modified"] = validators.last_modified_text
    match conditions.judge(request.headers, validators):
        case Verdict.NOT_MODIFIED:
            return Answer(304, headers)
        case Verdict.FAILED:
            return Answer(412, {"content-length": "0"})
        case Verdict.PROCEED:
            return _content(request, found, headers, storage)


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
    if row is None:
        raise PlayheadError("not_found")
    access.admit(is_public=row["is_public"], has_token=has_token)
    return await _described(row, ending, storage)


async def _described(row: Row, ending: str, storage: Storage) -> Served:
    size: int | None = row.get("size_bytes")
    return Served(
        key=row["key"],
        size=await storage.size(row["key"]) if size is None else size,
        content_type=MP4 if ending.endswith(".mp4") else JPEG,
        # A key is written once, so it identifies an image's bytes as well as their hash would.
        validators=Validators(f'"{row.get("etag") or version(row["key"])}"', row.get("ready_at")),
        download_as=disposition.attachment(row["filename"], ending),
    )


def _content(
    request: Request[Any, Any, Any], found: Served, headers: dict[str, str], storage: Storage
) -> Answer:
    # Ranges are defined for GET alone (RFC 9110, section 14.2).
    if request.method == HttpMethod.HEAD:
        return Answer(200, headers | _measures(found.content_type, found.size))
    spans = None
    if conditions.range_applies(request.headers.get("if-range"), found.validators):
        note_size(request.scope, found.size)
        spans = ranges.requested(request.headers.get("range"), found.size)
    if spans is None:
        whole = [ranges.Span(0, found.size)] if found.size else []
        return Answer(
            200, headers | _measures(found.content_type, found.size), _blocks(storage, found.key, whole)
        )
    if len(spans) == 1:
        headers |= _measures(found.content_type, spans[0].length)
        headers["content-range"] = spans[0].content_range(found.size)
        return Answer(206, headers, _blocks(storage, found.key, spans))
    parts = ranges.framed(spans, found.size, found.content_type, secrets.token_hex(16))
    framed = [piece for head, span in zip(parts.heads, spans, strict=True) for piece in (head, span)]
    return Answer(
        206,
        headers | _measures(parts.content_type, parts.length),
        _blocks(storage, found.key, [*framed, parts.tail]),
    )


def _measures(content_type: str, length: int) -> dict[str, str]:
    return {"content-type": content_type, "content-length": str(length)}


async def _blocks(
    storage: Storage, key: str, pieces: Sequence[ranges.Span | bytes]
) -> AsyncGenerator[bytes, None]:
    """The spans of an object and the bytes between them, a block at a time."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        # Closed here and now, not when the collector comes by: a viewer who leaves holds no file open.
        stream = cast(AsyncGenerator[bytes, None], storage.stream(key, piece.start, piece.length))
        async with aclosing(stream):
            async for block in stream:
                yield block
