"""The header `Idempotency-Key`: a creating request sent twice creates once, and is answered the same twice.

What a key stands for is written in the transaction that creates, so there is no moment at which one is there
without the other. Refusals are not kept: nothing was created, and the next try may do better.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.serialization import encode_json

from playhead.model.idempotency import idempotency_key
from playhead.records import answers
from playhead.records.database import Transaction

Create = Callable[[Transaction], Awaitable[dict[str, Any]]]


class Once:
    """One creating request, as far as it matters whether it came before."""

    def __init__(self, key: str | None, request: bytes) -> None:
        self._key = key
        self._request = request

    async def create(self, tx: Transaction, project_id: UUID, create: Create) -> dict[str, Any]:
        """What `create` answers, or has answered before, as plain JSON values.

        Raises:
            PlayheadError: `idempotency_key_reused`, and whatever `create` raises.
        """
        if self._key is None:
            return await create(tx)
        body = await answers.claim(tx, project_id, self._key, self._request)
        if body is None:
            body = encode_json(await create(tx)).decode()
            await answers.keep(tx, project_id, self._key, body)
        answer: dict[str, Any] = json.loads(body)
        return answer


def once(request: Request[Any, Any, Any], body: bytes) -> Once:
    """Whether `request`, whose body is given, is to be carried out once only.

    Raises:
        PlayheadError: as `idempotency_key`.
    """
    key = idempotency_key(request.headers)
    if key is None:
        return Once(None, b"")
    asked = b"\0".join((request.method.encode(), request.url.path.encode(), body))
    return Once(key, hashlib.sha256(asked).digest())


async def provide_once(request: Request[Any, Any, Any]) -> Once:
    """The same for a handler that gets its body as JSON."""
    return once(request, await request.body())
