"""Names below `/v/{video}/`: those of `model.urls` read back, and those that playlists hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playhead.model.errors import PlayheadError
from playhead.model.languages import TAG
from playhead.model.resolutions import SHORT_SIDES

_RESOLUTION = "|".join(SHORT_SIDES)
_RENDITION = re.compile(rf"({_RESOLUTION})\.mp4")
_THUMBNAIL = re.compile(rf"thumbnail-({_RESOLUTION})-(0|[1-9][0-9]{{0,5}})\.jpg")
_PICTURES = r"(source|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})"
_TRACK = r"(source|audio(?:-(?:[2-9]|[1-9][0-9]))?|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})"
_NUMBER = r"(0|[1-9][0-9]{0,5})"
_PLAYLIST = re.compile(rf"{_TRACK}\.m3u8")
_KEYFRAME_PLAYLIST = re.compile(rf"{_PICTURES}-keyframes\.m3u8")
_INIT = re.compile(rf"{_TRACK}-init\.mp4")
_SEGMENT = re.compile(rf"{_TRACK}-{_NUMBER}\.m4s")
_CAPTIONS = re.compile(rf"captions-({TAG})\.(vtt|m3u8)")
_KEYFRAME = re.compile(rf"{_PICTURES}-keyframe-{_NUMBER}\.m4s")


@dataclass(frozen=True)
class Rendition:
    """A finished rendition's MP4."""

    resolution: str


@dataclass(frozen=True)
class Thumbnail:
    """The still of one requested moment, numbered from 0."""

    resolution: str
    number: int


@dataclass(frozen=True)
class Poster:
    """The video's poster."""


@dataclass(frozen=True)
class Master:
    """The multivariant playlist (HLS)."""


@dataclass(frozen=True)
class Manifest:
    """The manifest (DASH)."""


@dataclass(frozen=True)
class Playlist:
    """A track's media playlist, or with `keyframes` its I-frame playlist."""

    track: str
    keyframes: bool = False


@dataclass(frozen=True)
class Init:
    """A track's init segment."""

    track: str

    def __str__(self) -> str:
        return f"{self.track}-init"


@dataclass(frozen=True)
class Segment:
    """A track's media segment, numbered from 0, or with `keyframe` its first frame alone."""

    track: str
    number: int
    keyframe: bool = False

    def __str__(self) -> str:
        return f"{self.track}-{'keyframe-' if self.keyframe else ''}{self.number}"


@dataclass(frozen=True)
class Captions:
    """The WebVTT of one language, a tag."""

    language: str


@dataclass(frozen=True)
class CaptionsPlaylist:
    """The media playlist of captions."""

    language: str


Stored = Rendition | Thumbnail | Poster | Captions
"""What is stored as it is served."""
Streamed = Master | Manifest | Playlist | CaptionsPlaylist | Init | Segment
"""What is put together when it is asked for."""
Name = Stored | Streamed


def parse(name: str) -> Name:
    """What `name` asks for.

    Raises:
        PlayheadError: `not_found`.
    """
    if name == "poster.jpg":
        return Poster()
    if name == "master.m3u8":
        return Master()
    if name == "manifest.mpd":
        return Manifest()
    if found := _RENDITION.fullmatch(name):
        return Rendition(found[1])
    if found := _THUMBNAIL.fullmatch(name):
        return Thumbnail(found[1], int(found[2]))
    if found := _CAPTIONS.fullmatch(name):
        return Captions(found[1]) if found[2] == "vtt" else CaptionsPlaylist(found[1])
    return _parse_streamed(name)


def _parse_streamed(name: str) -> Streamed:
    if found := _SEGMENT.fullmatch(name):
        return Segment(found[1], int(found[2]))
    if found := _INIT.fullmatch(name):
        return Init(found[1])
    if found := _PLAYLIST.fullmatch(name):
        return Playlist(found[1])
    if found := _KEYFRAME_PLAYLIST.fullmatch(name):
        return Playlist(found[1], keyframes=True)
    if found := _KEYFRAME.fullmatch(name):
        return Segment(found[1], int(found[2]), keyframe=True)
    raise PlayheadError("not_found")


def playlist(track: str, version: str) -> str:
    """The relative URI of a track's media playlist."""
    return f"{track}.m3u8?v={version}"


def keyframe_playlist(track: str, version: str) -> str:
    """The relative URI of a track's I-frame playlist."""
    return f"{track}-keyframes.m3u8?v={version}"


def init(track: str, version: str) -> str:
    """The relative URI of a track's init segment."""
    return f"{track}-init.mp4?v={version}"


def segment(track: str, number: int | str, version: str) -> str:
    """The relative URI of a track's media segment; DASH puts `$Number$` for the number."""
    return f"{track}-{number}.m4s?v={version}"


def keyframe(track: str, number: int, version: str) -> str:
    """The relative URI of a segment's first frame alone."""
    return f"{track}-keyframe-{number}.m4s?v={version}"


def captions(language: str, version: str) -> str:
    """The relative URI of captions; their version is their own."""
    return f"captions-{language}.vtt?v={version}"


def captions_playlist(language: str, version: str) -> str:
    """The relative URI of the media playlist of captions."""
    return f"captions-{language}.m3u8?v={version}"
