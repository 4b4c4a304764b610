"""What a store's failures are called: by what it says, and not by how an object happens to be named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.storage.bucket import Bucket
from playhead.storage.s3 import S3
from tests.s3 import SeaweedFS


async def codes(storage: S3, key: str) -> set[str]:
    """What asking for an object that cannot be had is answered with."""
    found = set()
    for asking in (storage.size(key), storage.read(key, 0, 1)):
        with pytest.raises(PlayheadError) as caught:
            await asking
        found.add(caught.value.code)
    return found


@pytest.mark.parametrize("key", ["videos/a/source/507", "videos/a/source/c416"])
async def test_an_object_is_absent_whatever_its_name(seaweedfs: SeaweedFS, tmp_path: Path, key: str) -> None:
    """Names end in random digits, and the clients' messages hold them: one in 4096 ends like a status."""
    assert await codes(S3(seaweedfs.bucket(), tmp_path), key) == {"source_missing"}


@pytest.mark.parametrize("key", ["videos/a/source/507", "videos/a/source/c416"])
async def test_a_store_is_away_whatever_is_asked_for(tmp_path: Path, key: str) -> None:
    nowhere = Bucket("videos", "", "http://127.0.0.1:1", access_key="a", secret_key="b")
    assert await codes(S3(nowhere, tmp_path), key) == {"storage_unavailable"}


@asynccontextmanager
async def full_store() -> AsyncIterator[Bucket]:
    """One that has no room for anything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        yield Bucket("videos", "", f"http://127.0.0.1:{port}", access_key="a", secret_key="b")


async def test_a_store_without_room_is_full_for_both_clients(tmp_path: Path) -> None:
    async with full_store() as bucket:
        for asking in (S3(bucket, tmp_path).put("a", b"x"), bucket.copy("a", "b")):
            with pytest.raises(PlayheadError) as caught:
                await asking
            assert caught.value.code == "storage_full"
