"""The tree that Uppy speaks, served on a real socket with a disk or with S3 behind it, and a client of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from playhead.app.web import build
from playhead.app.wire import Parts, wire
from playhead.records import grants, objects, projects
from playhead.records.database import Row
from playhead.settings import Settings
from playhead.storage.bucket import Bucket
from playhead.upload.cleaning import look_after_multiparts
from playhead.upload.sessions import VideoRequest
from tests.live import free_port
from tests.s3 import SeaweedFS, settings_of
from tests.serving import serving
from tests.upload.station import LOOKS_LIKE_MP4

MIB = 1024 * 1024
PIECES = (LOOKS_LIKE_MP4.ljust(5 * MIB, b"a"), b"the end")
WHOLE = b"".join(PIECES)


@dataclass
class Tree:
    """`{C}` of a grant or of an upload, and what to do there."""

    url: str
    client: httpx.AsyncClient
    multipart: dict[str, Any] = field(default_factory=dict)

    async def begin(self, **asked: Any) -> httpx.Response:
        body = {"filename": "film.mp4", "type": "video/mp4", "metadata": {"name": "film.mp4"}, **asked}
        answer = await self.client.post(f"{self.url}/s3/multipart", json=body)
        if answer.status_code == 200:
            self.multipart = answer.json()
        return answer

    def at(self, below: str = "", **query: str) -> str:
        """A URL of the multipart's."""
        asked = httpx.QueryParams({"key": self.multipart["key"], **query})
        return f"{self.url}/s3/multipart/{self.multipart['uploadId']}{below}?{asked}"

    async def sign(self, number: int, **query: str) -> httpx.Response:
        return await self.client.get(self.at(f"/{number}", **query))

    async def send(self, number: int, body: bytes) -> dict[str, Any]:
        """Sign a part and send it; what a client lists of it."""
        signed = (await self.sign(number)).json()
        answer = await self.client.put(signed["url"], content=body, headers=signed["headers"])
        assert answer.status_code == 200, answer.text
        return {"PartNumber": number, "ETag": answer.headers["etag"].strip('"')}

    async def send_all(self, pieces: Sequence[bytes] = PIECES) -> list[dict[str, Any]]:
        """All of a file's parts, the last first."""
        numbers = range(len(pieces), 0, -1)
        return [await self.send(number, pieces[number - 1]) for number in numbers]

    async def list(self) -> httpx.Response:
        return await self.client.get(self.at())

    async def complete(self, parts: object, **said: object) -> httpx.Response:
        return await self.client.post(self.at("/complete"), json={"parts": parts, **said})

    async def abort(self) -> httpx.Response:
        return await self.client.delete(self.at())


@dataclass
class Plane:
    """A data plane on a socket."""

    parts: Parts
    client: httpx.AsyncClient
    bucket: Bucket | None

    async def grant(self, **limits: Any) -> Tree:
        """The tree of a new grant."""
        given = {"resolutions": ["144p"], "is_public": None, "metadata": None, "max_bytes": None}
        async with self.parts.records.transaction() as tx:
            project_id = await projects.ensure_project(tx, limits.pop("project", "default"))
            row = await grants.create(
                tx, project_id, **{**given, "max_uploads": None, **limits}, expires_in=timedelta(hours=1)
            )
        urls = self.parts.urls
        return Tree(urls.grant(urls.grant_token(row["id"], int(row["expires_at"].timestamp()))), self.client)

    async def upload(self, size: int | None = None, *, auto_complete: bool = False) -> tuple[Tree, Row]:
        """The tree of a new upload, and its row."""
        async with self.parts.records.transaction() as tx:
            project_id = await projects.ensure_project(tx, "default")
            request = VideoRequest("a.mp4", ["144p"], True, size, [], None, auto_complete=auto_complete)
            row = await self.parts.uploads.open(tx, project_id, request)
        url = self.parts.urls.upload(row["id"], int(row["expires_at"].timestamp()))
        return Tree(url, self.client), row

    async def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        async with self.parts.records.transaction() as tx:
            found = await tx.connection.execute(text(query), values)
            return [dict(row._mapping) for row in found]

    async def video_of(self, tree: Tree) -> dict[str, Any]:
        """The row of the video that a multipart is for."""
        query = "SELECT v.* FROM videos v JOIN multiparts m ON m.video_id = v.id WHERE m.id = :id"
        (found,) = await self.rows(query, id=UUID(tree.multipart["uploadId"]))
        return found

    async def stored(self) -> dict[str, bytes]:
        """Everything in the store."""
        storage = self.parts.storage
        return {key: await storage.read(key, 0, 100 * MIB) async for key in storage.keys("")}

    async def begun(self) -> list[str]:
        """What the store keeps of files that are not whole."""
        if self.bucket is None:
            root = self.parts.settings.data / "parts"
            return [str(path) for path in root.rglob("*")] if root.exists() else []
        listing = self.bucket.client.list_multipart_uploads
        found = await asyncio.to_thread(listing, Bucket=self.bucket.name, Prefix=self.bucket.prefix)
        return [each["Key"] for each in found.get("Uploads", [])]


async def swept(plane: Plane) -> None:
    """Do what workers do over and over."""
    await look_after_multiparts(plane.parts.uploads)
    await swept_objects(plane)


async def swept_objects(plane: Plane) -> None:
    """Delete what is to be deleted by now."""
    async with plane.parts.records.transaction() as tx:
        keys = await objects.doomed(tx, 100)
    for key in keys:
        await plane.parts.storage.delete(key)
    async with plane.parts.records.transaction() as tx:
        await objects.forget(tx, keys)


@asynccontextmanager
async def serving_plane(database_url: str, folder: Path, bucket: Bucket | None) -> AsyncIterator[Plane]:
    """A data plane for the time of the block."""
    port = free_port()
    given = {"data": folder, "database_url": database_url, "secret": "s" * 40, "port": port}
    if bucket is not None:
        given |= {name.lower(): value for name, value in settings_of(bucket).items()}
    parts = wire(Settings.model_validate(given))
    async with serving(build(parts), port), httpx.AsyncClient(timeout=60) as client:
        yield Plane(parts, client, bucket)


@pytest.fixture(params=["disk", "s3"])
async def plane(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, seaweedfs: SeaweedFS
) -> AsyncIterator[Plane]:
    """A data plane with a disk of ours behind it, and one with S3."""
    bucket = seaweedfs.bucket() if request.param == "s3" else None
    async with serving_plane(database_url, tmp_path, bucket) as found:
        yield found
