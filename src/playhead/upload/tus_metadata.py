"""What a client of tus says of its file: the `Upload-Metadata` header, and what is made of it.

    Upload-Metadata: filename ZmlsbS5tcDQ=,is_public ZmFsc2U=

Clients differ in the names: `filename` and `name`, `filetype` and `type` mean the same. The names of a video's own
settings are taken as those; everything else becomes the video's metadata.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping

from playhead.model.errors import PlayheadError
from playhead.model.loudness import Loudness
from playhead.upload.asking import Wishes

MAX_HEADER = 32 * 1024
UNNAMED = "video"
"""The name of a file of which nobody said one."""

_NAMES = ("filename", "name")
_TYPES = ("filetype", "type")
_RESOLUTIONS = ("resolutions",)
_PUBLIC = ("is_public", "isPublic")
_THUMBNAILS = ("thumbnail_seconds", "thumbnail_timestamps_seconds", "thumbnailTimestampsSeconds")
_WHILE = ("play_while_uploading", "playWhileUploading")
_LOUDNESS = ("loudness",)
_CHECKSUM = ("checksum",)
_KNOWN = frozenset((*_NAMES, *_TYPES, *_RESOLUTIONS, *_PUBLIC, *_THUMBNAILS, *_WHILE, *_LOUDNESS, *_CHECKSUM))
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_NOTHING = ("", "null", "undefined")
"""How JavaScript spells a value that is not there once it has become text, as Uppy's `relativePath` often is."""


def parse(header: str) -> dict[str, str]:
    """The pairs in an `Upload-Metadata` header.

    Raises:
        PlayheadError: `malformed_request`.
    """
    if len(header) > MAX_HEADER:
        raise PlayheadError("malformed_request", f"Upload-Metadata is longer than {MAX_HEADER} characters.")
    pairs: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else ():
        name, _, value = pair.strip().partition(" ")
        if not name or not name.isascii() or name in pairs:
            raise PlayheadError("malformed_request", "Upload-Metadata has a key that is missing or repeated.")
        try:
            pairs[name] = b64decode(value.strip(), validate=True).decode()
        except ValueError:  # what is not even ASCII is no Base64, and what is no UTF-8 is no text
            raise PlayheadError(
                "malformed_request", f"The value of {name:.40} in Upload-Metadata is not Base64 of text."
            ) from None
    return pairs


def wishes(said: Mapping[str, str], size: int | None) -> Wishes:
    """What is asked for by a client that says this of its file.

    Raises:
        PlayheadError: `invalid_request` for a value that cannot be read.
    """
    times = _first(said, _THUMBNAILS) or ""
    return Wishes(
        filename=_first(said, _NAMES) or UNNAMED,
        size_bytes=size,
        resolutions=_listed(_first(said, _RESOLUTIONS) or "") or None,
        is_public=_truth(said, _PUBLIC),
        thumbnail_seconds=[_seconds(time) for time in _listed(times)],
        metadata={key: text for key, text in said.items() if key not in _KNOWN and text not in _NOTHING},
        play_while_uploading=bool(_truth(said, _WHILE)),
        loudness=_loudness(_first(said, _LOUDNESS)),
        checksum=_first(said, _CHECKSUM),
    )


def _first(said: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((said[name] for name in names if said.get(name, "") not in _NOTHING), None)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _truth(said: Mapping[str, str], names: tuple[str, ...]) -> bool | None:
    text = _first(said, names)
    if text is None:
        return None
    if text.lower() not in _TRUTHS:
        raise PlayheadError("invalid_request", f"{names[0]} must be true or false.", field=names[0])
    return _TRUTHS[text.lower()]


def _loudness(text: str | None) -> Loudness:
    try:
        return Loudness(text or Loudness.SOURCE)
    except ValueError:
        known = " or ".join(Loudness)
        raise PlayheadError("invalid_request", f"The loudness must be {known}.", field="loudness") from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not seconds >= 0:
        raise PlayheadError(
            "invalid_request",
            "Thumbnail times must be seconds, separated by commas.",
            field="thumbnail_seconds",
        )
    return seconds
