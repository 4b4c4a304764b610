"""Driving a video down the river from outside, as any HTTP client would."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

DONE = ("ready", "fail")


def create(client: httpx.Client, path: Path, resolutions: Sequence[str], **fields: Any) -> dict[str, Any]:
    """Create a video for a file; the contract's answer."""
    body = {
        "filename": path.name,
        "fileSizeBytes": path.stat().st_size or 1,
        "resolutions": list(resolutions),
        "isPublic": True,
        **fields,
    }
    answer = client.post("/api/video", json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def send(created: dict[str, Any], path: Path) -> httpx.Response:
    """PUT a file to its upload URL, without any key."""
    with path.open("rb") as file:
        headers = {"Content-Type": created["contentType"], "Content-Length": str(path.stat().st_size)}
        return httpx.put(created["uploadUrl"], content=file, headers=headers, timeout=120)


def upload(client: httpx.Client, path: Path, resolutions: Sequence[str], **fields: Any) -> str:
    """Create, send and complete; the video's id."""
    created = create(client, path, resolutions, **fields)
    sent = send(created, path)
    assert sent.status_code == 200, sent.text
    completed = client.post(f"/api/video/{created['id']}/complete-upload")
    assert completed.status_code == 201, completed.text
    return str(created["id"])


def video(client: httpx.Client, video_id: str) -> dict[str, Any]:
    """The video as `/v1` tells it now."""
    answer = client.get(f"/v1/videos/{video_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wait(client: httpx.Client, video_id: str, within: float = 120) -> dict[str, Any]:
    """Wait until a video is over, well or badly; a database or server that is away for a while is waited for.

    Raises: AssertionError when it is stuck.
    """
    deadline = time.monotonic() + within
    seen: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            answer = client.get(f"/v1/videos/{video_id}")
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        assert answer.status_code != 500, answer.text
        if answer.status_code == 200:
            seen = answer.json()
            if seen["status"] in DONE:
                return seen
        time.sleep(0.1)
    raise AssertionError(f"still not over after {within} s: {seen}")


def fetch(url: str, to: Path) -> Path:
    """Download what a URL serves."""
    with httpx.stream("GET", url, timeout=60) as answer:
        assert answer.status_code == 200, answer.read()
        with to.open("wb") as file:
            for block in answer.iter_bytes():
                file.write(block)
    return to


def preflight(
    client: httpx.Client, url: str, size: int, ranges: Mapping[int, bytes], **fields: str
) -> httpx.Response:
    """Ask what would become of a file of which some ranges are shown, by where each begins."""
    parts = {f"range-{at}": ("blob", data, "application/octet-stream") for at, data in ranges.items()}
    return client.post(
        url, data={"filename": "a.mp4", "size": str(size), **fields}, files=parts or {"x": ("", b"")}
    )
