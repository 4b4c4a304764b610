"""What may be asked for of a video, whichever way it is asked: validated once for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from playhead.model.checksum import NO_CHECKSUMS, checksums_in
from playhead.model.errors import PlayheadError
from playhead.model.loudness import Loudness
from playhead.model.resolutions import DEFAULT_RESOLUTIONS, SHORT_SIDES
from playhead.records.database import Row
from playhead.upload.rules import MAX_FILENAME
from playhead.upload.sessions import VideoRequest

MAX_THUMBNAILS = 100
MAX_METADATA_BYTES = 16 * 1024


@dataclass(frozen=True)
class Wishes:
    """What an uploader says of its file, as far as it says anything."""

    filename: str
    size_bytes: int | None = None
    resolutions: Sequence[str] | None = None
    is_public: bool | None = None
    thumbnail_seconds: Sequence[float] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    play_while_uploading: bool = False
    loudness: Loudness = Loudness.SOURCE
    checksum: str | None = None


def wished(wishes: Wishes, grant: Row | None) -> VideoRequest:
    """What an uploader gets: anything with a key, and with a grant what that leaves open.

    The upload completes by itself, as nobody else is there to say that it is whole.

    Raises:
        PlayheadError: `invalid_request`, also for what the grant does not allow.
    """
    allowed: Row = grant or {"resolutions": None, "is_public": None, "metadata": None}
    resolutions = wishes.resolutions or allowed["resolutions"] or DEFAULT_RESOLUTIONS
    beyond = [name for name in resolutions if allowed["resolutions"] and name not in allowed["resolutions"]]
    if beyond:
        raise PlayheadError(
            "invalid_request", f"The grant does not allow {beyond[0]!r:.40}.", field="resolutions"
        )
    if wishes.is_public and allowed["is_public"] is False:
        raise PlayheadError("invalid_request", "The grant is for private videos.", field="is_public")
    if wishes.is_public is not None:
        is_public = wishes.is_public
    else:
        is_public = allowed["is_public"] is not False
    return checked(
        filename=wishes.filename,
        resolutions=list(resolutions),
        is_public=is_public,
        size_bytes=wishes.size_bytes,
        thumbnail_seconds=list(wishes.thumbnail_seconds),
        metadata={**wishes.metadata, **(allowed["metadata"] or {})} or None,
        play_while_uploading=wishes.play_while_uploading,
        auto_complete=True,
        loudness=wishes.loudness,
        checksum=wishes.checksum,
    )


def checked(
    *,
    filename: str,
    resolutions: list[str],
    is_public: bool,
    size_bytes: int | None,
    thumbnail_seconds: list[float],
    metadata: dict[str, Any] | None,
    play_while_uploading: bool = False,
    auto_complete: bool = False,
    loudness: Loudness = Loudness.SOURCE,
    checksum: str | None = None,
) -> VideoRequest:
    """What types alone cannot say.

    Raises:
        PlayheadError: `invalid_request`, naming the field.
    """
    check_resolutions(resolutions)
    if not 1 <= len(filename) <= MAX_FILENAME:
        raise PlayheadError(
            "invalid_request", f"The filename must have 1 to {MAX_FILENAME} characters.", field="filename"
        )
    if any(not char.isprintable() for char in filename) or not filename.strip():
        raise PlayheadError(
            "invalid_request", "The filename has characters that cannot be shown.", field="filename"
        )
    if len(thumbnail_seconds) > MAX_THUMBNAILS or any(not math.isfinite(at) for at in thumbnail_seconds):
        raise PlayheadError("invalid_request", "A thumbnail's time must be a number of seconds.")
    check_metadata(metadata, "customMetadata")
    if play_while_uploading and loudness != Loudness.SOURCE:
        raise PlayheadError(
            "invalid_request",
            "What plays while it arrives has the file's own sound, so its loudness stays.",
            field="loudness",
        )
    return VideoRequest(
        filename=filename,
        resolutions=list(dict.fromkeys(resolutions)),
        is_public=is_public,
        size_bytes=size_bytes,
        thumbnail_seconds=thumbnail_seconds,
        metadata=metadata,
        play_while_uploading=play_while_uploading,
        auto_complete=auto_complete,
        loudness=loudness,
        checksums=NO_CHECKSUMS if checksum is None else checksums_in(checksum),
    )


def check_resolutions(resolutions: Sequence[str]) -> None:
    """Whether all of them are names we know.

    Raises:
        PlayheadError: `invalid_request`.
    """
    unknown = [name for name in resolutions if name not in SHORT_SIDES]
    if unknown:
        raise PlayheadError(
            "invalid_request",
            f"There is no resolution {unknown[0]!r:.40}; choose from {', '.join(SHORT_SIDES)}.",
            field="resolutions",
        )


def check_metadata(metadata: Mapping[str, Any] | None, field: str) -> None:
    """Whether metadata can be kept.

    Raises:
        PlayheadError: `invalid_request`.
    """
    if metadata is None:
        return
    # PostgreSQL's text cannot hold U+0000, and nobody means it.
    if len(msgspec.json.encode(metadata)) > MAX_METADATA_BYTES or _has_nul(metadata):
        raise PlayheadError("invalid_request", "The metadata must be text of at most 16 KiB.", field=field)


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_has_nul(each) for each in value)
