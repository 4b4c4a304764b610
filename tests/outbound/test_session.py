"""A session to strangers: no proxy, no cookie, nothing unpacked, nothing followed."""

from __future__ import annotations

import asyncio
import gzip

import aiohttp
import pytest

from playhead.outbound.guard import AddressRefusedError
from playhead.outbound.session import open_session, refused, untrusted, usable

PACKED = gzip.compress(b"x" * 1000)


async def test_nothing_is_learned_kept_unpacked_or_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        lines = "HTTP/1.1 302 Found\r\nLocation: /b\r\nSet-Cookie: a=b\r\nContent-Encoding: gzip\r\n"
        writer.write(f"{lines}Content-Length: {len(PACKED)}\r\n\r\n".encode() + PACKED)
        await writer.drain()
        writer.close()

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"
    timeout = aiohttp.ClientTimeout(total=20)
    async with (
        server,
        open_session(local_networks_allowed=True, timeout=timeout, user_agent="Us/1") as session,
    ):
        for _ in range(2):
            async with session.get(url, allow_redirects=False) as response:
                assert (response.status, await response.read()) == (302, PACKED)
    assert len(seen) == 2
    assert all(b"user-agent: us/1" in head.lower() and b"cookie" not in head.lower() for head in seen)


async def test_where_it_may_not_go_it_does_not_go() -> None:
    timeout = aiohttp.ClientTimeout(total=20)
    async with open_session(local_networks_allowed=False, timeout=timeout, user_agent="Us/1") as session:
        with pytest.raises(aiohttp.ClientError) as caught:
            await session.get("http://127.0.0.1:9/")
    assert refused(caught.value)
    assert not untrusted(caught.value)


def test_refusals_are_found_however_deep() -> None:
    outer = RuntimeError()
    outer.__cause__ = AddressRefusedError()
    assert refused(outer)
    assert not refused(OSError())


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://h", True),
        ("https://h:1/a", True),
        ("ftp://h", False),
        ("http://", False),
        ("http://[", False),
    ],
)
def test_which_urls_can_be_asked(url: str, fine: bool) -> None:
    assert usable(url) is fine
