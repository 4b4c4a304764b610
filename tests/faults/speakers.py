"""Senders of the resumable protocols that do one thing at a time, so that a test can break each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import httpx

from playhead.upload.tus_headers import OFFSET_TYPE
from tests.faults.stage import CLIP_RATE, CLIP_SECONDS
from tests.invariants import Sent

RESOLUTIONS = ["144p"]


@dataclass
class Speaker(ABC):
    """A file on its way to the URL of one upload."""

    url: str
    upload_id: str
    video_id: str
    size: int
    port: int | None = None
    """Where bytes are sent instead of to the server, if anywhere; questions go straight to it."""
    besides: Mapping[str, str] = field(default_factory=dict)
    """Headers that are sent along with bytes."""

    @classmethod
    def created(cls, client: httpx.Client, size: int | None, **asked: Any) -> Speaker:
        """A new upload of the server's that completes by itself; without a size the first bytes tell it."""
        wanted = {"filename": "clip.mp4", "size": size, "resolutions": RESOLUTIONS, "auto_complete": True}
        made = client.post("/v1/uploads", json={**wanted, **asked})
        assert made.status_code == 201, made.text
        return cls(made.json()["url"], made.json()["id"], made.json()["video_id"], size or 0)

    @abstractmethod
    def stands(self) -> int:
        """How many bytes the server says it has, from the first on."""

    @abstractmethod
    def send(self, data: Any, start: int) -> httpx.Response:
        """Send bytes that belong at `start`; the answer.

        Raises:
            httpx.TransportError: the connection was lost.
        """

    @property
    def target(self) -> str:
        """Where bytes are sent to."""
        if self.port is None:
            return self.url
        return urlunsplit(urlsplit(self.url)._replace(netloc=f"127.0.0.1:{self.port}"))


class Tus(Speaker):
    """tus 1.0."""

    version: ClassVar = {"Tus-Resumable": "1.0.0"}

    def stands(self) -> int:
        answer = httpx.head(self.url, headers=self.version, timeout=60)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["upload-offset"])

    def send(self, data: Any, start: int) -> httpx.Response:
        headers = {**self.version, "Upload-Offset": str(start), "Content-Type": OFFSET_TYPE, **self.besides}
        return httpx.patch(self.target, content=data, headers=headers, timeout=120)


class Ranges(Speaker):
    """PUT with Content-Range."""

    def stands(self) -> int:
        answer = httpx.put(self.url, headers={"Content-Range": f"bytes */{self.size}"}, timeout=60)
        if answer.status_code == 200:
            return self.size
        assert answer.status_code == 308, answer.text
        told = answer.headers.get("range")
        return int(told.rpartition("-")[2]) + 1 if told else 0

    def send(self, data: Any, start: int) -> httpx.Response:
        stop = start + len(data) if isinstance(data, bytes) else self.size
        told = {"Content-Type": "video/mp4", "Content-Range": f"bytes {start}-{stop - 1}/{self.size}"}
        headers = {**told, **self.besides}
        return httpx.put(self.target, content=data, headers=headers, timeout=120)


def acknowledged(client: httpx.Client, speaker: Speaker, path: Path) -> Sent:
    """What the invariants shall hold for: the server has said that all of `path` is there."""
    assert speaker.stands() == speaker.size == path.stat().st_size
    video = client.get(f"/v1/videos/{speaker.video_id}").json()
    assert video["status"] != "pending_upload"
    return Sent(speaker.video_id, path, CLIP_SECONDS * CLIP_RATE, CLIP_SECONDS)
