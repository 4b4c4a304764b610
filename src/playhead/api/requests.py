"""What a caller may ask for when creating a video, validated once for `/api` and `/v1` alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from playhead.model.errors import PlayheadError
from playhead.model.resolutions import SHORT_SIDES
from playhead.upload.rules import MAX_FILENAME
from playhead.upload.sessions import VideoRequest

MAX_THUMBNAILS = 100
MAX_METADATA_BYTES = 16 * 1024
MAX_SIZE = 5 * 1024**3
"""The wire contract's limit for a single PUT, in bytes."""

Filename = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILENAME)]
Size = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class CreateVideo(msgspec.Struct, rename="camel", kw_only=True):
    """The body of `POST /api/video`. Fields it does not know are ignored: callers pass their own along."""

    filename: Filename
    resolutions: Annotated[list[str], msgspec.Meta(min_length=1, max_length=32)]
    is_public: bool
    file_size_bytes: Size | None = None
    thumbnail_timestamps_seconds: Annotated[list[Seconds], msgspec.Meta(max_length=MAX_THUMBNAILS)] | None = (
        None
    )
    custom_metadata: dict[str, Any] | None = None
    play_while_uploading: bool | None = None


# The names older callers use, and the ones they are known by now.
_OLDER_NAMES = {
    "file_size_bytes": "fileSizeBytes",
    "is_public": "isPublic",
    "thumbnail_timestamps_seconds": "thumbnailTimestampsSeconds",
    "custom_user_metadata": "customMetadata",
    "customUserMetadata": "customMetadata",
    "custom_metadata": "customMetadata",
}


def read_create(body: bytes) -> VideoRequest:
    """The JSON body of `POST /api/video`, in its newer or older spelling.

    Raises:
        PlayheadError: `malformed_request` when it is not a JSON object, `invalid_request` otherwise.
    """
    try:
        fields = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise PlayheadError("malformed_request", f"The body is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise PlayheadError("malformed_request", "The body must be a JSON object.")
    return from_fields(fields)


def from_fields(fields: Mapping[str, Any]) -> VideoRequest:
    """A request from named values.

    Raises:
        PlayheadError: `invalid_request`, naming the field.
    """
    renamed = {_OLDER_NAMES.get(name, name): value for name, value in fields.items()}
    try:
        asked = msgspec.convert(renamed, CreateVideo)
    except msgspec.ValidationError as error:
        raise PlayheadError("invalid_request", f"{str(error).rstrip('.')}.") from error
    return checked(
        filename=asked.filename,
        resolutions=asked.resolutions,
        is_public=asked.is_public,
        size_bytes=asked.file_size_bytes,
        thumbnail_seconds=asked.thumbnail_timestamps_seconds or [],
        metadata=asked.custom_metadata,
        play_while_uploading=bool(asked.play_while_uploading),
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
) -> VideoRequest:
    """What types alone cannot say.

    Raises:
        PlayheadError: `invalid_request` or `upload_too_large`, naming the field.
    """
    unknown = [name for name in resolutions if name not in SHORT_SIDES]
    if unknown:
        raise PlayheadError(
            "invalid_request",
            f"There is no resolution {unknown[0]!r:.40}; choose from {', '.join(SHORT_SIDES)}.",
            field="resolutions",
        )
    if any(not char.isprintable() for char in filename) or not filename.strip():
        raise PlayheadError(
            "invalid_request", "The filename has characters that cannot be shown.", field="filename"
        )
    if size_bytes is not None and size_bytes > MAX_SIZE:
        raise PlayheadError("upload_too_large", "A single PUT carries at most 5 GiB.", field="fileSizeBytes")
    if any(not math.isfinite(at) for at in thumbnail_seconds):
        raise PlayheadError("invalid_request", "A thumbnail's time must be a number of seconds.")
    # PostgreSQL's text cannot hold U+0000, and nobody means it.
    if metadata is not None and (
        len(msgspec.json.encode(metadata)) > MAX_METADATA_BYTES or _has_nul(metadata)
    ):
        raise PlayheadError(
            "invalid_request", "The metadata must be text of at most 16 KiB.", field="customMetadata"
        )
    return VideoRequest(
        filename=filename,
        resolutions=list(dict.fromkeys(resolutions)),
        is_public=is_public,
        size_bytes=size_bytes,
        thumbnail_seconds=thumbnail_seconds,
        metadata=metadata,
        play_while_uploading=play_while_uploading,
    )


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_has_nul(each) for each in value)
