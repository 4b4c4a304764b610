"""The port: bound once by the supervisor, shared by the web processes."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress

from playhead.app.refusal import RefusalError

BACKLOG = 2048
"""Connections the kernel keeps waiting, for as long as a web process that died takes to be back."""

_LET_GO_WITHIN = 1.0
"""Seconds that the orphans of a killed supervisor get to let go of the port."""
_TAKEN = {
    errno.EACCES: "needs rights this user does not have",
    errno.EADDRNOTAVAIL: "is not an address of this machine",
}


async def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes any free one.

    Raises:
        RefusalError: when the port is taken, or the address not ours.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _LET_GO_WITHIN
    try:
        family, _, _, _, address = (await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))[0]
    except socket.gaierror as error:
        raise RefusalError(f"{host} is not an address: {error.strerror}.") from error
    while True:
        try:
            return socket.create_server(address, family=family, backlog=BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                if loop.time() < deadline:
                    await asyncio.sleep(0.1)
                    continue
                raise RefusalError(
                    f"Port {port} on {host} is taken by another program: stop that one, or choose another "
                    "with --port (0 takes any that is free)."
                ) from error
            reason = _TAKEN.get(error.errno or 0, f"cannot be listened on: {error.strerror}")
            raise RefusalError(f"Port {port} on {host} {reason}.") from error


async def healthy(listening: socket.socket) -> None:
    """Wait until a web process behind the socket answers `GET /healthz` with 200."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(5):
                if await _status(listening) == b"200":
                    return
        await asyncio.sleep(0.05)


async def _status(listening: socket.socket) -> bytes:
    host, port = listening.getsockname()[:2]
    # Bound to every address, it is reached by the loopback one of its family.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        line = await reader.readuntil(b"\r\n")
        return line.split(b" ")[1]
    finally:
        writer.close()
