"""The page inside an iframe, as markup."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from playhead.playback.embed import (
    EmbedAssets,
    EmbedSource,
    EmbedVideo,
    embed_page,
    fitting_source,
    told_page,
)

ASSETS = EmbedAssets(player="/assets/player-1.js", style="/assets/embed-1.css", icon="/assets/icon-1.svg")
VIDEO = EmbedVideo(
    title="clip.mp4",
    status="ready",
    width=1280,
    height=720,
    poster_url="https://media.example/v/1/poster.jpg?v=a&b",
    hls_url="/v/1/~a&b/master.m3u8",
    sources=(EmbedSource("/v/1/720p.mp4?v=a&x", 1280, 720), EmbedSource("/v/1/360p.mp4", 640, 360)),
)


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def one(self, tag: str) -> dict[str, str | None]:
        (attributes,) = (attributes for name, attributes in self.found if name == tag)
        return attributes

    def has(self, tag: str) -> bool:
        return any(name == tag for name, _ in self.found)


def test_the_video_stands_in_the_markup_with_size_poster_and_source() -> None:
    page = Elements(embed_page(VIDEO, ASSETS))
    video = page.one("video")
    assert (video["width"], video["height"]) == ("1280", "720")
    assert video["poster"] == VIDEO.poster_url
    assert video["preload"] == "none"
    assert {"controls", "playsinline"} <= video.keys()
    assert page.one("source") == {"src": "/v/1/720p.mp4?v=a&x", "type": "video/mp4"}
    assert page.one("playhead-player") == {"hls": VIDEO.hls_url}
    assert page.one("script") == {"type": "module", "src": ASSETS.player}


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(256, 144), (1280, 720), (1920, 1080)], (1280, 720)),
        ([(1920, 1080), (3840, 2160)], (1920, 1080)),
        ([(720, 1280), (1080, 1920)], (720, 1280)),  # portrait: the short side counts
        ([(640, 480), (854, 480)], (854, 480)),
        ([], None),
    ],
)
def test_the_source_is_one_that_most_lines_carry(
    sizes: list[tuple[int, int]], chosen: tuple[int, int] | None
) -> None:
    source = fitting_source([EmbedSource("/", width, height) for width, height in sizes])
    assert (source and (source.width, source.height)) == chosen


def test_a_title_cannot_break_out() -> None:
    title = '"><script>alert(1)</script>'
    page = Elements(embed_page(replace(VIDEO, title=title), ASSETS))
    assert page.one("video")["aria-label"] == title
    assert page.one("script") == {"type": "module", "src": ASSETS.player}
    told = Elements(told_page(title, "<b>No.</b>", ASSETS))
    assert not told.has("script")
    assert not told.has("b")
    assert "<b>No.</b>" in told.text


def test_a_video_still_at_work_shows_its_poster_and_looks_again() -> None:
    page = Elements(embed_page(replace(VIDEO, status="processing", hls_url=None, sources=()), ASSETS))
    assert page.one("img")["src"] == VIDEO.poster_url
    assert any(meta.get("http-equiv") == "refresh" for tag, meta in page.found if tag == "meta")
    assert not page.has("video")
    assert "not ready yet" in page.text


def test_a_video_at_work_plays_as_soon_as_it_can() -> None:
    page = Elements(embed_page(replace(VIDEO, status="processing", sources=()), ASSETS))
    assert page.one("playhead-player") == {"hls": VIDEO.hls_url, "growing": None}
    # What a browser may play by itself; of a type, it would refuse it and show dead controls.
    assert page.one("source") == {"src": VIDEO.hls_url}
    assert "need JavaScript" in page.text
    assert not any(meta.get("http-equiv") for tag, meta in page.found if tag == "meta")


def test_a_failed_video_says_so_once_and_for_all() -> None:
    page = Elements(
        embed_page(replace(VIDEO, status="fail", hls_url=None, sources=(), poster_url=None), ASSETS)
    )
    assert "could not be processed" in page.text
    assert not any(meta.get("http-equiv") for tag, meta in page.found if tag == "meta")
