"""The headers every answer below `/v/` has, refusals included."""

from __future__ import annotations

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from playhead.delivery import cache

EVERYWHERE = {
    # Stored bytes were made from a stranger's file: let no browser guess another type or run anything.
    "x-content-type-options": "nosniff",
    # Without the two exceptions Chromium shows an empty player when the URL of a film is opened by itself: it
    # wraps the film in a page of its own, which this policy binds too.
    "content-security-policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    # Players and pages of any origin may use what the URL alone gives access to; no cookie is ever asked for.
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, "
    "ETag, Last-Modified",
    "timing-allow-origin": "*",
    # The URL of a private video is its key: it stays out of the Referer of whatever follows.
    "referrer-policy": "no-referrer",
    # Overridden where bytes are served.
    "cache-control": cache.NEVER,
}

PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "Range, If-Range, If-None-Match, If-Modified-Since, "
    "CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status",
    "access-control-max-age": "86400",
    "allow": "GET, HEAD, OPTIONS",
}
"""Headers of the answer to a CORS preflight (Fetch standard): what a player may send from any page."""

_SIZE = "playhead_size"


class PlaybackHeaders:
    """ASGI middleware that completes every answer with `EVERYWHERE`, also the ones an error makes.

    Headers that are there already stay as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its answer."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                known = {name.lower() for name, _ in headers}
                wanted = EVERYWHERE | _length(scope, message["status"])
                headers += [
                    (name.encode(), value.encode())
                    for name, value in wanted.items()
                    if name.encode() not in known
                ]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, completed)


def note_size(scope: Scope, size: int) -> None:
    """Remember how long the object is, in case the range asked for lies beyond it."""
    scope["state"][_SIZE] = size


def _length(scope: Scope, status: int) -> dict[str, str]:
    """The `Content-Range` of a refused range tells the object's length (RFC 9110, section 15.5.17)."""
    size = scope["state"].get(_SIZE)
    return {"content-range": f"bytes */{size}"} if status == 416 and size is not None else {}
