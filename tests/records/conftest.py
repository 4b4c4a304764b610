"""A fresh database with one project, for tests of the records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from playhead.model.media import AudioTrack, MediaInfo, VideoTrack
from playhead.model.plan import Plan
from playhead.processing.planning import plan
from playhead.processing.timeline import Timeline
from playhead.records import pieces, projects, renditions, videos
from playhead.records.database import Records, Row, Transaction
from playhead.records.tables import events


@dataclass(frozen=True)
class Shop:
    """Records with a project in them."""

    records: Records
    project_id: UUID

    async def video(self, *resolutions: str, **fields: Any) -> UUID:
        """A video that waits for its upload."""
        asked = {"filename": "a.mp4", "is_public": True, "metadata": None, "thumbnail_seconds": [], **fields}
        async with self.records.transaction() as tx:
            return await videos.create(
                tx, self.project_id, resolutions=resolutions or ("360p", "144p"), **asked
            )

    async def planned(self, *resolutions: str) -> tuple[Row, Plan]:
        """A video that is being processed, with its plan laid out."""
        video_id = await self.video(*resolutions)
        made = example_plan(resolutions or ("360p", "144p"))
        async with self.records.transaction() as tx:
            await videos.begin_processing(tx, video_id, source_key="videos/a/source/b", source_size=10)
            row = await videos.get(tx, video_id)
            await pieces.lay_out(tx, row, {}, made, msgspec.to_builtins(made))
            return await videos.get(tx, video_id), made


async def rendition_of(tx: Transaction, video_id: UUID, resolution: str) -> Row:
    """A video's rendition of that name."""
    (found,) = [
        row
        for row in (await renditions.of_videos(tx, [video_id]))[video_id]
        if row["resolution"] == resolution
    ]
    return found


async def told(tx: Transaction, project_id: UUID) -> list[Row]:
    """A project's events, oldest first."""
    found = await tx.connection.execute(
        select(events).where(events.c.project_id == project_id).order_by(events.c.id)
    )
    return [dict(row._mapping) for row in found]


def example_plan(resolutions: tuple[str, ...]) -> Plan:
    """The plan of ten seconds of 640x360 at 25 frames a second, with sound."""
    picture = VideoTrack(
        index=0,
        codec="h264",
        coded_width=640,
        coded_height=360,
        width=640,
        height=360,
        rotation=0,
        time_base=(1, 25),
        frame_rate=(25, 1),
        pixel_format="yuv420p",
    )
    sound = AudioTrack(index=1, codec="aac", sample_rate=48_000, channels=2)
    info = MediaInfo(container="mov", size_bytes=10, duration_seconds=10.0, video=picture, audio=sound)
    times = tuple(range(250))
    timeline = Timeline(Fraction(1, 25), times, times[::50], 250, Fraction(25), 250)
    return plan(info, timeline, resolutions, [])


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Shop]:
    """Records on a fresh database."""
    records = Records(database_url)
    async with records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
    yield Shop(records, project_id)
    await records.close()
