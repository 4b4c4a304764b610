"""One part of a file on its way from a socket into the file, in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from playhead.model.errors import PlayheadError
from playhead.storage.arriving import Writer
from playhead.upload.checksum import Checksum
from playhead.upload.part import Part

BATCH = 1024 * 1024
"""Bytes gathered before a thread writes them: few hops between loop and disk, little memory."""
KEEP_EVERY = 1.0
"""Seconds after which what arrived of a part is flushed and known, however slowly more is coming. It is what a power
cut may cost; each flush holds a thread until the disk has answered, and hundreds of slow senders have one each."""
KEEP_EVERY_WATCHED = 0.25
"""The same for a file that somebody waits for."""

Kept = Callable[[], Awaitable[None]]
"""Called whenever more of a file has become known."""


class Filling:
    """One part on its way into its file.

    What has come is kept whatever ends the body, but for two cases: of a part with a checksum nothing is kept
    until it is whole and right, and what makes a file whole is not kept while there may be more behind it.
    """

    def __init__(
        self, writer: Writer, part: Part, on_kept: Kept | None = None, checksum: Checksum | None = None
    ) -> None:
        self._writer = writer
        self._at, self._stop = part.start, part.stop
        self._on_kept = on_kept
        self._checksum = checksum
        self._is_trusted = checksum is None
        """Whether what came may be kept."""
        self._batch = bytearray()
        self._due: float | None = None
        """When what came since is to be flushed; None when nothing came."""

    async def run(self, body: AsyncIterator[bytes]) -> None:
        """Take the part from a body.

        Raises:
            PlayheadError: `malformed_request` when the body is longer than the part, `checksum_mismatch`.
            SupersededError: a newer writer has taken the file over.
            OSError: the disk's.
        """
        blocks = aiter(body)
        coming: asyncio.Future[bytes | None] | None = None
        try:
            while True:
                coming = coming or asyncio.ensure_future(anext(blocks, None))
                # The wait for more must not keep what is here from being known.
                await asyncio.wait({coming}, timeout=self._until_due())
                if coming.done():
                    block, coming = coming.result(), None
                    if block is None:
                        break
                    await self._add(block)
                if self._left and self._is_trusted and self._until_due() == 0:
                    await self._keep()
            if self._checksum is not None:
                self._checksum.verify()
                self._is_trusted = True
        finally:
            if coming is not None:
                coming.cancel()
            if self._is_trusted:
                await self._keep()

    @property
    def _left(self) -> int:
        return self._stop - self._at - len(self._batch)

    def _until_due(self) -> float | None:
        if self._due is None or not self._is_trusted or not self._left:
            return None
        return max(0.0, self._due - time.monotonic())

    async def _add(self, block: bytes) -> None:
        if len(block) > self._left:
            # Cutting it short would make a file whole that is not what its sender has.
            self._is_trusted = False
            raise PlayheadError("malformed_request", "The body is longer than was said.")
        if self._checksum is not None:
            self._checksum.update(block)
        self._batch += block
        if self._due is None and block:
            watched = self._on_kept is not None
            self._due = time.monotonic() + (KEEP_EVERY_WATCHED if watched else KEEP_EVERY)
        if len(self._batch) >= BATCH:
            await self._write()

    async def _write(self) -> None:
        batch, self._batch = self._batch, bytearray()
        await asyncio.to_thread(self._writer.write, self._at, batch)
        self._at += len(batch)

    async def _keep(self) -> None:
        await self._write()
        await asyncio.to_thread(self._writer.keep)
        self._due = None
        if self._on_kept is not None:
            await self._on_kept()
