"""The contract's calls by plain HTTP, for tests that look at every header and status themselves."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

RESOLUTIONS = ["144p", "240p", "360p", "480p", "720p", "1080p", "1440p", "4k", "8k"]

TYPES = {
    "avi": "video/x-msvideo",
    "m4v": "video/x-m4v",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpg": "video/mpeg",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}
"""The extensions the contract names, and the Content-Type an upload of each is created with."""

NOWHERE = "00000000-0000-4000-8000-000000000000"
"""The id of nothing."""

BYTES = httpx.Client(timeout=60)
"""For storage URLs, which take no key."""


def wanted(**changes: Any) -> dict[str, Any]:
    """A body for `POST /api/video`; a change to None is sent as null, to `...` leaves the field out."""
    body: dict[str, Any] = {"filename": "clip.mp4", "resolutions": ["144p"], "isPublic": True, **changes}
    return {name: value for name, value in body.items() if value is not ...}


def create(api: httpx.Client, **changes: Any) -> dict[str, Any]:
    """Create a video."""
    answer = api.post("/api/video", json=wanted(**changes))
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def put(created: dict[str, Any], content: bytes) -> httpx.Response:
    """Send bytes as a client does: the returned Content-Type, no key."""
    return BYTES.put(created["uploadUrl"], content=content, headers={"Content-Type": created["contentType"]})


def complete(api: httpx.Client, video_id: str) -> httpx.Response:
    """Say that the bytes are there."""
    return api.post(f"/api/video/{video_id}/complete-upload")


def upload(api: httpx.Client, clip: Path, **changes: Any) -> str:
    """Create, send and complete; gives the video's id."""
    created = create(api, fileSizeBytes=clip.stat().st_size, **changes)
    assert put(created, clip.read_bytes()).status_code == 200
    assert complete(api, created["id"]).status_code == 201
    video_id: str = created["id"]
    return video_id


def settled(api: httpx.Client, video_id: str, seconds: float = 60) -> dict[str, Any]:
    """The video once nothing more happens to it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = api.get(f"/api/video/{video_id}/status")
        assert answer.status_code == 200, answer.text
        video: dict[str, Any] = answer.json()
        if video["status"] in ("ready", "fail"):
            return video
        assert time.monotonic() < deadline, video
        time.sleep(0.1)


def assert_problem(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The answer is an error of that status, in JSON with a `message` for a person; gives its body."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert isinstance(body["message"], str)
    assert body["message"]
    if code is not None:
        assert body["code"] == code, body
    return body
