"""Sending an answer: headers, then blocks at the pace of the receiver, until all are sent or it has left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

from litestar.types import HTTPResponseStartEvent, Receive, Scope, Send


class Answer:
    """An ASGI application that sends one answer; without `body`, its headers alone."""

    def __init__(
        self, status: int, headers: Mapping[str, str], body: AsyncGenerator[bytes, None] | None = None
    ) -> None:
        self.status = status
        self.headers = dict(headers)
        self._body = body

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. A body that breaks off ends the connection, so that nobody takes it for the whole."""
        if self._body is None:
            await send(self._start())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        async with aclosing(self._body) as blocks, departure(receive) as left:
            # Nothing is promised before the store gave its first bytes.
            block = await anext(blocks, b"")
            await send(self._start())
            while block and not left.done():
                await send({"type": "http.response.body", "body": block, "more_body": True})
                # Neither a store in memory nor a send to nobody waits: let the watcher have its turn.
                await asyncio.sleep(0)
                block = await anext(blocks, b"")
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _start(self) -> HTTPResponseStartEvent:
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


@asynccontextmanager
async def departure(receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is done once the client is gone: sending then goes nowhere, and reading on is a waste."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(watch())
    try:
        yield task
    finally:
        task.cancel()
