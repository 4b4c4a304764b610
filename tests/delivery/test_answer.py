"""Sending at the receiver's pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from litestar.types import HTTPScope, Message

from playhead.delivery.answer import Answer

SCOPE = cast(HTTPScope, {"type": "http"})


class Blocks:
    """A body that counts what was taken from it, and knows whether it was closed."""

    def __init__(self, count: int, fails_at: int | None = None) -> None:
        self.count, self.fails_at = count, fails_at
        self.taken, self.closed = 0, False

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(self.count):
                if number == self.fails_at:
                    raise OSError("the disk broke")
                self.taken += 1
                yield b"x"
        finally:
            self.closed = True


class Client:
    """The other end: takes up to `appetite` blocks, then no more until it leaves."""

    def __init__(self, appetite: int) -> None:
        self.appetite = appetite
        self.got: list[Message] = []
        self.gone, self.full = asyncio.Event(), asyncio.Event()

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if len(self.got) > self.appetite and not self.gone.is_set():
            self.full.set()
            await self.gone.wait()
        self.got.append(message)


async def test_all_blocks_arrive_in_order() -> None:
    blocks, client = Blocks(3), Client(100)
    await Answer(200, {"a": "b"}, blocks())(SCOPE, client.receive, client.send)
    assert client.got[0] == {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}
    assert [message.get("body") for message in client.got[1:]] == [b"x", b"x", b"x", b""]
    assert [message.get("more_body") for message in client.got[1:]] == [True, True, True, False]
    assert blocks.closed


async def test_no_more_is_read_than_the_receiver_takes() -> None:
    blocks, client = Blocks(1000), Client(5)
    sending = asyncio.create_task(Answer(200, {}, blocks())(SCOPE, client.receive, client.send))
    await client.full.wait()
    assert blocks.taken <= 6
    client.gone.set()
    await sending
    assert blocks.taken <= 7
    assert blocks.closed


async def test_a_cancelled_answer_closes_its_body() -> None:
    blocks, client = Blocks(1000), Client(5)
    sending = asyncio.create_task(Answer(200, {}, blocks())(SCOPE, client.receive, client.send))
    await client.full.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert blocks.closed


async def test_a_failure_before_the_first_byte_starts_no_answer() -> None:
    client = Client(100)
    with pytest.raises(OSError, match="broke"):
        await Answer(200, {}, Blocks(3, fails_at=0)())(SCOPE, client.receive, client.send)
    assert client.got == []


async def test_a_failure_in_the_middle_never_looks_like_the_end() -> None:
    client = Client(100)
    with pytest.raises(OSError, match="broke"):
        await Answer(200, {}, Blocks(3, fails_at=2)())(SCOPE, client.receive, client.send)
    assert all(message.get("more_body", True) for message in client.got)
