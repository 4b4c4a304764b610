"""A video on its way through processing, one step at a time, while its origin is asked: no worker runs by itself."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from playhead.delivery.waiting import WaitingRoom
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.model.plan import Plan
from playhead.processing.chunks import encode_audio, encode_chunk
from playhead.processing.finalise import finalise
from playhead.processing.images import make_poster
from playhead.processing.inspect import inspect
from playhead.processing.workshop import Workshop
from playhead.records import playing, projects, videos
from tests.delivery.conftest import Origin


@dataclass(frozen=True)
class Making:
    """The origin, and the hands that make what it serves."""

    origin: Origin
    workshop: Workshop

    @property
    def room(self) -> WaitingRoom:
        """Where the origin's viewers wait."""
        return self.origin.streaming.room

    @property
    def waited_for(self) -> int:
        """How many things the origin's viewers wait for."""
        return len(self.room._open)

    async def upload(self, path: Path, *resolutions: str, is_public: bool = True) -> UUID:
        """A video whose source has just become complete."""
        async with self.origin.records.transaction() as tx:
            project = await projects.ensure_project(tx, "tests")
            video_id = await videos.create(
                tx,
                project,
                filename=path.name,
                is_public=is_public,
                metadata=None,
                thumbnail_seconds=[],
                resolutions=resolutions or ("144p",),
            )
        key = f"videos/{video_id}/source/{uuid4().hex}"
        copy = self.workshop.scratch / key.replace("/", "-")
        shutil.copy(path, copy)
        await self.origin.storage.adopt(key, copy)
        async with self.origin.records.transaction() as tx:
            size = path.stat().st_size
            await videos.begin_processing(tx, video_id, source_key=key, source_size=size)
        return video_id

    async def planned(self, path: Path, *resolutions: str, is_public: bool = True) -> tuple[UUID, Plan]:
        """A video with a plan and nothing made."""
        video_id = await self.upload(path, *resolutions, is_public=is_public)
        await inspect(self.workshop, video_id)
        async with self.origin.records.transaction() as tx:
            plan = await playing.plan(tx, video_id)
        assert plan is not None
        return video_id, plan

    async def chunk(self, video_id: UUID, number: int, only: str | None = None) -> None:
        """Encode one chunk, for one track or for all that lack it."""
        await encode_chunk(self.workshop, video_id, number, only)

    async def sound(self, video_id: UUID) -> None:
        """Encode the sound."""
        await encode_audio(self.workshop, video_id)

    async def finish(self, video_id: UUID, plan: Plan) -> None:
        """Make all that is missing, join it and let the video be ready."""
        for chunk in plan.chunks:
            await self.chunk(video_id, chunk.number)
        await self.sound(video_id)
        for track in dict.fromkeys(planned.track for planned in plan.renditions):
            await finalise(self.workshop, video_id, track)
        await make_poster(self.workshop, video_id)
        async with self.origin.records.transaction() as tx:
            assert (await videos.get(tx, video_id))["status"] == "ready"

    async def get(self, video_id: UUID, name: str, **headers: str) -> httpx.Response:
        """What the origin answers."""
        return await self.origin.client.get(f"/v/{video_id}/{name}", headers=headers, timeout=30)

    async def names(self, video_id: UUID, *playlists: str) -> list[str]:
        """Everything that these media playlists name, init segments first."""
        found = []
        for playlist in playlists:
            answer = await self.get(video_id, playlist)
            assert answer.status_code == 200, answer.text
            found += re.findall(r'URI="([^"]+)"', answer.text)
            found += [line for line in answer.text.splitlines() if line and not line.startswith("#")]
        return list(dict.fromkeys(found))

    async def all(self, video_id: UUID, names: list[str]) -> dict[str, bytes]:
        """The bytes behind each of the names; each may be kept for ever."""
        found = {}
        for name in names:
            answer = await self.get(video_id, name)
            assert answer.status_code == 200, f"{name}: {answer.text}"
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-length"] == str(len(answer.content))
            found[name] = answer.content
        return found

    async def jobs(self, task: str) -> list[dict[str, object]]:
        """The arguments of the jobs of that task that wait."""
        query = text("SELECT args FROM procrastinate_jobs WHERE task_name = :task AND status = 'todo'")
        async with self.origin.records.transaction() as tx:
            return list((await tx.connection.execute(query, {"task": task})).scalars())


@pytest.fixture
def making(origin: Origin, tmp_path: Path) -> Making:
    """An origin with a workshop beside it."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    workshop = Workshop(
        origin.records, origin.storage, NoSandbox(find_tools()), scratch, 3600.0, places_ahead=0
    )
    return Making(origin, workshop)
