"""Standard Webhooks 1.0: `{type, timestamp, data}`, signed with the three `webhook-` headers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from standardwebhooks import Webhook

from playhead.events.message import Event, Message
from playhead.model.problems import reason_kept
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records import left_out
from playhead.records.database import Row


def message(event: Event, secret: str, urls: Urls, now: datetime) -> Message:
    """The request that tells of an event.

    `data` has what is known now; names and values are those of `GET /v1/videos/{id}`. A private video's URLs
    are absent: who has a key asks for them. Of a deleted video only its id is left.
    """
    body = msgspec.json.encode(
        {"type": event.type, "timestamp": event.at.astimezone(UTC), "data": _data(event, urls)}
    )
    at = now.astimezone(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event.id, at, body.decode()),
    }
    return Message(headers, body)


def _data(event: Event, urls: Urls) -> dict[str, Any]:
    video = event.video
    if video is None:
        return {"id": str(event.video_id)}
    public = event.open_urls(urls)
    data: dict[str, Any] = {
        "id": str(video["id"]),
        "filename": video["filename"],
        "status": video["status"],
        "is_public": video["is_public"],
        "metadata": video["metadata"],
        "error": reason_kept(video["error_code"], video["error_detail"]),
        "left_out": [left_out.told(row, video["info"]) for row in event.left_out],
        "renditions": [_rendition(row, event, public) for row in event.renditions],
    }
    if public is not None:
        poster = video["poster_key"]
        data["poster_url"] = public.poster(video["id"], poster) if poster else None
        data["embed_url"] = public.embed(video["id"])
    return data


def _rendition(row: Row, event: Event, public: Urls | None) -> dict[str, Any]:
    view = {name: row[name] for name in ("resolution", "status", "width", "height")}
    if public is None or row["status"] != Status.READY:
        return view
    return {
        **view,
        "video_url": public.rendition(row["video_id"], row["resolution"], row["key"]),
        "thumbnail_urls": [
            public.thumbnail(row["video_id"], row["resolution"], image["number"], image["key"])
            for image in event.images.get(row["track"] or "", ())
        ],
    }
