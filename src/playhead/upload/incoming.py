"""The folder where bytes of uploads arrive, before anyone has judged them.

Every attempt writes to a file of its own and takes the upload's place only when it is whole and flushed, so
two senders can never mix their bytes, and a broken attempt leaves what was there before.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from playhead.model.errors import PlayheadError

BATCH = 1024 * 1024
"""Bytes gathered before a thread writes them: few hops between loop and disk, little memory."""
RESERVE_BYTES = 64 * 1024 * 1024
"""Space that uploads leave on the disk: the embedded database lies on the same one, and stops without any."""


class Incoming:
    """Bytes of uploads on the local disk below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, upload_id: UUID) -> Path:
        """Where an upload's bytes are once one attempt was whole."""
        return self._root / str(upload_id) / "whole"

    async def receive(
        self, upload_id: UUID, body: AsyncIterator[bytes], limit: int, *, exactly: int | None = None
    ) -> int:
        """Write one attempt and let it take the upload's place; the number of bytes.

        Raises:
            PlayheadError: `upload_too_large` beyond `limit` bytes, `size_mismatch` when they are not `exactly`
                as many as that, `storage_full`; and whatever `body` raises. The attempt's bytes are then gone,
                and what had arrived before is as it was.
        """
        attempt = self._root / str(upload_id) / f"attempt-{secrets.token_hex(8)}"
        try:
            file = await asyncio.to_thread(_create, attempt)
            try:
                size = await _write(file, body, limit)
                if exactly not in (None, size):
                    raise PlayheadError("size_mismatch", f"{size} bytes arrived; {exactly} were declared.")
                await asyncio.to_thread(_flush, file)
            finally:
                await asyncio.to_thread(file.close)
            await asyncio.to_thread(_replace, attempt, self.path(upload_id))
        except OSError as error:
            raise _disk_error(error) from error
        finally:
            await asyncio.to_thread(attempt.unlink, missing_ok=True)
        return size

    async def arrived(self, upload_id: UUID) -> bool:
        """Whether one attempt was whole."""
        return await asyncio.to_thread(self.path(upload_id).exists)

    async def ids(self) -> dict[UUID, float]:
        """Every upload that something has arrived for → seconds since that last changed."""
        return await asyncio.to_thread(_ages, self._root)

    async def hand_over(self, arrived: UUID, upload_id: UUID) -> None:
        """Let what arrived under one id be another upload's."""
        await asyncio.to_thread(self.path(arrived).parent.rename, self.path(upload_id).parent)

    async def discard(self, upload_id: UUID) -> None:
        """Delete whatever arrived for an upload."""
        await asyncio.to_thread(shutil.rmtree, self._root / str(upload_id), ignore_errors=True)


async def _write(file: BinaryIO, body: AsyncIterator[bytes], limit: int) -> int:
    size, batch = 0, bytearray()
    async for block in body:
        size += len(block)
        if size > limit:
            raise PlayheadError("upload_too_large", f"More than {limit} bytes were sent.")
        batch += block
        if len(batch) >= BATCH:
            await asyncio.to_thread(_append, file, batch)
            batch = bytearray()
    await asyncio.to_thread(_append, file, batch)
    return size


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb", buffering=0)


def _append(file: BinaryIO, batch: bytearray) -> None:
    disk = os.fstatvfs(file.fileno())
    if disk.f_bavail * disk.f_frsize < RESERVE_BYTES + len(batch):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    rest = memoryview(batch)
    while rest:  # a disk that fills up takes a part of what it is given
        rest = rest[file.write(rest) :]


def _flush(file: BinaryIO) -> None:
    os.fsync(file.fileno())


def _replace(attempt: Path, whole: Path) -> None:
    attempt.replace(whole)
    folder = os.open(whole.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name as well as the bytes
    finally:
        os.close(folder)


def _disk_error(error: OSError) -> PlayheadError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return PlayheadError("storage_full" if full else "storage_unavailable")


def _ages(root: Path) -> dict[UUID, float]:
    now, ages = time.time(), {}
    with suppress(FileNotFoundError):
        for folder in root.iterdir():
            with suppress(FileNotFoundError):  # discarded while we look
                ages[UUID(folder.name)] = now - folder.stat().st_mtime
    return ages
