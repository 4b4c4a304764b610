"""The page inside an `<iframe>`: one video, in markup that plays without any script once there is an MP4.

The `<video>` is in the page's own markup (light DOM) with its poster, size and source, so the poster
paints with the page and nothing moves when the script arrives, which then plays the HLS playlist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

REFRESH_SECONDS = 3
"""How often the page of a video that cannot be played yet looks again."""

_NOT_READY = "This video is not ready yet. It appears here as soon as it can be played."

_NEEDS_SCRIPT = "This video is still being processed. Until it is, most browsers need JavaScript to play it."

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
class EmbedCaptions:
    """Captions in one language."""

    url: str
    language: str
    """An RFC 5646 tag, or `und`."""
    title: str


@dataclass(frozen=True)
class EmbedVideo:
    """What the page needs to know of a video."""

    title: str
    status: Literal["pending_upload", "processing", "ready", "fail"]
    width: int
    """Of the picture as displayed, in pixels; 16 and 9 will do while it is unknown."""
    height: int
    poster_url: str | None
    hls_url: str | None
    """The multivariant playlist; None until the video is playable."""
    sources: tuple[EmbedSource, ...]
    """Those that can be played now, in any order; without script they are all that plays."""
    captions: tuple[EmbedCaptions, ...] = ()


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
    if source is None and video.hls_url is None:
        return _waiting_page(video, assets)
    hls = f' hls="{escape(video.hls_url)}"' if video.hls_url else ""
    # Then the player looks for new renditions before each play.
    growing = " growing" if video.status == "processing" else ""
    poster = f' poster="{escape(video.poster_url)}"' if video.poster_url else ""
    head = f'<script type="module" src="{escape(assets.player)}"></script>'
    body = (
        f"<playhead-player{hls}{growing}>"
        f'<video controls playsinline preload="none" width="{video.width}" height="{video.height}"'
        f'{poster} aria-label="{escape(video.title)}">'
        f"{_source(source, video.hls_url)}{_tracks(video.captions)}</video>"
        "</playhead-player>"
    )
    if source is None:
        body += f'<noscript><p class="aside">{_NEEDS_SCRIPT}</p></noscript>'
    return _document(video.title, assets, head, body)


def _source(file: EmbedSource | None, hls_url: str | None) -> str:
    """What plays without script, or where the playlist fails."""
    if file is None:
        # Without a type, so that no browser refuses it before it is asked for: its controls would be dead.
        return f'<source src="{escape(hls_url or "")}">'
    url = escape(file.url)
    return f'<source src="{url}" type="video/mp4"><a href="{url}">Download the video</a>'


def _tracks(captions: Sequence[EmbedCaptions]) -> str:
    """What the browser's own menu of captions is made of, whatever plays the pictures."""
    return "".join(
        f'<track kind="captions" srclang="{escape(each.language)}" label="{escape(each.title)}"'
        f' src="{escape(each.url)}">'
        for each in captions
    )


def told_page(title: str, sentence: str, assets: EmbedAssets) -> str:
    """A document that only says a sentence, for a video that is not there."""
    return _document(title, assets, "", _told(sentence))


def _waiting_page(video: EmbedVideo, assets: EmbedAssets) -> str:
    if video.status == "fail":
        return told_page(video.title, "This video could not be processed.", assets)
    poster = f'<img class="poster" src="{escape(video.poster_url)}" alt="">' if video.poster_url else ""
    head = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">'
    return _document(video.title, assets, head, poster + _told(_NOT_READY))


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
