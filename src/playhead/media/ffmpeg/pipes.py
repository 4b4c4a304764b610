"""Pipes read from the event loop, with public API that asyncio and uvloop both have."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

_CHUNK = 256 * 1024


async def read_chunks(fd: int) -> AsyncIterator[bytes]:
    """Yield what arrives on the non-blocking `fd` until every writer has closed its end."""
    while True:
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            await _ready(fd)
            continue
        if not chunk:
            return
        yield chunk
        await asyncio.sleep(0)  # a writer that never pauses must not starve the other tasks


async def _ready(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(fd, wake)
    try:
        await ready
    finally:
        loop.remove_reader(fd)
