"""`playhead` with small stand-ins for the processes it starts: `python -m tests.app.stand_in serve …`.

The stand-in for a web process answers every request with its process id; that for a worker runs a program of
its own the way a worker runs ffmpeg. Environment: `STAND_IN_DEAF` makes both ignore SIGTERM, `STAND_IN_SICK`
makes the web process answer 503.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial

from playhead.app.gate import wait_at

COMMAND = (sys.executable, "-S", "-m", "tests.app.stand_in")


def web(listening: int) -> None:
    status = "503 Service Unavailable" if os.environ.get("STAND_IN_SICK") else "200 OK"
    answer = f"HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{os.getpid()}".encode()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(respond, sock=socket.socket(fileno=listening))
        await server.serve_forever()

    asyncio.run(serve())


def worker() -> None:
    subprocess.Popen(["setpriv", "--pdeathsig=KILL", "sleep", "3600"], start_new_session=True)
    while True:
        time.sleep(60)


def serve(arguments: list[str]) -> int:
    from playhead.app import supervise
    from playhead.cli.main import main

    supervise.HEALTHY_WITHIN = 1.0 if os.environ.get("STAND_IN_SICK") else 60.0
    stand_ins = partial(
        supervise.Commands, web=(*COMMAND, "stand-in-web"), worker=(*COMMAND, "stand-in-worker")
    )
    supervise.Commands = stand_ins  # type: ignore[misc, assignment]
    return main(arguments)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role in ("stand-in-web", "stand-in-worker"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("STAND_IN_DEAF") else signal.SIG_DFL)
        wait_at(int(rest[rest.index("--gate") + 1]))
    if role == "stand-in-web":
        web(int(rest[rest.index("--fd") + 1]))
    elif role == "stand-in-worker":
        worker()
    else:
        sys.exit(serve(sys.argv[1:]))
