"""The body that creates a video below `/api`, in its newer or older spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from playhead.model.errors import PlayheadError
from playhead.model.loudness import Loudness
from playhead.upload.asking import MAX_THUMBNAILS, checked
from playhead.upload.rules import MAX_FILENAME
from playhead.upload.sessions import VideoRequest

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
    loudness: Loudness | None = None


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
    size = asked.file_size_bytes
    if size is not None and size > MAX_SIZE:
        raise PlayheadError("upload_too_large", "A single PUT carries at most 5 GiB.", field="fileSizeBytes")
    return checked(
        filename=asked.filename,
        resolutions=asked.resolutions,
        is_public=asked.is_public,
        size_bytes=size,
        thumbnail_seconds=asked.thumbnail_timestamps_seconds or [],
        metadata=asked.custom_metadata,
        play_while_uploading=bool(asked.play_while_uploading),
        loudness=asked.loudness or Loudness.SOURCE,
    )
