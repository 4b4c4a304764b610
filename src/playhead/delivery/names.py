"""Names below `/v/{video}/`: the reverse of `model.urls`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playhead.model.errors import PlayheadError
from playhead.model.resolutions import SHORT_SIDES

_RESOLUTION = "|".join(SHORT_SIDES)
_RENDITION = re.compile(rf"({_RESOLUTION})\.mp4")
_THUMBNAIL = re.compile(rf"thumbnail-({_RESOLUTION})-(0|[1-9][0-9]{{0,5}})\.jpg")


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


Name = Rendition | Thumbnail | Poster


def parse(name: str) -> Name:
    """What `name` asks for.

    Raises:
        PlayheadError: `not_found`.
    """
    if found := _RENDITION.fullmatch(name):
        return Rendition(found[1])
    if found := _THUMBNAIL.fullmatch(name):
        return Thumbnail(found[1], int(found[2]))
    if name == "poster.jpg":
        return Poster()
    raise PlayheadError("not_found")
