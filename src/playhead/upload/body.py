"""A request's body as blocks of bytes, for the protocols below `/uploads`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from litestar.types import Receive

from playhead.model.errors import PlayheadError

SILENCE_SECONDS = 60
"""How long a sender may pause before its attempt is given up: connections that died silently end here."""


class DisconnectedError(Exception):
    """The sender went away before the body was whole."""


class Body:
    """The body of one request."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._over = False

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes as they come.

        Raises:
            PlayheadError: `upload_incomplete` when the sender fell silent.
            DisconnectedError: it went away.
        """
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
        """Throw up to `most` bytes away, so that the sender lives to read the answer."""
        try:
            async for block in self.blocks():
                most -= len(block)
                if most < 0:
                    return
        except (DisconnectedError, PlayheadError):
            return  # the answer to the request stands already
