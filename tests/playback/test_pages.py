"""What the routes answer: types, caching, and the headers that keep a browser to its own."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from playhead.model.errors import PlayheadError
from playhead.playback.assets import Assets
from playhead.playback.embed import EmbedSource, EmbedVideo
from playhead.playback.pages import content_security_policy, playback_routes

PUBLIC = UUID(int=1)
PRIVATE = UUID(int=2)
CDN = "https://cdn.example.com"


async def embeds(video_id: UUID, token: str | None) -> EmbedVideo:
    """Two videos, as the API would find them."""
    if video_id == PRIVATE and token == "old":
        raise PlayheadError("url_expired")
    if video_id not in (PUBLIC, PRIVATE) or (video_id == PRIVATE and token != "good"):
        raise PlayheadError("not_found", "There is no such video.")
    return EmbedVideo("clip.mp4", "ready", 640, 360, None, None, (EmbedSource("/v/1/360p.mp4", 640, 360),))


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(Litestar([playback_routes(embeds, origins=[CDN])])) as opened:
        yield opened


def asset_path(name: str) -> str:
    return Assets.load().path(name)


@pytest.mark.parametrize(
    ("path", "content_type", "cache_control"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/player.js", "text/javascript; charset=utf-8", "public, max-age=600"),
        ("dashboard.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("engine.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("licenses.txt", "text/plain; charset=utf-8", "public, max-age=31536000, immutable"),
        ("dashboard.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("icon.svg", "image/svg+xml", "public, max-age=31536000, immutable"),
        (f"/embed/{PUBLIC}", "text/html; charset=utf-8", "no-cache"),
    ],
)
def test_each_file_has_its_type_and_its_time_to_live(
    client: TestClient[Litestar], path: str, content_type: str, cache_control: str
) -> None:
    path = path if path.startswith("/") else asset_path(path)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == content_type
    assert answer.headers["cache-control"] == cache_control
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "accept-encoding" in answer.headers["vary"].lower()

    held = client.get(path, headers={"If-None-Match": f'"other", W/{answer.headers["etag"]}'})
    assert held.status_code == 304
    assert held.content == b""
    assert held.headers["etag"] == answer.headers["etag"]
    assert held.headers["cache-control"] == cache_control
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_tells_what_get_would_send(client: TestClient[Litestar]) -> None:
    for path in ("/", "/player.js", f"/embed/{PUBLIC}"):
        get, head = client.get(path), client.head(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["etag"] == get.headers["etag"]
        assert head.headers["content-length"] == get.headers["content-length"]


def test_compression_is_agreed_on_and_has_an_etag_of_its_own(client: TestClient[Litestar]) -> None:
    path = asset_path("dashboard.js")
    zipped = client.get(path, headers={"Accept-Encoding": "br, gzip"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    assert zipped.headers["etag"] != plain.headers["etag"]


def test_the_dashboard_allows_nothing_inline_and_nobody_to_frame_it(client: TestClient[Litestar]) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    for directive in ("connect-src 'self'", "media-src 'self' blob:", "img-src 'self' data: blob:"):
        assert f"{directive} {CDN}" in policy
    page = client.get("/").text
    assert "<style" not in page
    assert " style=" not in page


def test_any_site_may_frame_an_embed_page(client: TestClient[Litestar]) -> None:
    assert "frame-ancestors *" in client.get(f"/embed/{PUBLIC}").headers["content-security-policy"]
    assert "frame-ancestors *" in content_security_policy([], framed=True)


def test_a_private_embed_page_takes_its_token_from_the_path(client: TestClient[Litestar]) -> None:
    assert client.get(f"/embed/{PRIVATE}/~good").status_code == 200
    for path, status in (("", 404), ("/good", 404), ("/~bad", 404), ("/~old", 410)):
        answer = client.get(f"/embed/{PRIVATE}{path}")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "<video" not in answer.text


def test_a_missing_video_is_told_in_a_sentence(client: TestClient[Litestar]) -> None:
    answer = client.get(f"/embed/{UUID(int=9)}")
    assert answer.status_code == 404
    assert "There is no such video." in answer.text
