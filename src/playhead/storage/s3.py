"""The S3 adapter of the storage port: every object is one object of a bucket, by the same key below a prefix.

An object appears whole or not at all; that is S3's own promise. What a broken-off multipart upload left is
found by its key, and removed by `delete` of that key.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import obstore

from playhead.model.errors import PlayheadError
from playhead.storage.arriving import disk_error
from playhead.storage.bucket import PARALLEL, PART_BYTES, Bucket, is_beyond, named
from playhead.storage.keys import checked
from playhead.storage.port import CHUNK

WINDOW = 4 * CHUNK
"""What one request of a stream brings; the first brings a quarter, so that the first byte comes early."""


class S3:
    """Objects in `bucket`. `scratch` is where they are put to be opened as local files."""

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self._bucket = bucket
        self._scratch = scratch

    @property
    def is_near(self) -> bool:
        """As `Storage.is_near`: every byte would have to be fetched."""
        return False

    async def put(self, key: str, data: bytes) -> None:
        """As `Storage.put`."""
        with named():
            await obstore.put_async(self._bucket.store, checked(key), data, use_multipart=False)

    async def adopt(self, key: str, path: Path) -> None:
        """As `Storage.adopt`: by parallel parts when it is large; the file goes once the store has it all."""
        checked(key)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            size = await self.size(key)  # called a second time: the first call already took it
            await self._tidy(key, size)
            return
        with named():
            await obstore.put_async(
                self._bucket.store,
                key,
                path,
                use_multipart=size > PART_BYTES,
                chunk_size=PART_BYTES,
                max_concurrency=PARALLEL,
            )
        if await self.size(key) != size:
            raise PlayheadError("storage_unavailable", "The store did not keep all that it was given.")
        path.unlink(missing_ok=True)
        await self._tidy(key, size)

    async def _tidy(self, key: str, size: int) -> None:
        """Parts may be left of a try that broke off, or of one that was begun twice as the first answer got lost."""
        if size > PART_BYTES:
            await self._bucket.abort_unfinished(key)

    async def size(self, key: str) -> int:
        """As `Storage.size`."""
        try:
            with named():
                return (await obstore.head_async(self._bucket.store, checked(key)))["size"]
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
        # The answer to HEAD has no body to tell an absent object from an absent bucket.
        with named():
            return (await obstore.get_async(self._bucket.store, key)).meta["size"]

    async def read(self, key: str, start: int, length: int) -> bytes:
        """As `Storage.read`: one request, whatever the length."""
        if length <= 0:
            await self.size(key)
            return b""
        try:
            with named():
                data = await obstore.get_range_async(
                    self._bucket.store, checked(key), start=start, length=length
                )
        except PlayheadError as error:
            if not is_beyond(error):
                raise
            return b""
        return bytes(data)

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """As `Storage.stream`: by ranges, one of them on its way while the one before is used.

        However slowly it is taken, no connection to the store stays open in the meantime.
        """
        windows = _windows(start, length)
        if length <= 0:
            await self.size(key)
        coming: list[asyncio.Task[bytes]] = []
        try:
            while True:
                while len(coming) < 2 and (window := next(windows, None)) is not None:
                    coming.append(asyncio.create_task(self.read(key, *window)))
                if not coming or not (block := await coming.pop(0)):
                    return
                yield block
        finally:
            for each in coming:
                each.cancel()
            await asyncio.gather(*coming, return_exceptions=True)

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """As `Storage.local`: a copy of its own in scratch, fetched by parallel ranges."""
        size = await self.size(key)
        folder = await asyncio.to_thread(_folder, self._scratch)
        try:
            path = folder / "object"
            await self._fetch(key, size, path)
            yield path
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def delete(self, key: str) -> None:
        """As `Storage.delete`; also what a broken-off upload to that key left."""
        checked(key)
        try:
            with named():
                await obstore.delete_async(self._bucket.store, key)
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
        await self._bucket.abort_unfinished(key)

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """As `Storage.keys`, a thousand at a time."""
        folder = prefix.rpartition("/")[0]
        with named():
            async for batch in obstore.list(self._bucket.store, folder or None, chunk_size=1000):
                for each in batch:
                    if each["path"].startswith(prefix):
                        yield each["path"]

    async def _fetch(self, key: str, size: int, path: Path) -> None:
        file = await asyncio.to_thread(_create, path)
        ranges = iter(range(0, size, PART_BYTES))

        async def take() -> None:
            for at in ranges:
                wanted = min(PART_BYTES, size - at)
                data = await self.read(key, at, wanted)
                if len(data) != wanted:
                    raise PlayheadError("storage_unavailable", "An object was cut short on its way here.")
                await asyncio.to_thread(_write, file, data, at)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(PARALLEL):
                    group.create_task(take())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            os.close(file)


def _windows(start: int, length: int) -> Iterator[tuple[int, int]]:
    end, step = start + length, WINDOW // 4
    while start < end:
        yield start, min(step, end - start)
        start, step = start + step, WINDOW


def _folder(root: Path) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="copy-", dir=root))
    except OSError as error:
        raise disk_error(error) from error


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise disk_error(error) from error


def _write(file: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    try:
        while view:
            written = os.pwrite(file, view, at)
            view, at = view[written:], at + written
    except OSError as error:
        raise disk_error(error) from error
