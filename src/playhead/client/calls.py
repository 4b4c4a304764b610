"""The API's calls as values: building a request and reading its answer, with no I/O, for both clients.

Spec: `/v1` of the OpenAPI document the server itself hands out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypedDict, TypeVar
from urllib.parse import quote
from uuid import uuid4

import msgspec

from playhead.client.errors import PlayheadAPIError
from playhead.client.models import Preflight, Upload, Video, VideoPage, Webhook, WebhookPage

T = TypeVar("T")


class Wish(TypedDict, total=False):
    """What is wanted of a new video; everything may be left out."""

    resolutions: Sequence[str]
    """Any of `144p 240p 360p 480p 720p 1080p 1440p 4k 8k`; by default the server chooses."""
    is_public: bool
    """False: every playback URL carries a token and expires."""
    thumbnail_seconds: Sequence[float]
    """Moments of the video to take pictures at."""
    metadata: Mapping[str, Any]
    """Kept with the video and told in its events, as it is."""
    play_while_uploading: bool
    """Whether it can be watched from the bytes that have arrived."""
    loudness: Literal["source", "normalised"]
    """Whether the sound stays as loud as it is, or is brought to -16 LUFS."""
    checksum: str
    """Of the whole file, `sha-256:` and its SHA-256, or `crc64nvme:` and its CRC64NVME in Base64, or both with a
    comma between: the server refuses a file that has another one."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request to the API and the type of its answer."""

    method: str
    path: str
    answer: type[T]
    body: bytes | None = None
    body_type: str = "application/json"
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    """Whether sending it twice leaves the same state as once, so that it may be tried again unasked."""
    once: str | None = None
    """An Idempotency-Key: the server carries out one request of that key, and answers all of them alike."""

    def headers(self, api_key: str) -> dict[str, str]:
        """The request's headers. The key goes to the API only, never with the bytes of a file."""
        said = {"X-API-KEY": api_key, "Accept": "application/json"}
        if self.body is not None:
            said["Content-Type"] = self.body_type
        if self.once is not None:
            said["Idempotency-Key"] = self.once
        return said

    def read(self, status: int, headers: Mapping[str, str], content: bytes) -> T:
        """The typed answer.

        Raises:
            PlayheadAPIError: it is an error, or nothing a Playhead server says.
        """
        if not 200 <= status < 300:
            raise problem(status, headers, content)
        try:
            return msgspec.json.decode(content or b"null", type=self.answer)
        except msgspec.DecodeError as cause:
            sentence = (
                f"The answer to {self.method} {self.path} is not one of a Playhead server. Check the URL."
            )
            raise PlayheadAPIError(status, "unexpected_answer", sentence) from cause


def create_upload(filename: str, size: int, wish: Wish) -> Call[Upload]:
    """Announce a video of `size` bytes and get the URL its bytes go to."""
    wanted: dict[str, Any] = {name: value for name, value in wish.items() if value is not None}
    # No size can be 0; an empty file is left to completing, which has the right words for it.
    if size > 0:
        wanted["size"] = size
    body = msgspec.json.encode({"filename": filename, **wanted})
    return Call("POST", "/v1/uploads", Upload, body, once=str(uuid4()))


def create_video(url: str, filename: str | None, wish: Wish) -> Call[Video]:
    """Have a video's file fetched from `url` by the server."""
    wanted: dict[str, Any] = {"url": url, "filename": filename, **wish}
    body = msgspec.json.encode({name: value for name, value in wanted.items() if value is not None})
    return Call("POST", "/v1/videos", Video, body, once=str(uuid4()))


def preflight(
    filename: str, size: int, ranges: Mapping[int, bytes], resolutions: Sequence[str] | None
) -> Call[Preflight]:
    """Ask what would become of a file of `size` bytes, by ranges of it: offset → bytes."""
    fields = {"filename": filename, "size": str(size), "resolutions": ",".join(resolutions or ())}
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in [
            *((name, text.encode()) for name, text in fields.items()),
            *((f"range-{start}", data) for start, data in ranges.items()),
        ]
    ]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return Call(
        "POST", "/v1/preflight", Preflight, body, body_type=f"multipart/form-data; boundary={boundary}"
    )


def complete_upload(upload_id: str, checksum: str | None = None) -> Call[Video]:
    """Say that all bytes are there, and what they add up to; completing twice is the same as once."""
    body = None if checksum is None else msgspec.json.encode({"checksum": checksum})
    return Call("POST", f"/v1/uploads/{_part(upload_id)}/complete", Video, body)


def video(video_id: str) -> Call[Video]:
    """Read a video."""
    return Call("GET", f"/v1/videos/{_part(video_id)}", Video)


def videos(limit: int, cursor: str | None) -> Call[VideoPage]:
    """Read one page of the project's videos, newest first."""
    query = {"limit": str(limit)}
    if cursor is not None:
        query["cursor"] = cursor
    return Call("GET", "/v1/videos", VideoPage, query=query)


def delete_video(video_id: str) -> Call[None]:
    """Delete a video and all that was made from it."""
    return Call("DELETE", f"/v1/videos/{_part(video_id)}", type(None), repeatable=False)


def reprocess_video(video_id: str) -> Call[Video]:
    """Make everything of a video's file once more."""
    return Call("POST", f"/v1/videos/{_part(video_id)}/reprocess", Video)


def create_webhook(
    name: str, url: str, format: Literal["standard", "hyperserve"], events: Sequence[str] | None
) -> Call[Webhook]:
    """Register an address to be told about events."""
    wanted: dict[str, Any] = {"name": name, "url": url, "format": format}
    if events is not None:
        wanted["events"] = list(events)
    return Call("POST", "/v1/webhooks", Webhook, msgspec.json.encode(wanted), once=str(uuid4()))


def webhooks() -> Call[WebhookPage]:
    """Read the project's webhooks."""
    return Call("GET", "/v1/webhooks", WebhookPage)


def delete_webhook(webhook_id: str) -> Call[None]:
    """Stop telling an address."""
    return Call("DELETE", f"/v1/webhooks/{_part(webhook_id)}", type(None), repeatable=False)


def problem(status: int, headers: Mapping[str, str], content: bytes) -> PlayheadAPIError:
    """The error an answer carries: RFC 9457 problem JSON, or whatever a proxy in between said."""
    try:
        told = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    message = _text(told, "message") or _text(told, "detail") or _text(told, "title")
    return PlayheadAPIError(
        status,
        _text(told, "code") or f"http_{status}",
        message or f"The server answered {status} without saying why.",
        request_id=_text(told, "request_id") or headers.get("X-Request-Id"),
        docs_url=_text(told, "docs_url") or None,
        retry_after=_seconds(headers.get("Retry-After")),
    )


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _seconds(value: str | None) -> float | None:
    # The header's other form, a date, is for pages that move; our server sends seconds.
    return float(value) if value is not None and value.isdigit() else None


def _part(name: str) -> str:
    return quote(name, safe="")
