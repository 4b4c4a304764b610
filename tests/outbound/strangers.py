"""Who is met on the way out: a canary that must see nobody, and a name server that lies."""

from __future__ import annotations

import asyncio
import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class Canary:
    """A listener on IPv4 and IPv6 loopback that counts who comes."""

    def __init__(self) -> None:
        self.connects = 0

    async def met(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()


class Rebinding(AbstractResolver):
    """A name server under a stranger's control: public at first, the loopback ever after."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [{"hostname": host, "host": found, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass
