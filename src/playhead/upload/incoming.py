"""The folder where bytes of uploads arrive, before anyone has judged them.

A file sent in one piece is written as an attempt of its own and takes the upload's place only when it is whole
and flushed, so two senders can never mix their bytes, and a broken attempt leaves what was there before. One
sent in parts is put together by `storage.arriving`, and what has arrived stays.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.storage.arriving import Arriving, Held, SupersededError, disk_error, require_room
from playhead.storage.durable import create, flush_folder, write_all
from playhead.storage.joining import join
from playhead.upload.checksum import Checksum
from playhead.upload.filling import BATCH, Filling, Kept
from playhead.upload.part import Part


class Incoming:
    """Bytes of uploads on the local disk below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.arriving = Arriving(root)
        """What is sent in parts."""

    def path(self, upload_id: UUID) -> Path:
        """Where an upload's bytes are once one attempt was whole."""
        return self.arriving.path(upload_id)

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
            file = await asyncio.to_thread(create, attempt)
            try:
                size = await _write(file, body, limit)
                if exactly not in (None, size):
                    raise PlayheadError("size_mismatch", f"{size} bytes arrived; {exactly} were declared.")
                await asyncio.to_thread(_flush, file)
            finally:
                await asyncio.to_thread(file.close)
            await self.arriving.forget(upload_id)
            await asyncio.to_thread(_replace, attempt, self.path(upload_id))
        except OSError as error:
            raise disk_error(error) from error
        finally:
            await asyncio.to_thread(attempt.unlink, missing_ok=True)
        return size

    async def receive_part(
        self,
        upload_id: UUID,
        part: Part,
        body: AsyncIterator[bytes],
        on_kept: Kept | None = None,
        *,
        follows: bool = False,
        checksum: Checksum | None = None,
    ) -> Held:
        """Write one part; what there is of the file then. A body that breaks off leaves what came of it.

        With `follows` the part must begin where what is there ends. With a checksum nothing of the part is kept
        before it is seen to be right.

        Raises:
            PlayheadError: `wrong_state` when a newer request took over, bytes of a file of another size have
                arrived or the part does not follow; `malformed_request` when there is more than the part,
                `checksum_mismatch`, `storage_full`; and whatever `body` raises.
        """
        if follows:  # looked at before anything is taken from a writer who is right
            _require_end(await self.standing(upload_id), part)
        writer = await self.arriving.writer(upload_id, part.size)
        try:
            if follows:
                _require_end(writer.held, part)
            await Filling(writer, part, on_kept, checksum).run(body)
        except SupersededError as error:
            raise PlayheadError("wrong_state", "A newer request has taken this upload over.") from error
        except OSError as error:
            raise disk_error(error) from error
        finally:
            await asyncio.to_thread(writer.close)
        return writer.held

    async def concatenate(self, upload_id: UUID, parts: Sequence[UUID]) -> int:
        """Let what arrived whole under several ids be one upload's file, in that order; the number of bytes.

        Raises:
            PlayheadError: `source_missing` when one of them is gone, `storage_full`, `storage_unavailable`.
        """
        attempt = self._root / str(upload_id) / f"attempt-{secrets.token_hex(8)}"
        try:
            size = await asyncio.to_thread(join, [self.path(each) for each in parts], attempt)
            await asyncio.to_thread(_replace, attempt, self.path(upload_id))
        except FileNotFoundError as error:
            raise PlayheadError("source_missing", "A part is gone.") from error
        except OSError as error:
            raise disk_error(error) from error
        finally:
            await asyncio.to_thread(attempt.unlink, missing_ok=True)
        return size

    async def arrived(self, upload_id: UUID) -> bool:
        """Whether one attempt was whole, or all parts came."""
        await self.arriving.settle(upload_id)
        return await asyncio.to_thread(self.path(upload_id).exists)

    async def ids(self) -> dict[UUID, float]:
        """Every upload that something has arrived for → seconds since that last changed."""
        return await asyncio.to_thread(_ages, self._root)

    async def standing(self, upload_id: UUID) -> Held | None:
        """What there is of a file that is sent in parts; None when no part came."""
        return await self.arriving.held(upload_id)

    async def hand_over(self, arrived: UUID, upload_id: UUID) -> None:
        """Let what arrived under one id be another upload's."""
        await asyncio.to_thread(self.path(arrived).parent.rename, self.path(upload_id).parent)

    async def discard(self, upload_id: UUID) -> None:
        """Delete whatever arrived for an upload."""
        await asyncio.to_thread(shutil.rmtree, self._root / str(upload_id), ignore_errors=True)


def _require_end(held: Held | None, part: Part) -> None:
    prefix = held.prefix if held is not None else 0
    if prefix != part.start:
        raise PlayheadError("wrong_state", f"The upload stands at {prefix}, not at {part.start}.")


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


def _append(file: BinaryIO, batch: bytearray) -> None:
    require_room(file.fileno(), len(batch))
    write_all(file, batch)


def _flush(file: BinaryIO) -> None:
    os.fsync(file.fileno())


def _replace(attempt: Path, whole: Path) -> None:
    attempt.replace(whole)
    flush_folder(whole.parent)


def _ages(root: Path) -> dict[UUID, float]:
    now, ages = time.time(), {}
    with suppress(FileNotFoundError):
        for folder in root.iterdir():
            # Discarded while we look, or not ours: a disk's `lost+found`, a file manager's notes.
            with suppress(FileNotFoundError, ValueError):
                ages[UUID(folder.name)] = now - folder.stat().st_mtime
    return ages
