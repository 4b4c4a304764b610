"""What may be uploaded, as pure rules."""

from __future__ import annotations

from playhead.model.errors import PlayheadError

CONTENT_TYPES: dict[str, str] = {
    "avi": "video/x-msvideo",
    "m4v": "video/x-m4v",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpg": "video/mpeg",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}
"""File name extension → content type, as the wire contract lists them."""
OTHER_CONTENT_TYPE = "application/octet-stream"
MAX_FILENAME = 255


def content_type_of(filename: str) -> str:
    """The content type an upload of that name must be sent with.

    A name says little about what is inside, so unknown extensions are not refused; the bytes are looked at.
    """
    _, _, extension = filename.rpartition(".")
    return CONTENT_TYPES.get(extension.lower(), OTHER_CONTENT_TYPE)


def check_content_type(sent: str | None, expected: str) -> None:
    """Compare types without parameters, whatever their case.

    Raises:
        PlayheadError: `content_type_mismatch`.
    """
    essence = (sent or "").partition(";")[0].strip().lower()
    if essence != expected:
        raise PlayheadError(
            "content_type_mismatch", f"This upload takes {expected}, not {essence or 'nothing'}."
        )


def check_announced(announced: int | None, declared: int | None, most: int) -> None:
    """Compare a Content-Length with what was declared when the upload was created.

    Raises:
        PlayheadError: `upload_too_large`, or `size_mismatch` when it falls short.
    """
    if announced is None:
        return
    limit = most if declared is None else min(declared, most)
    if announced > limit:
        raise PlayheadError("upload_too_large", f"{announced} bytes were announced; {limit} are allowed.")
    if declared is not None and announced < declared:
        raise PlayheadError("size_mismatch", f"{announced} bytes were announced; {declared} were declared.")
