"""The addresses that bytes are sent to, and what each of them speaks."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, asgi, route
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from playhead.api.preflight import Preflight
from playhead.app.wire import Parts
from playhead.upload import s3_multipart
from playhead.upload.direct import Direct
from playhead.upload.endpoint import Endpoint
from playhead.upload.entrance import by_grant, by_key, by_part_url, by_signed_url
from playhead.upload.grants import Grants
from playhead.upload.part_plane import PartPlane
from playhead.upload.protocols import Route, of_caller, of_partial, of_upload

_ALL = [HttpMethod(name) for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")]


def data_plane(parts: Parts, preflight: Preflight) -> list[ASGIRouteHandler | HTTPRouteHandler]:
    """The raw ASGI applications of the server."""
    uploads, urls, signer = parts.uploads, parts.urls, parts.signer
    grants, limit = Grants(parts.records, signer), uploads.limit()
    direct = Direct(uploads)
    of_one = (
        *of_upload(uploads),
        *s3_multipart.of_upload(direct, urls).routes(),
        Route("POST", preflight.of_upload, below="/preflight"),
    )
    granted = (
        *of_caller(uploads, urls, signer, below="/tus"),
        *s3_multipart.of_caller(direct, urls).routes(),
        Route("POST", preflight.of_grant, below="/preflight"),
    )
    partials = Endpoint(by_signed_url(signer, "partial"), of_partial(uploads, urls), limit=limit)
    planes: list[ASGIRouteHandler | HTTPRouteHandler] = [
        _mounted("/uploads", Endpoint(by_signed_url(signer), of_one, limit=limit)),
        _mounted("/partials", partials),
        _mounted("/tus", Endpoint(by_key(grants), of_caller(uploads, urls, signer), limit=limit)),
        _below("/u", Endpoint(by_grant(grants), granted, limit=limit)),
    ]
    if parts.part_taker is not None:
        plane = PartPlane(direct, parts.part_taker)
        routes = (Route("PUT", plane.put), Route("POST", plane.post))
        planes.append(_mounted("/parts", Endpoint(by_part_url(signer), routes, limit=limit)))
    return planes


def _mounted(path: str, endpoint: Endpoint[Any]) -> ASGIRouteHandler:
    @asgi(path, is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint(scope, receive, send)  # type: ignore[arg-type]

    return mounted


def _below(path: str, endpoint: Endpoint[Any]) -> HTTPRouteHandler:
    """The same for a path that others begin with: of a mount the framework would think that they are below it."""

    @route(f"{path}/{{rest:path}}", http_method=_ALL, include_in_schema=False, request_max_body_size=None)
    async def below() -> ASGIApp:
        return answer

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        inner = {**scope, "path": scope["path"].removeprefix(path)}
        await endpoint(inner, receive, send)  # type: ignore[arg-type]

    return below
