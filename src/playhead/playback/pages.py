"""The routes that serve pages: `/`, `/embed/{video}`, `/player.js`, `/uploader.js`, and the built files under
`/assets`.

Nothing here runs inline script or style, asks a third party, or may be sniffed into another type; the
headers say so to the browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from litestar import HttpMethod, Request, Response, Router, route
from litestar.params import FromPath

from playhead.model.errors import PlayheadError
from playhead.playback.assets import Assets, Body
from playhead.playback.embed import EmbedAssets, EmbedVideo, embed_page, told_page

# Hashed names never change what they hold (RFC 8246).
_FOREVER = "public, max-age=31536000, immutable"
# Pages name the hashed files of the moment: always asked for anew, mostly answered by 304.
_ASK_ANEW = "no-cache"
# One address for the pages of others: new within minutes of an upgrade.
_MINUTES = "public, max-age=600"

_HTML = "text/html"

_Request = Request[Any, Any, Any]


class EmbedLookup(Protocol):
    """Finds the video of an embed page."""

    async def __call__(self, video_id: UUID, token: str | None) -> EmbedVideo:
        """The video with `sources` of URLs that play: `token` is that of the page's own address.

        Raises:
            PlayheadError: `not_found`, also for a private video without a token; `url_invalid` and
                `url_expired` for a token that does not hold.
        """


def content_security_policy(origins: Sequence[str], *, framed: bool) -> str:
    """The policy of a page (CSP Level 3); `origins` may also be asked for media and uploads.

    `framed` lets any site put the page in a frame; the dashboard must not be, as its buttons delete.
    """
    also = "".join(f" {origin}" for origin in origins)
    return "; ".join(
        (
            "default-src 'self'",
            f"img-src 'self' data: blob:{also}",
            f"media-src 'self' blob:{also}",
            f"connect-src 'self'{also}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {'*' if framed else chr(39) + 'none' + chr(39)}",
        )
    )


def playback_routes(
    embeds: EmbedLookup, *, origins: Sequence[str] = (), assets: Assets | None = None
) -> Router:
    """The pages' routes, to be mounted at the root.

    `origins` (scheme, host and port, such as `https://cdn.example.com`) are those that the API's media
    and upload URLs point to, as far as they differ from where the page itself is served.

    Raises:
        AssetsNotBuiltError: the package has no web assets.
    """
    built = assets or Assets.load()
    embed_assets = EmbedAssets(built.path("player.js"), built.path("embed.css"), built.path("icon.svg"))
    dashboard_policy = {"Content-Security-Policy": content_security_policy(origins, framed=False)}
    embed_policy = {"Content-Security-Policy": content_security_policy(origins, framed=True)}
    # Module scripts are fetched with CORS, and other sites may use ours.
    shared = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

    @_page("/")
    async def dashboard(request: _Request) -> Response[bytes]:
        return _answer(request, built.page, _ASK_ANEW, dashboard_policy)

    @_page("/player.js")
    async def player(request: _Request) -> Response[bytes]:
        return _answer(request, built.named("player.js"), _MINUTES, shared)

    @_page("/uploader.js")
    async def uploader(request: _Request) -> Response[bytes]:
        return _answer(request, built.named("uploader.js"), _MINUTES, shared)

    @_page("/assets/{name:str}")
    async def asset(request: _Request, name: FromPath[str]) -> Response[bytes]:
        body = built.at(f"assets/{name}")
        if body is None:
            raise PlayheadError("not_found", "There is no asset by that name.")
        return _answer(request, body, _FOREVER, shared)

    async def embed_answer(request: _Request, video_id: UUID, token: str | None) -> Response[bytes]:
        try:
            page = embed_page(await embeds(video_id, token), embed_assets)
        except PlayheadError as error:
            # A frame shows people what it gets: a sentence, where an API client would want JSON.
            page = told_page("Video", error.detail or error.kind.sentence, embed_assets)
            answer = _answer(request, Body.of(_HTML, page.encode()), "no-store", embed_policy)
            answer.status_code = error.kind.status
            return answer
        return _answer(request, Body.of(_HTML, page.encode()), _ASK_ANEW, embed_policy)

    @_page("/embed/{video_id:uuid}")
    async def embed(request: _Request, video_id: FromPath[UUID]) -> Response[bytes]:
        return await embed_answer(request, video_id, None)

    @_page("/embed/{video_id:uuid}/{token:str}")
    async def private_embed(
        request: _Request, video_id: FromPath[UUID], token: FromPath[str]
    ) -> Response[bytes]:
        # The segment is ~token, as in the URLs of private media. Without the tilde it is no token of ours.
        return await embed_answer(request, video_id, token[1:] if token.startswith("~") else "")

    return Router("/", route_handlers=[dashboard, player, uploader, asset, embed, private_embed])


def _page(path: str) -> route:
    """A route to read, and no part of the API that the OpenAPI document describes."""
    return route(path, http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)


def _answer(request: _Request, body: Body, cache_control: str, headers: dict[str, str]) -> Response[bytes]:
    """`body`, compressed if the client takes that; or 304 if it has it already (RFC 9110, 13.1.2)."""
    zipped = "gzip" in request.headers.get("accept-encoding", "") and len(body.gzipped) < len(body.plain)
    etag = f'"{body.digest}{"-gz" if zipped else ""}"'
    told = {
        **headers,
        "Cache-Control": cache_control,
        "ETag": etag,
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Response(b"", status_code=304, headers=told, media_type=body.content_type)
    if zipped:
        told["Content-Encoding"] = "gzip"
    content = body.gzipped if zipped else body.plain
    return Response(content, status_code=200, headers=told, media_type=body.content_type)


def _matches(if_none_match: str, etag: str) -> bool:
    held = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in held or etag in held
