"""Samples on their way through a running server, and whether each ended as it must."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import drive
from tests.journeys.streamed import Stream
from tests.live import Live
from tests.media import verdict
from tests.media.samples import Cache, Ready, Sample

RESOLUTION = "8k"
"""Above every sample, so that each is answered at its own size."""


@dataclass(frozen=True)
class Ending:
    """What became of a sample."""

    code: str | None
    """Of the failure, or of the refusal when it was sent; None when a video was made."""
    seconds: float
    """From the first request to the end."""
    video: dict[str, Any] = field(default_factory=dict)
    """As the API tells it; empty when it was refused."""


def send(live: Live, path: Path, filename: str) -> tuple[str | None, str | None]:
    """Create, upload and complete: the video's id, or the code of its refusal."""
    size = path.stat().st_size
    body: dict[str, Any] = {"filename": filename, "resolutions": [RESOLUTION], "isPublic": True}
    if size:  # what has no bytes cannot declare how many
        body["fileSizeBytes"] = size
    with live.http() as client:
        created = client.post("/api/video", json=body)
        if created.status_code != 201:
            return None, _code(created)
        sent = drive.send(created.json(), path)
        assert sent.status_code == 200, sent.text
        completed = client.post(f"/api/video/{created.json()['id']}/complete-upload")
        if completed.status_code != 201:
            return None, _code(completed)
    return str(created.json()["id"]), None


def ended(live: Live, sent: tuple[str | None, str | None], since: float, within: float) -> Ending:
    """Wait until what was sent is over."""
    video_id, refusal = sent
    if video_id is None:
        return Ending(refusal, time.monotonic() - since)
    with live.http() as client:
        video = drive.wait(client, video_id, within)
    code = video["error"]["code"] if video["status"] == "fail" else None
    return Ending(code, time.monotonic() - since, video)


def disagreements(sample: Sample, ending: Ending, folder: Path) -> list[str]:
    """What is wrong with how a sample ended, as sentences; none when all is well."""
    if ending.code is not None:
        message = ending.video.get("error", {}).get("message", "refused")
        return [] if ending.code in sample.codes else [f"failed with {ending.code}: {message}"]
    if not sample.may_be_ready:
        return [f"ready, but should have failed with {sorted(sample.codes)}"]
    rendition = ending.video["renditions"][0]
    path = drive.fetch(rendition["video_url"], folder / "rendition.mp4")
    found = (
        []
        if ending.video["hls_url"] is None
        else Stream(ending.video["hls_url"].removesuffix("master.m3u8")).refusals()
    )
    if sample.ready is None:
        return found + verdict.malformations(path)
    found += verdict.disagreements(path, sample.ready)
    told = (rendition["width"], rendition["height"])
    return found if told == _even(sample.ready) else [*found, f"the API tells {told}"]


def together(
    live: Live, samples: Iterable[Sample], *, at_once: int = 6
) -> dict[str, tuple[str | None, str | None]]:
    """Send samples side by side: by name, what `send` gave. They wait for each other in the queue."""
    with ThreadPoolExecutor(at_once) as pool:
        sending = {each.name: pool.submit(send, live, each.path(), each.filename) for each in samples}
        return {name: answer.result() for name, answer in sending.items()}


def alone(live: Live, sample: Sample, cache: Cache | None = None, within: float = 120) -> Ending:
    """Send one sample and wait until it is over."""
    path = sample.path(cache)
    since = time.monotonic()
    return ended(live, send(live, path, sample.filename), since, within)


def chosen(request: pytest.FixtureRequest) -> Iterator[Sample]:
    """The samples that this run's tests of the requesting module are about, in order, each once."""
    seen: set[str] = set()
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec"):
            sample = item.callspec.params.get("sample")
            if isinstance(sample, Sample) and sample.name not in seen:
                seen.add(sample.name)
                yield sample


def _code(answer: httpx.Response) -> str:
    assert answer.status_code < 500, answer.text
    return str(answer.json()["code"])


def _even(expect: Ready) -> tuple[int, int]:
    return max(2, round(expect.width / 2) * 2), max(2, round(expect.height / 2) * 2)
