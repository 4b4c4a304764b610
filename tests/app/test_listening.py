"""The port is bound once, or the reason why not is told in a sentence."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from playhead.app.listening import healthy, listen
from playhead.app.refusal import RefusalError

HOST = "127.0.0.1"


async def test_port_zero_takes_any_that_is_free() -> None:
    with await listen(HOST, 0) as first, await listen(HOST, 0) as second:
        ports = {each.getsockname()[1] for each in (first, second)}
    assert len(ports) == 2
    assert 0 not in ports


async def test_a_taken_port_is_named() -> None:
    with await listen(HOST, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RefusalError, match=rf"Port {port} on {HOST} is taken.*--port"):
            await listen(HOST, port)


async def test_a_port_just_being_let_go_is_waited_for() -> None:
    taken = await listen(HOST, 0)
    asyncio.get_running_loop().call_later(0.3, taken.close)
    with await listen(HOST, taken.getsockname()[1]):
        pass


@pytest.mark.parametrize(
    ("host", "reason"), [("192.0.2.1", "not an address of"), ("no.such.invalid", "not an address")]
)
async def test_an_address_that_is_not_ours_is_named(host: str, reason: str) -> None:
    with pytest.raises(RefusalError, match=reason):
        await listen(host, 0)


async def _answering(listening: socket.socket, *answers: bytes) -> AsyncIterator[list[bytes]]:
    """Answers each connection with the next of `answers`, the last one for ever; what was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(answers[min(len(asked), len(answers)) - 1])
        writer.close()

    async with await asyncio.start_server(answer, sock=listening):
        yield asked


async def test_healthy_waits_for_a_200() -> None:
    listening = await listen(HOST, 0)
    bad = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
    async for asked in _answering(listening, b"", bad, b"HTTP/1.1 200 OK\r\n\r\n"):
        await healthy(listening)
        assert asked == [b"GET /healthz HTTP/1.1\r\n"] * 3


async def test_healthy_reaches_a_socket_bound_to_every_address() -> None:
    listening = await listen("0.0.0.0", 0)
    async for _ in _answering(listening, b"HTTP/1.1 200 OK\r\n\r\n"):
        await healthy(listening)
