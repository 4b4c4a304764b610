"""What `/v1` says of a video, as JSON. Pure: rows in, plain values out."""

from __future__ import annotations

from typing import Any

from playhead.api.gather import VideoRecord
from playhead.model import checksum, languages
from playhead.model.problems import reason_kept
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records import left_out, uploads
from playhead.records.database import Row

ALMOST = 0.99
"""Progress of a video whose pieces are all made but not joined yet."""


def video_view(record: VideoRecord, urls: Urls, token: str | None) -> dict[str, Any]:
    """One video. `token` opens a private video's URLs; None for a public one."""
    video = record.video
    playable = video["playable_at"] is not None and video["status"] != Status.FAIL
    return {
        "id": str(video["id"]),
        "filename": video["filename"],
        "status": video["status"],
        "is_public": video["is_public"],
        "metadata": video["metadata"],
        "loudness": video["loudness"],
        "reprocessing": record.reprocessing
        or (video["generation"] > 1 and video["status"] == Status.PROCESSING),
        "created_at": video["created_at"],
        "playable_at": video["playable_at"],
        "ready_at": video["ready_at"],
        "progress": _video_progress(record),
        "source": _source(video["info"], video["plan"], video["source_size"]),
        "upload": _upload(record.upload),
        "error": _video_error(record),
        "poster_url": urls.poster(video["id"], video["poster_key"], token) if video["poster_key"] else None,
        "embed_url": urls.embed(video["id"], token),
        "hls_url": urls.hls(video["id"], token) if playable else None,
        "dash_url": urls.dash(video["id"], token) if playable else None,
        "captions": [_captions(row, urls, token) for row in record.captions],
        "left_out": [left_out.told(row, video["info"]) for row in record.left_out],
        "renditions": [
            _rendition(row, record.images.get(row["track"] or "", []), urls, token)
            for row in record.renditions
        ],
    }


def _video_error(record: VideoRecord) -> dict[str, Any] | None:
    """Why a video failed, with the attempts that led there."""
    error = error_view(record.video)
    if error is None:
        return None
    attempts = [
        {
            "step": row["name"],
            "begun": row["attempts"],
            "failed": row["failures"],
            "last_error": (row["last_error"] or "").partition(":")[0] or None,
        }
        for row in record.steps
    ]
    return {**error, "attempts": attempts}


def error_view(row: Row) -> dict[str, Any] | None:
    """Why a video or rendition failed, or None."""
    return reason_kept(row["error_code"], row["error_detail"])


def _rendition(row: Row, images: list[Row], urls: Urls, token: str | None) -> dict[str, Any]:
    ready = row["status"] == Status.READY
    resolution = row["resolution"]
    return {
        "id": str(row["id"]),
        "resolution": resolution,
        "status": row["status"],
        "progress": _progress(row["status"], row["pieces_done"], row["pieces_planned"]),
        "pieces_done": row["pieces_done"],
        "pieces_planned": row["pieces_planned"],
        "width": row["width"],
        "height": row["height"],
        "size_bytes": row["size_bytes"],
        "video_url": urls.rendition(row["video_id"], resolution, row["key"], token) if ready else None,
        "thumbnail_urls": [
            urls.thumbnail(row["video_id"], resolution, image["number"], image["key"], token)
            for image in (images if ready else [])
        ],
        "note": row["note"],
        "error": error_view(row),
    }


def _notes(info: dict[str, Any]) -> list[str]:
    """What of the file is left out."""
    sounds = [
        f"A sound in {codec} cannot be decoded here and is left out." for codec in info.get("unheard", ())
    ]
    return sounds + [
        f"Captions in {codec} are pictures, not text, and are left out." for codec in info.get("pictured", ())
    ]


def _captions(row: Row, urls: Urls, token: str | None) -> dict[str, Any]:
    return {
        "language": row["language"],
        "title": row["title"] or languages.named(row["language"], "Captions"),
        "from_source": row["stream"] is not None,
        "cues": row["cues"],
        "url": urls.captions(row["video_id"], row["language"], row["key"], token),
    }


def _source(
    info: dict[str, Any] | None, plan: dict[str, Any] | None, size: int | None
) -> dict[str, Any] | None:
    if info is None or plan is None:
        return None
    picture, sound = info["video"], info["audio"]
    # Of sound alone, players get the file's own sound or what is encoded from it; there is nothing else to serve.
    served = plan["sound_from_source"] if picture is None else not plan["source_reasons"]
    return {
        "size_bytes": size,
        "width": picture and picture["width"],
        "height": picture and picture["height"],
        "duration_seconds": info["duration_seconds"],
        "frame_rate": picture and round(picture["frame_rate"][0] / picture["frame_rate"][1], 3),
        "video_codec": picture and picture["codec"],
        "audio_codec": sound["codec"] if sound else None,
        "served_as_it_is": served,
        "reasons": [] if served else plan["source_reasons"],
        "notes": _notes(info),
    }


def _upload(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {"size_bytes": None, "received_bytes": 0, "checksum": None, "verified": False}
    return {
        "size_bytes": row["declared_size"],
        "received_bytes": row["received_size"],
        "checksum": checksum.spelled(uploads.declared(row)),
        "verified": row["verified_at"] is not None,
    }


def _progress(status: str, done: int, planned: int) -> float:
    if status == Status.READY:
        return 1.0
    return round(min(ALMOST, done / planned), 3) if planned else 0.0


def _video_progress(record: VideoRecord) -> float:
    done = sum(row["pieces_done"] for row in record.renditions)
    planned = sum(row["pieces_planned"] for row in record.renditions)
    # The pieces of a finished rendition count as done even when they were given up since.
    return _progress(record.video["status"], done, planned)
