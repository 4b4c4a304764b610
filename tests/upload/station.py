"""An upload station on a real database and disk, and what tests do with one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from playhead.model.checksum import NO_CHECKSUMS, Checksums
from playhead.records import projects, videos
from playhead.records.database import Records, Row
from playhead.storage.disk import Disk
from playhead.upload.incoming import Incoming
from playhead.upload.sessions import Uploads, VideoRequest

# The first bytes of an MP4 and nothing more: enough to look like a video.
LOOKS_LIKE_MP4 = (
    bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + b"\0\0\0\x08moov" + b"\0" * 64
)


@pytest.fixture
async def station(database_url: str, tmp_path: Path) -> AsyncIterator[Uploads]:
    records = Records(database_url)
    yield Uploads(records, Disk(tmp_path / "storage"), Incoming(tmp_path / "incoming"), 1_000_000, 3600)
    await records.close()


async def opened(
    station: Uploads,
    size: int | None,
    *,
    checksums: Checksums = NO_CHECKSUMS,
    auto_complete: bool = False,
) -> tuple[UUID, Row]:
    async with station.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        request = VideoRequest(
            "a.mp4", ["144p"], True, size, [], None, checksums=checksums, auto_complete=auto_complete
        )
        return project_id, await station.open(tx, project_id, request)


async def send(station: Uploads, upload: Row, body: bytes, **options: Any) -> int:
    async def blocks() -> AsyncIterator[bytes]:
        yield body

    given = {"content_type": "video/mp4", "announced": None, **options}
    return await station.receive(upload["id"], blocks(), **given)


async def status_of(station: Uploads, upload: Row) -> tuple[str, str | None]:
    async with station.records.transaction() as tx:
        video = await videos.get(tx, upload["video_id"])
        return video["status"], video["error_code"]
