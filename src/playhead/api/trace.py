"""Middleware: gives every request an id that the answer, the problem document and the log share."""

from __future__ import annotations

import re
import time
from uuid import uuid4

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_GIVEN = re.compile(rb"[A-Za-z0-9_.-]{1,64}")

log = structlog.get_logger()


def trace(app: ASGIApp) -> ASGIApp:
    """Wrap `app`. A client's own `X-Request-Id` is kept when it is harmless."""

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name.lower() == b"x-request-id"), b"")
        request_id = given.decode() if _GIVEN.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        # Paths of uploads and private playback hold capabilities, so only their kind is written down.
        route = scope["path"].split("/")[1]
        begun, status = time.monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        await app(scope, receive, noting)
        log.debug(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            milliseconds=round((time.monotonic() - begun) * 1000, 1),
            request_id=request_id,
        )

    return traced
