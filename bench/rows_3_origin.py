"""The built-in origin against nginx, on the same file."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import update

from bench import clips, nginx
from bench.processes import MB, cpu_seconds
from bench.row import Metric, Pair, Reading, row
from bench.stage import Stage
from bench.traffic import Connection
from playhead.app import cluster
from playhead.model.states import Status
from playhead.records import projects, videos
from playhead.records import tables as t
from playhead.records.database import Records
from playhead.storage import keys
from playhead.storage.disk import Disk
from tests.live import Live

MEGABYTES, QUICK_MEGABYTES = 100, 20
# nginx needs so little that only many fetches add up to something the kernel's 10 ms can tell.
PASSES, QUICK_PASSES = 20, 3
RANGE = 1_000_000
METRICS = (Metric("served", "MB per CPU s", "more"), Metric("throughput", "MB/s", "more"))

Fetch = Callable[[Connection, str, int], int]


@row("origin: whole file of 100 MB", *METRICS, reference="nginx, sendfile")
def whole_file(stage: Stage) -> Iterator[Pair]:
    """`GET` of the whole MP4, one after the other over one connection."""
    yield from _origin(stage, lambda connection, path, _size: connection.get(path))


@row("origin: ranges of 1 MB", *METRICS, reference="nginx, sendfile")
def ranges(stage: Stage) -> Iterator[Pair]:
    """The same file as a player that seeks reads it."""
    yield from _origin(stage, _by_ranges)


def _origin(stage: Stage, fetch: Fetch) -> Iterator[Pair]:
    film = clips.large(QUICK_MEGABYTES if stage.quick else MEGABYTES)
    passes, live = QUICK_PASSES if stage.quick else PASSES, stage.server
    path = f"/v/{asyncio.run(published(live, film))}/480p.mp4"
    with nginx.running(stage.folder()) as reference:
        shutil.copyfile(film, reference.files / "film.mp4")

        def turn(url: str, path: str, root: int) -> Reading:
            return _served(url, path, root, film.stat().st_size, passes, fetch)

        yield Pair(
            lambda: turn(live.url, path, live.process.pid),
            lambda: turn(reference.url, "/film.mp4", reference.process.pid),
        )


def _served(url: str, path: str, root: int, size: int, passes: int, fetch: Fetch) -> Reading:
    with Connection(url) as connection:
        assert fetch(connection, path, size) == size  # also warms up whatever there is to warm
        used, started = cpu_seconds(root), time.perf_counter()
        for _ in range(passes):
            assert fetch(connection, path, size) == size
        wall, used = time.perf_counter() - started, cpu_seconds(root) - used
    moved = passes * size / MB
    return Reading({"served": moved / max(used, 0.01), "throughput": moved / wall}, used)


def _by_ranges(connection: Connection, path: str, size: int) -> int:
    return sum(
        connection.get(path, 206, Range=f"bytes={start}-{min(start + RANGE, size) - 1}")
        for start in range(0, size, RANGE)
    )


async def published(live: Live, film: Path) -> str:
    """A public video whose 480p is this file: stored and written down as the worker does, but not encoded."""
    records = Records(cluster.url(cluster.socket_folder(live.data)), pool_size=1)
    try:
        async with records.transaction() as tx:
            project = await projects.ensure_project(tx, "default")
            video_id = await videos.create(
                tx,
                project,
                filename=film.name,
                is_public=True,
                metadata=None,
                thumbnail_seconds=[],
                resolutions=["480p"],
            )
        name = keys.rendition(video_id, "854x480", "bench")
        incoming = Path(mkdtemp(dir=live.data)) / "film"
        shutil.copyfile(film, incoming)
        await Disk(live.data / "storage").adopt(name.key, incoming)
        incoming.parent.rmdir()
        made = {
            "status": Status.READY,
            "track": "854x480",
            "key": name.key,
            "size_bytes": film.stat().st_size,
            "etag": os.urandom(16).hex(),
            "ready_at": datetime.now(UTC),
        }
        async with records.transaction() as tx:
            await tx.connection.execute(
                update(t.renditions).where(t.renditions.c.video_id == video_id).values(made)
            )
        return str(video_id)
    finally:
        await records.close()
