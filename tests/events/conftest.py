"""A project with videos and webhooks, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from playhead.events.message import new_secret
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.records import projects, videos, webhooks
from playhead.records import tables as t
from playhead.records.database import Records, Row

URLS = Urls("https://video.example", Signer(["n" * 32]))
NOW = datetime(2026, 11, 23, 10, 0, 0, 123_000, UTC)


@dataclass(frozen=True)
class Project:
    """A project and the ways to make things happen in it."""

    records: Records
    id: UUID

    async def webhook(self, url: str, *, name: str = "hook", format: str = "standard", **options: Any) -> Row:
        async with self.records.transaction() as tx:
            return await webhooks.add(
                tx,
                self.id,
                name=name,
                url=url,
                format=format,
                wanted=options.get("wanted"),
                secret=new_secret(),
            )

    async def video(self, *, is_public: bool = True, metadata: dict[str, Any] | None = None) -> UUID:
        """A video under way, with 480p and 144p asked for."""
        async with self.records.transaction() as tx:
            video_id = await videos.create(
                tx,
                self.id,
                filename="holiday.mov",
                is_public=is_public,
                metadata=metadata,
                thumbnail_seconds=[1.0],
                resolutions=["480p", "144p"],
            )
            await videos.begin_processing(
                tx, video_id, source_key=f"videos/{video_id}/source/a", source_size=1
            )
        return video_id

    async def make_ready(self, video_id: UUID) -> None:
        """Its 480p, a thumbnail and the poster are made, its 144p failed."""
        async with self.records.transaction() as tx:
            of_video = t.renditions.c.video_id == video_id
            await tx.connection.execute(
                update(t.renditions)
                .where(of_video, t.renditions.c.resolution == "480p")
                .values(
                    status=Status.READY, track="854x480", width=854, height=480, key=f"videos/{video_id}/r"
                )
            )
            await tx.connection.execute(
                update(t.renditions)
                .where(of_video, t.renditions.c.resolution == "144p")
                .values(status=Status.FAIL, error_code="decoder_crashed")
            )
            await tx.connection.execute(
                insert(t.images).values(
                    video_id=video_id,
                    track="854x480",
                    number=0,
                    project_id=self.id,
                    at_seconds=1.0,
                    key=f"videos/{video_id}/t",
                )
            )
            await tx.connection.execute(
                update(t.videos).where(t.videos.c.id == video_id).values(poster_key=f"videos/{video_id}/p")
            )
            await videos.settle(tx, await videos.get(tx, video_id, lock=True))

    async def make_fail(self, video_id: UUID) -> None:
        async with self.records.transaction() as tx:
            video = await videos.get(tx, video_id, lock=True)
            await videos.fail(tx, video, PlayheadError("corrupt_file", "The file ends after 3 seconds."))

    async def delete(self, video_id: UUID) -> None:
        async with self.records.transaction() as tx:
            await videos.remove(tx, await videos.get(tx, video_id, lock=True))

    async def deliveries(self) -> list[Row]:
        """Every delivery with its event's type and its webhook's name, oldest first."""
        async with self.records.transaction() as tx:
            found = await tx.connection.execute(
                select(t.deliveries, t.events.c.type, t.webhooks.c.name)
                .join(t.events, t.events.c.id == t.deliveries.c.event_id)
                .join(t.webhooks, t.webhooks.c.id == t.deliveries.c.webhook_id)
                .order_by(t.deliveries.c.id)
            )
            return [dict(row._mapping) for row in found]

    async def make_due(self, delivery_id: int) -> None:
        """Let the wait for a delivery's next attempt be over."""
        async with self.records.transaction() as tx:
            await tx.connection.execute(
                update(t.deliveries).where(t.deliveries.c.id == delivery_id).values(next_at=func.now())
            )


@pytest.fixture
async def project(database_url: str) -> AsyncIterator[Project]:
    records = Records(database_url)
    async with records.queue.open_async():
        async with records.transaction() as tx:
            project_id = await projects.ensure_project(tx, "tests")
        yield Project(records, project_id)
        await records.close()
