"""The page inside an `<iframe>`: one video, in markup that plays without any script.

The `<video>` is in the page's own markup (light DOM) with its poster, size and source, so the poster
paints with the page and nothing moves when the script arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

REFRESH_SECONDS = 3
"""How often the page of a video that cannot be played yet looks again."""

_FITTING_SHORT_SIDE = 720
"""Pixels. An MP4 cannot adapt, so it is one that most lines carry and most screens are filled by."""


@dataclass(frozen=True)
class EmbedSource:
    """One progressive MP4 of the video."""

    url: str
    width: int
    """Pixels."""
    height: int


@dataclass(frozen=True)
class EmbedVideo:
    """What the page needs to know of a video."""

    title: str
    status: Literal["pending_upload", "processing", "ready", "fail"]
    width: int
    """Of the picture as displayed, in pixels; 16 and 9 will do while it is unknown."""
    height: int
    poster_url: str | None
    sources: tuple[EmbedSource, ...]
    """Those that can be played now, in any order; with at least one, the video plays."""


@dataclass(frozen=True)
class EmbedAssets:
    """Site paths of the built files the page uses."""

    player: str
    style: str
    icon: str


def fitting_source(sources: Sequence[EmbedSource]) -> EmbedSource | None:
    """The largest source whose short side is at most 720 pixels; else the smallest; None of none."""
    ordered = sorted(sources, key=lambda source: (min(source.width, source.height), source.width))
    fitting = [source for source in ordered if min(source.width, source.height) <= _FITTING_SHORT_SIDE]
    return fitting[-1] if fitting else next(iter(ordered), None)


def embed_page(video: EmbedVideo, assets: EmbedAssets) -> str:
    """The whole HTML document for one video, whatever its status."""
    source = fitting_source(video.sources)
    if source is None:
        return _waiting_page(video, assets)
    poster = f' poster="{escape(video.poster_url)}"' if video.poster_url else ""
    head = f'<script type="module" src="{escape(assets.player)}"></script>'
    body = (
        "<playhead-player>"
        f'<video controls playsinline preload="none" width="{video.width}" height="{video.height}"'
        f'{poster} aria-label="{escape(video.title)}">'
        f'<source src="{escape(source.url)}" type="video/mp4">'
        f'<a href="{escape(source.url)}">Download the video</a>'
        "</video></playhead-player>"
    )
    return _document(video.title, assets, head, body)


def told_page(title: str, sentence: str, assets: EmbedAssets) -> str:
    """A document that only says a sentence, for a video that is not there."""
    return _document(title, assets, "", _told(sentence))


def _waiting_page(video: EmbedVideo, assets: EmbedAssets) -> str:
    if video.status == "fail":
        return told_page(video.title, "This video could not be processed.", assets)
    poster = f'<img class="poster" src="{escape(video.poster_url)}" alt="">' if video.poster_url else ""
    head = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
    sentence = "This video is not ready yet. It appears here as soon as it can be played."
    return _document(video.title, assets, head, poster + _told(sentence))


def _told(sentence: str) -> str:
    return f'<div class="told"><p>{escape(sentence)}</p></div>'


def _document(title: str, assets: EmbedAssets, head: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="{escape(assets.icon)}" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{escape(assets.style)}">{head}</head>'
        f'<body><main><h1 class="unseen">{escape(title)}</h1>{body}</main></body></html>\n'
    )
