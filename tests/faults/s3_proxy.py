"""An S3 server that misbehaves: a proxy before the real one that fails, stalls, cuts and loses, as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import ClientSession, ClientTimeout, web
from yarl import URL

Fault = Literal["500", "reset", "cut", "lost", "slow", "held", "silent"]
"""An error; no answer; half an answer; done but not told; late; not passed on until `released` is set; and not even
then, as of a server that hangs."""
FAULTS: tuple[Fault, ...] = ("500", "reset", "cut", "lost", "slow")
_SLOW_SECONDS = 0.25
_OURS = {"content-length", "transfer-encoding", "connection", "date", "server"}


@dataclass
class S3Proxy:
    """What it does is up to `judge`, which sees each request, and how often the same one came before."""

    target: str
    url: str = ""
    judge: Callable[[web.BaseRequest, int], Fault | None] = lambda request, before: None
    seen: Counter[str] = field(default_factory=Counter)
    body_bytes: int = 0
    """Bytes of bodies it has passed on to the server."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a request is held."""

    def first_time(self, fault: Fault) -> None:
        """Let every request fail the first time it comes."""
        self.judge = lambda request, before: fault if before == 0 else None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on, or not."""
        name = f"{request.method} {request.raw_path} {request.headers.get('Range', '')}"
        fault = self.judge(request, self.seen[name])
        self.seen[name] += 1
        if fault == "500":
            told = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
            return web.Response(status=500, text=told, content_type="application/xml")
        if fault == "reset":
            return _hang_up(request)
        if fault == "slow":
            await asyncio.sleep(_SLOW_SECONDS)
        if fault in ("held", "silent"):
            self.held.set()
            await self.released.wait()
        if fault == "silent":
            return _hang_up(request)
        body = await request.content.read()  # of any size
        self.body_bytes += len(body)
        # The host is signed: it must stay the one that the client has named.
        url = URL(self.target + request.raw_path, encoded=True)
        async with (
            ClientSession(timeout=ClientTimeout(60), auto_decompress=False) as session,
            session.request(request.method, url, headers=request.headers, data=body or None) as answer,
        ):
            data = await answer.read()
            if fault == "lost":
                return _hang_up(request)
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OURS}
            if request.method == "HEAD":
                headers["Content-Length"] = answer.headers.get("Content-Length", "0")
            if fault == "cut" and len(data) > 1:
                response = web.StreamResponse(status=answer.status, headers=headers)
                response.content_length = len(data)
                await response.prepare(request)
                await response.write(data[: len(data) // 2])
                return _hang_up(request)
            return web.Response(status=answer.status, body=data, headers=headers)


def _hang_up(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[S3Proxy]:
    """The proxy, on a port of its own, for the time of the block."""
    proxy = S3Proxy(target)
    runner = web.ServerRunner(web.Server(proxy.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server
    assert isinstance(server, asyncio.Server)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        proxy.released.set()
        await runner.cleanup()
