"""A station that fetches files, for tests to break what it fetches from."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from playhead.records import fetches, videos
from playhead.records.database import Row
from playhead.upload.asking import checked
from playhead.upload.fetching import Fetching, begin, fetch
from playhead.upload.sessions import Uploads
from playhead.upload.url_source import Pace, Strangers

MIB = 1024 * 1024
LIMIT = 6 * MIB
HEAD = bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + b"\0\0\0\x08moov" + b"\0" * 64
# The beginning of an MP4, and noise: enough to look like a video.
FILM = HEAD + random.Random(1).randbytes(3 * MIB)
OTHER = HEAD + random.Random(2).randbytes(2 * MIB)
QUICK = Pace(answer_seconds=5, seconds=0.6, least_bytes=2000)


@dataclass(frozen=True)
class Bench:
    """A station that fetches, and what is known of its videos."""

    station: Uploads
    project_id: UUID
    incoming: Path

    async def create(self, url: str) -> UUID:
        asked = checked(
            filename="film.mp4",
            resolutions=["144p"],
            is_public=True,
            size_bytes=None,
            thumbnail_seconds=[],
            metadata=None,
        )
        async with self.station.records.transaction() as tx:
            return await begin(self.station, tx, self.project_id, asked, url)

    async def attempt(self, video_id: UUID, *, local: bool = True, **options: Any) -> None:
        """One attempt, as if it were due."""
        async with self.station.records.transaction() as tx:
            await tx.connection.execute(text("UPDATE fetches SET next_at = now()"))
        strangers = Strangers(local_networks_allowed=local, **{"pace": QUICK, **options})
        await fetch(Fetching(self.station, strangers), video_id)

    async def outcome(self, url: str, **options: Any) -> tuple[str | None, str | None]:
        """Code and detail of a video that one attempt must decide."""
        video_id = await self.create(url)
        await self.attempt(video_id, **options)
        video = await self.video(video_id)
        return video["error_code"], video["error_detail"]

    async def video(self, video_id: UUID) -> Row:
        async with self.station.records.transaction() as tx:
            return await videos.get(tx, video_id)

    async def row(self, video_id: UUID) -> Row | None:
        async with self.station.records.transaction() as tx:
            return await fetches.find(tx, video_id)

    async def source(self, video_id: UUID) -> bytes:
        """What was stored; the fetch is then over, and nothing is left of it."""
        video = await self.video(video_id)
        assert (video["status"], video["error_code"]) == ("processing", None)
        assert await self.row(video_id) is None
        self.is_clear()
        return await self.station.storage.read(video["source_key"], 0, 2 * LIMIT)

    def is_clear(self) -> None:
        assert not self.incoming.exists() or list(self.incoming.iterdir()) == []
