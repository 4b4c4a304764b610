"""Sending a film down the river of a running server, and making it forget the film again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.processes import below
from tests import drive
from tests.live import Live

QUIET_WITHIN = 180.0


def sent(client: httpx.Client, film: Path, resolutions: Sequence[str]) -> str:
    """Create a video and send its bytes, without completing; its id."""
    created = drive.create(client, film, resolutions)
    answer = drive.send(created, film)
    assert answer.status_code == 200, answer.text
    return str(created["id"])


def complete(client: httpx.Client, video_id: str) -> None:
    """Complete the upload."""
    answer = client.post(f"/api/video/{video_id}/complete-upload")
    assert answer.status_code == 201, answer.text


def forget(live: Live, client: httpx.Client, video_id: str) -> None:
    """Delete a video and wait until nobody works for it any more."""
    answer = client.delete(f"/api/video/{video_id}")
    assert answer.status_code == 204, answer.text
    deadline = time.monotonic() + QUIET_WITHIN
    while working(live):
        assert time.monotonic() < deadline, "the worker does not stop working for a deleted video"
        time.sleep(0.1)


@contextmanager
def forgotten(live: Live, client: httpx.Client, video_id: str) -> Iterator[None]:
    """The video for the time of the block."""
    try:
        yield
    finally:
        forget(live, client, video_id)


def working(live: Live) -> bool:
    """Whether an ffmpeg of the server runs now."""
    return bool(below(live.process.pid, "ffmpeg"))
