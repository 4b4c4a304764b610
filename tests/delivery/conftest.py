"""A running origin: real sockets, a real database, real files."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide
from sqlalchemy import insert, update

from playhead.api import problems
from playhead.delivery.arrivals import Arrivals
from playhead.delivery.origin import handlers
from playhead.delivery.shelf import Shelf
from playhead.delivery.streaming import Streaming
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records import projects, videos
from playhead.records import tables as t
from playhead.records.database import Records
from playhead.storage.arriving import Arriving
from playhead.storage.disk import Disk
from tests.serving import serving

FILM = bytes(range(256)) * 8192
"""Two mebibytes in which every position can be told from its neighbours."""
STILL = b"\xff\xd8\xff" + b"a still" * 100
POSTER = b"\xff\xd8\xff" + b"a poster" * 100
PUBLISHED = datetime(2026, 11, 1, 12, 0, 0, 500_000, UTC)


@dataclass(frozen=True)
class Video:
    """A finished video, and what a client knows of it."""

    id: UUID
    film_key: str
    still_key: str
    poster_key: str


@dataclass(frozen=True)
class Origin:
    """A running origin and the ways to fill it."""

    client: httpx.AsyncClient
    records: Records
    storage: Disk
    urls: Urls
    signer: Signer
    streaming: Streaming

    async def video(self, *, is_public: bool, filename: str = "holiday.mov", film: bytes = FILM) -> Video:
        """A video with a finished 480p rendition, a thumbnail and a poster; its 720p is in the making."""
        async with self.records.transaction() as tx:
            project = await projects.ensure_project(tx, "tests")
            video_id = await videos.create(
                tx,
                project,
                filename=filename,
                is_public=is_public,
                metadata=None,
                thumbnail_seconds=[1.0],
                resolutions=["480p", "720p"],
            )
            base = f"videos/{video_id}"
            video = Video(
                video_id, f"{base}/rendition/a.mp4", f"{base}/thumbnail/a.jpg", f"{base}/poster/a.jpg"
            )
            await tx.connection.execute(
                update(t.videos).where(t.videos.c.id == video_id).values(poster_key=video.poster_key)
            )
            await tx.connection.execute(
                update(t.renditions)
                .where(t.renditions.c.video_id == video_id, t.renditions.c.resolution == "480p")
                .values(
                    status=Status.READY,
                    track="854x480",
                    key=video.film_key,
                    size_bytes=len(film),
                    etag=hashlib.sha256(film).hexdigest(),
                    ready_at=PUBLISHED,
                )
            )
            await tx.connection.execute(
                insert(t.images).values(
                    video_id=video_id,
                    track="854x480",
                    number=0,
                    project_id=project,
                    at_seconds=1.0,
                    key=video.still_key,
                )
            )
        await self.storage.put(video.film_key, film)
        await self.storage.put(video.still_key, STILL)
        await self.storage.put(video.poster_key, POSTER)
        return video


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """Four seconds that a browser can play."""
    made = tmp_path / "film.mp4"
    argv = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=4"]
    argv += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(made)]
    subprocess.run(argv, check=True, timeout=60)
    return made.read_bytes()


@pytest.fixture
async def origin(database_url: str, tmp_path: Path) -> AsyncIterator[Origin]:
    """The origin with nothing in it."""
    records, storage, signer = Records(database_url), Disk(tmp_path / "store"), Signer(["n" * 32])
    shelf = Shelf(storage)
    arrivals = Arrivals(records, storage, Arriving(tmp_path / "incoming"), shelf)

    def given(thing: object) -> Provide:
        asked: Callable[[], object] = lambda: thing  # noqa: E731
        return Provide(asked, sync_to_thread=False)

    streaming = Streaming(records, storage, shelf, arrivals)
    app = Litestar(
        handlers,
        dependencies={
            "records": given(records),
            "storage": given(storage),
            "signer": given(signer),
            "streaming": given(streaming),
        },
        exception_handlers={PlayheadError: problems.named},
        openapi_config=None,
    )
    async with records.queue.open_async(), serving(app) as base:
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            yield Origin(client, records, storage, Urls(base, signer), signer, streaming)
        await records.close()
