"""The addresses that bytes are sent to, and what each of them speaks."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, asgi, route
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from playhead.api.preflight import Preflight
from playhead.app.wire import Parts
from playhead.upload.endpoint import Endpoint
from playhead.upload.entrance import by_grant, by_upload_url
from playhead.upload.grants import Grants
from playhead.upload.protocols import Route, of_upload

_ALL = [HttpMethod(name) for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")]


def data_plane(parts: Parts, preflight: Preflight) -> list[ASGIRouteHandler | HTTPRouteHandler]:
    """The raw ASGI applications of the server."""
    of_one = (*of_upload(parts.uploads), Route("POST", preflight.of_upload, below="/preflight"))
    uploads = Endpoint(by_upload_url(parts.signer), of_one)
    granted = Endpoint(
        by_grant(Grants(parts.records, parts.signer)),
        (Route("POST", preflight.of_grant, below="/preflight"),),
    )
    return [_mounted("/uploads", uploads), _below("/u", granted)]


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
