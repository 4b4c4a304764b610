"""The addresses that bytes are sent to, and what each of them speaks."""

from __future__ import annotations

from typing import Any

from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from playhead.app.wire import Parts
from playhead.upload.endpoint import Endpoint
from playhead.upload.entrance import by_upload_url
from playhead.upload.protocols import of_upload


def data_plane(parts: Parts) -> list[ASGIRouteHandler]:
    """The raw ASGI applications of the server."""
    uploads = Endpoint(by_upload_url(parts.signer), of_upload(parts.uploads))
    return [_mounted("/uploads", uploads)]


def _mounted(path: str, endpoint: Endpoint[Any]) -> ASGIRouteHandler:
    @asgi(path, is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint(scope, receive, send)  # type: ignore[arg-type]

    return mounted
