"""The Hyperserve contract's words: a video's resolutions as it shows them, and its two webhook messages."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from playhead.events.message import Event, Message
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records.database import Row

SIGNATURE_HEADER = "x-hyperserve-signature"


def rendition_views(
    renditions: Sequence[Row], images: Mapping[str, Sequence[Row]], urls: Urls | None, token: str | None
) -> dict[str, dict[str, Any]]:
    """Resolution → `{id, status, videoUrl, thumbnailImageUrls}`, in the order given.

    `images` are the thumbnails by track. Without `urls`, and for a resolution that is not ready, `videoUrl`
    is null and there are no thumbnails. `token` opens a private video's URLs.
    """
    return {
        row["resolution"]: {"id": str(row["id"]), "status": row["status"], **_urls(row, images, urls, token)}
        for row in renditions
    }


def message(event: Event, webhook_name: str, secret: str, urls: Urls, now: datetime) -> Message | None:
    """The request that tells of an event; None when nothing is left to tell, for the video is deleted."""
    video = event.video
    if video is None:
        return None
    head = {"webhookName": webhook_name, "videoId": str(video["id"])}
    metadata = {"customMetadata": video["metadata"]}
    if event.type == EventType.READY:
        data = {"id": str(video["id"]), "isPublic": video["is_public"], "resolutions": _told(event, urls)}
        content = {**head, "event": "video-processing-success", **metadata, "data": data}
    elif event.type == EventType.FAILED:
        error = PlayheadError(video["error_code"] or "internal_error", video["error_detail"] or "")
        content = {**head, "event": "video-processing-fail", **metadata, "error": error.message}
    else:
        return None
    body = msgspec.json.encode(content)
    headers = {
        "content-type": "application/json",
        "webhook-id": event.id,
        SIGNATURE_HEADER: signature(secret, body, now),
    }
    return Message(headers, body)


def signature(secret: str, body: bytes, now: datetime) -> str:
    """`{timestampMs}.{hex}`: HMAC-SHA256 over `{timestampMs}.{body}`, keyed with the secret as shown."""
    at = str(int(now.timestamp() * 1000))
    return f"{at}.{hmac.new(secret.encode(), at.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


def _told(event: Event, urls: Urls) -> dict[str, dict[str, Any]]:
    """The resolutions as a webhook tells them; a private video's URLs are absent."""
    public = event.open_urls(urls)
    return {
        row["resolution"]: {
            "status": row["status"],
            **(_urls(row, event.images, public, None) if public else {}),
        }
        for row in event.renditions
    }


def _urls(
    row: Row, images: Mapping[str, Sequence[Row]], urls: Urls | None, token: str | None
) -> dict[str, Any]:
    if urls is None or row["status"] != Status.READY:
        return {"videoUrl": None, "thumbnailImageUrls": []}
    video_id, resolution = row["video_id"], row["resolution"]
    return {
        "videoUrl": urls.rendition(video_id, resolution, row["key"], token),
        "thumbnailImageUrls": [
            urls.thumbnail(video_id, resolution, image["number"], image["key"], token)
            for image in images.get(row["track"] or "", ())
        ],
    }
