"""The address that bytes are sent to: one signed URL per upload, which speaks every protocol.

Raw ASGI, because this is the data plane: bytes go from the socket to the disk in batches, and nothing but a
few batches of them is ever in memory.
"""

from __future__ import annotations

import re
import time
from uuid import UUID

import msgspec
from litestar.types import HTTPScope, Receive, Send

from playhead.model.errors import PlayheadError
from playhead.model.problems import problem
from playhead.model.signing import Signer
from playhead.upload.body import Body, DisconnectedError
from playhead.upload.protocols import choose, of_upload
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads

_PATH = re.compile(r"/([0-9a-f-]{36})/([A-Za-z0-9_.-]{1,200})/?")
RETRY_AFTER_SECONDS = "2"
_DRAIN = 8 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away, so that the sender lives to read the answer."""

# Uploads come from any page the caller's app serves; the signature in the URL is what admits them.
CORS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"PUT, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-range, content-type, x-request-id, x-requested-with",
    ),
    # Without Range, a page takes every 308 for a part that is kept.
    (b"access-control-expose-headers", b"etag, location, range, retry-after, x-request-id"),
    (b"access-control-max-age", b"86400"),
)


class UploadEndpoint:
    """The ASGI application below `/uploads`."""

    def __init__(self, uploads: Uploads, signer: Signer) -> None:
        self._signer = signer
        self._routes = of_upload(uploads)

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            await _answer(send, Reply(204))
            return
        body = Body(receive)
        try:
            reply = await self._reply(scope, body)
        except PlayheadError as error:
            await body.drain(_DRAIN)
            reply = _refusal(error, scope.get("state", {}).get("request_id"))
        except DisconnectedError:
            return  # nobody is left to be told
        await _answer(send, reply)

    async def _reply(self, scope: HTTPScope, body: Body) -> Reply:
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            raise PlayheadError("not_found", "There is no such upload.")
        self._signer.verify("upload", found[1], found[2], int(time.time()))
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        protocol = choose(self._routes, scope["method"], headers)
        return await protocol(Request(UUID(found[1]), headers, body))


def _refusal(error: PlayheadError, request_id: str | None) -> Reply:
    return Reply(
        error.kind.status,
        msgspec.json.encode(problem(error, request_id)),
        {"retry-after": RETRY_AFTER_SECONDS} if error.kind.status == 503 else {},
        content_type="application/problem+json",
    )


async def _answer(send: Send, reply: Reply) -> None:
    headers = [*CORS, (b"content-type", reply.content_type.encode())]
    headers += [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers += [(b"content-length", str(len(reply.body)).encode())]
    headers += [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
