"""The whole data plane behind a real socket, with a real database and disk, in the test's own loop."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from playhead.app.web import build
from playhead.app.wire import Parts, wire
from playhead.records import grants, projects, uploads, videos
from playhead.records.database import Row
from playhead.settings import Settings
from playhead.upload.sessions import VideoRequest
from tests.serving import serving

KEY = "ph_the_key_of_these_tests"
LIMIT = 10_000_000
HEAD = bytes.fromhex("00000018667479706d70343200000000") + b"mp42isom" + b"\0\0\0\x08moov"
FILE = HEAD + random.Random(4).randbytes(300_000)
"""Looks like a video for as long as nobody decodes it, and no two stretches of it are alike."""
OFFSET_TYPE = "application/offset+octet-stream"


@dataclass(frozen=True)
class Plane:
    """The addresses of a server, and what is behind them."""

    parts: Parts
    client: httpx.AsyncClient
    base: str
    project_id: UUID

    async def create(self, length: Any = None, **headers: Any) -> httpx.Response:
        """Create an upload by tus with the key."""
        return await self.post(f"{self.base}/tus", length, **{"X-API-KEY": KEY, **headers})

    async def post(self, url: str, length: int | None = None, **headers: Any) -> httpx.Response:
        """A creation at `url`."""
        said = named(headers)
        if length is not None:
            said["Upload-Length"] = str(length)
        return await self.client.post(url, headers=said)

    async def patch(self, url: str, offset: int, data: Any, **headers: Any) -> httpx.Response:
        """A chunk."""
        said = {"Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE, **named(headers)}
        return await self.client.patch(url, content=data, headers=said)

    async def head(self, url: str) -> httpx.Response:
        """Where it stands."""
        return await self.client.head(url, headers={"Tus-Resumable": "1.0.0"})

    async def open(self, size: int | None = None, *, auto_complete: bool = False) -> str:
        """The URL of an upload as `/v1/uploads` creates it."""
        request = VideoRequest("a.mp4", ["144p"], True, size, [], None, auto_complete=auto_complete)
        async with self.parts.records.transaction() as tx:
            row = await self.parts.uploads.open(tx, self.project_id, request)
        return self.parts.urls.upload(row["id"], int(row["expires_at"].timestamp()))

    async def grant(self, **limits: Any) -> str:
        """The address below which a grant's holder may create uploads."""
        given = dict.fromkeys(("resolutions", "is_public", "metadata", "max_bytes", "max_uploads"))
        async with self.parts.records.transaction() as tx:
            row = await grants.create(
                tx, self.project_id, **{**given, **limits}, expires_in=timedelta(hours=1)
            )
        urls = self.parts.urls
        return urls.grant(urls.grant_token(row["id"], int(row["expires_at"].timestamp())))

    async def upload(self, url: str) -> Row:
        """The row of the upload behind a URL."""
        async with self.parts.records.transaction() as tx:
            row = await uploads.find(tx, UUID(urlsplit(url).path.split("/")[2]))
        assert row is not None
        return row

    async def video(self, url: str) -> Row:
        """The row of its video."""
        upload = await self.upload(url)
        async with self.parts.records.transaction() as tx:
            return await videos.get(tx, upload["video_id"])

    async def source(self, url: str) -> bytes:
        """What has become the source of its video."""
        video = await self.video(url)
        return await self.parts.storage.read(video["source_key"], 0, LIMIT)


def named(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers by keyword, with the version."""
    return {"Tus-Resumable": "1.0.0", **{name.replace("_", "-"): value for name, value in headers.items()}}


def said(**pairs: str) -> str:
    """An `Upload-Metadata` header."""
    return ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in pairs.items())


@pytest.fixture
async def plane(database_url: str, tmp_path: Path) -> AsyncIterator[Plane]:
    parts = wire(
        Settings(  # type: ignore[call-arg]
            data=tmp_path,
            database_url=SecretStr(database_url),
            secret=SecretStr("n" * 32),
            max_upload_bytes=1_000_000,
            max_resumable_bytes=LIMIT,
        )
    )
    async with parts.records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
        await projects.add_key(tx, project_id, "tests", KEY)
    async with (
        serving(build(parts)) as base,
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
    ):
        parts.urls.base_url = base
        yield Plane(parts, client, base, project_id)
