"""A web server on loopback that files are fetched from: well-behaved, or any kind of bad one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[["Origin", "Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it came; names of headers in lower case."""

    path: str
    headers: dict[str, str]

    @property
    def start(self) -> int:
        """Where the wanted range begins."""
        return int(self.headers["range"].removeprefix("bytes=").removesuffix("-"))


@dataclass
class Origin:
    """Serves `content` with ranges; each of `answers` is used once, before that."""

    content: bytes
    etag: str | None = '"one"'
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/films/holiday%20film.mp4"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await _read(reader)
            self.asked.append(asked)
            answer = self.answers.pop(0) if self.answers else whole
            await answer(self, asked, writer)
            await writer.drain()
        writer.close()

    def head(self, asked: Asked) -> tuple[bytes, bytes]:
        """The head of an honest answer, and the body that belongs to it."""
        tag = f"ETag: {self.etag}\r\n" if self.etag else ""
        size = len(self.content)
        if "range" in asked.headers and asked.headers.get("if-range") == self.etag:
            body = self.content[asked.start :]
            lines = (
                f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {asked.start}-{size - 1}/{size}\r\n"
            )
        else:
            body, lines = self.content, "HTTP/1.1 200 OK\r\n"
        return f"{lines}{tag}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode(), body


async def whole(origin: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
    head, body = origin.head(asked)
    writer.write(head + body)


def cut(after: int) -> Answer:
    """Break the connection after so many bytes of the body."""

    async def answer(origin: Origin, asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, body = origin.head(asked)
        writer.write(head + body[:after])
        await writer.drain()
        await asyncio.sleep(0.3)  # what came with the break itself would be lost with it

    return answer


def says(text: str) -> Answer:
    """A fixed answer; lines end as the author likes."""

    async def answer(_origin: Origin, _asked: Asked, writer: asyncio.StreamWriter) -> None:
        head, _, body = text.partition("\n\n")
        writer.write("\r\n".join(head.split("\n")).encode() + b"\r\n\r\n" + body.encode("latin-1"))

    return answer


def redirect(to: str, status: int = 302) -> Answer:
    return says(f"HTTP/1.1 {status} Found\nLocation: {to}\nContent-Length: 0")


@asynccontextmanager
async def origin(content: bytes, *answers: Answer, host: str = "127.0.0.1") -> AsyncIterator[Origin]:
    """One that runs."""
    made = Origin(content, answers=list(answers), host=host)
    server = await asyncio.start_server(made.serve, host, 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in head[1:] if line]
    return Asked(head[0].split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})
