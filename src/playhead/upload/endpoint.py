"""The data plane: the addresses that bytes are sent to, each with a table of the protocols it speaks.

Raw ASGI, because bytes go from the socket to the disk in batches, and nothing but a few batches of them is ever
in memory. Three addresses are made of it: one signed URL per upload, what lies below a grant's token, and `/tus`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Generic

import msgspec
from litestar.types import HTTPScope, Receive, Send

from playhead.model.errors import PlayheadError
from playhead.model.problems import problem, waiting
from playhead.upload.body import Body, DisconnectedError
from playhead.upload.cors import CORS
from playhead.upload.entrance import Entrance
from playhead.upload.protocols import Route, choose
from playhead.upload.reply import Reply
from playhead.upload.request import Request, Subject
from playhead.upload.tus_headers import VERSION, discovery

_DRAIN = 8 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away, so that the sender lives to read the answer."""


class Endpoint(Generic[Subject]):
    """An ASGI application: who comes in by `entrance` is answered by one of `routes`."""

    def __init__(
        self, entrance: Entrance[Subject], routes: Sequence[Route[Subject]], *, limit: int = 0
    ) -> None:
        """`limit` is the size of the largest file that is taken, in bytes."""
        self._entrance = entrance
        self._routes = routes
        self._limit = limit

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            await _answer(send, Reply(204, headers=self._about(scope)))
            return
        body = Body(receive)
        try:
            reply = await self._reply(scope, body)
        except PlayheadError as error:
            await body.drain(_DRAIN)
            reply = _refusal(error, scope.get("state", {}).get("request_id"))
        except DisconnectedError:
            return  # nobody is left to be told
        if any(name == b"tus-resumable" for name, _ in scope["headers"]):
            told = {"tus-version": VERSION} if reply.status == 412 else {}
            reply = replace(reply, headers={"tus-resumable": VERSION, **told, **reply.headers})
        await _answer(send, reply)

    def _about(self, scope: HTTPScope) -> dict[str, str]:
        """An OPTIONS request is a preflight of a browser, answered by CORS alone, or asks what tus can do here."""
        is_preflight = any(name == b"access-control-request-method" for name, _ in scope["headers"])
        return {} if is_preflight else discovery(self._limit)

    async def _reply(self, scope: HTTPScope, body: Body) -> Reply:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        method: str = scope["method"]
        if method == "POST":  # where only GET and POST get through, clients of tus say what they mean
            method = headers.get("x-http-method-override", method).upper()
        subject, path = await self._entrance(scope["path"], headers)
        protocol = choose(self._routes, method, path, headers)
        query = scope["query_string"].decode("latin-1")
        return await protocol(Request(subject, method, path, query, headers, body))


def _refusal(error: PlayheadError, request_id: str | None) -> Reply:
    return Reply(
        error.kind.status,
        msgspec.json.encode(problem(error, request_id)),
        waiting(error),
        content_type="application/problem+json",
    )


async def _answer(send: Send, reply: Reply) -> None:
    headers = [*CORS, (b"content-type", reply.content_type.encode())]
    headers += [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers += [(b"content-length", str(len(reply.body)).encode())]
    headers += [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
