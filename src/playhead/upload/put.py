"""The plain PUT protocol: one request, the whole file, on a signed URL.

Raw ASGI, because this is the data plane: bytes go from the socket to the disk in batches, and nothing but a
few batches of them is ever in memory.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable
from uuid import UUID

import msgspec
from litestar.types import HTTPScope, Receive, Send

from playhead.model.errors import PlayheadError
from playhead.model.problems import problem
from playhead.model.signing import Signer
from playhead.upload.sessions import Uploads

_PATH = re.compile(r"/([0-9a-f-]{36})/([A-Za-z0-9_.-]{1,200})/?")
SILENCE_SECONDS = 60
"""How long a sender may pause before its attempt is given up: connections that died silently end here."""
RETRY_AFTER_SECONDS = b"2"
_DRAIN = 8 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away, so that the sender lives to read the answer."""

# Uploads come from any page the caller's app serves; the signature in the URL is what admits them.
CORS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"PUT, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, x-request-id, x-requested-with"),
    (b"access-control-expose-headers", b"etag, location, retry-after, x-request-id"),
    (b"access-control-max-age", b"86400"),
)


class PutEndpoint:
    """The ASGI application below `/uploads`."""

    def __init__(self, uploads: Uploads, signer: Signer) -> None:
        self._uploads = uploads
        self._signer = signer

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            await _answer(send, 204, b"")
            return
        body = _Body(receive)
        try:
            size, upload_id = await self._put(scope, body)
        except PlayheadError as error:
            await body.drain(_DRAIN)
            await _refuse(send, error, scope.get("state", {}).get("request_id"))
            return
        except DisconnectedError:
            return  # nobody is left to be told; the attempt's bytes are gone already
        await _answer(send, 200, msgspec.json.encode({"id": upload_id, "size": size}))

    async def _put(self, scope: HTTPScope, body: _Body) -> tuple[int, UUID]:
        if scope["method"] != "PUT":
            raise PlayheadError("method_not_allowed", "An upload URL takes PUT.")
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            raise PlayheadError("not_found", "There is no such upload.")
        self._signer.verify("upload", found[1], found[2], int(time.time()))
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        length = headers.get(b"content-length", "")
        upload_id = UUID(found[1])
        size = await self._uploads.receive(
            upload_id,
            body.blocks(),
            content_type=headers.get(b"content-type"),
            announced=int(length) if length.isdecimal() else None,
        )
        return size, upload_id


class DisconnectedError(Exception):
    """The sender went away before the body was whole."""


class _Body:
    """A request's body as blocks of bytes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._over = False

    async def blocks(self) -> AsyncIterator[bytes]:
        while not self._over:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await self._receive()
            except TimeoutError:
                self._over = True
                raise PlayheadError("upload_incomplete", "The sender fell silent.") from None
            if message["type"] == "http.disconnect":
                self._over = True
                raise DisconnectedError
            self._over = not message.get("more_body", False)
            yield message.get("body", b"")  # type: ignore[misc]

    async def drain(self, most: int) -> None:
        try:
            async for block in self.blocks():
                most -= len(block)
                if most < 0:
                    return
        except (DisconnectedError, PlayheadError):
            return  # the answer to the request stands already


async def _refuse(send: Send, error: PlayheadError, request_id: str | None) -> None:
    body = msgspec.json.encode(problem(error, request_id))
    headers = [(b"content-type", b"application/problem+json")]
    if error.kind.status == 503:
        headers.append((b"retry-after", RETRY_AFTER_SECONDS))
    await _answer(send, error.kind.status, body, headers)


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    extra: Iterable[tuple[bytes, bytes]] = ((b"content-type", b"application/json"),),
) -> None:
    headers = [*CORS, *extra, (b"content-length", str(len(body)).encode())]
    headers += [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
