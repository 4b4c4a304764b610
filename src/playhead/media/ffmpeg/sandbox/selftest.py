"""Proof at start that a sandbox holds on this machine: ffmpeg itself, inside, tries to get out.

Six short runs at once, about 0.3 s. The tests try far more (`tests/media/ffmpeg`); this is what can
differ between the machine that ran them and the one that runs now.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playhead.media.ffmpeg.invocation import MIB, Invocation, Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.model.errors import PlayheadError

_LIMITS = Limits(
    wall_seconds=30,
    quiet_seconds=20,
    cpu_seconds=10,
    file_bytes=MIB,
    scratch_bytes=16 * MIB,
    stdout_bytes=MIB,
)
_FRAME = bytes(range(256))
_RAW = ("-f", "rawvideo", "-pixel_format", "gray", "-video_size", "16x16")
_WANTED = "wanted.raw"


async def verify(sandbox: Sandbox) -> None:
    """Check that ffmpeg works inside and that nothing gets out.

    Raises: PlayheadError `sandbox_unavailable` saying what did not hold.
    """
    with tempfile.TemporaryDirectory(prefix="playhead-sandbox-") as name:
        async with AsyncExitStack() as stack:
            ground = await _prepare(Path(name), stack)
            await _works(sandbox, ground)
            escapes = (
                _reads_another_file(sandbox, ground),
                _writes_elsewhere(sandbox, ground),
                _connects(sandbox, ground, f"tcp://127.0.0.1:{ground.tcp_port}?timeout=2000000"),
                _connects(sandbox, ground, f"unix:{ground.scratch / 'door'}"),
                _sends_a_datagram(sandbox, ground),
            )
            for escaped in await asyncio.gather(*map(_fails, escapes)):
                if escaped is not None:
                    raise escaped
            # A tool that failed may have got through before it did.
            if ground.contacts:
                raise _leak("connect to the network or to a local socket")


@dataclass
class _Ground:
    """The folders and listeners of one self-test."""

    input: Path
    canary: Path
    scratch: Path
    outside: Path
    tcp_port: int = 0
    udp_port: int = 0
    contacts: list[str] = field(default_factory=list)


async def _prepare(folder: Path, stack: AsyncExitStack) -> _Ground:
    ground = _lay_out(folder)
    loop = asyncio.get_running_loop()

    def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ground.contacts.append("stream")
        writer.close()

    tcp = await stack.enter_async_context(await asyncio.start_server(met, "127.0.0.1", 0))
    ground.tcp_port = tcp.sockets[0].getsockname()[1]
    await stack.enter_async_context(await asyncio.start_unix_server(met, ground.scratch / "door"))
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(ground.contacts), local_addr=("127.0.0.1", 0)
    )
    stack.callback(transport.close)
    ground.udp_port = transport.get_extra_info("sockname")[1]
    return ground


def _lay_out(folder: Path) -> _Ground:
    root = folder.resolve()  # the sandbox shows a path under exactly the name it is given
    ground = _Ground(
        root / "in" / "input.raw", root / "other" / "canary.raw", root / "scratch", root / "outside.raw"
    )
    for place in (ground.input.parent, ground.canary.parent, ground.scratch):
        place.mkdir()
    ground.input.write_bytes(_FRAME)
    ground.canary.write_bytes(_FRAME[::-1])
    return ground


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, contacts: list[str]) -> None:
        self._contacts = contacts

    def datagram_received(self, data: bytes, addr: object) -> None:
        del data, addr
        self._contacts.append("datagram")


async def _copy(sandbox: Sandbox, ground: _Ground, source: str, target: str) -> None:
    await run(
        Invocation(
            "ffmpeg",
            ("-v", "error", "-y", *_RAW, "-i", source, "-f", "rawvideo", target),
            reads=(ground.input,),
            scratch=ground.scratch,
            limits=_LIMITS,
        ),
        sandbox=sandbox,
    )


async def _works(sandbox: Sandbox, ground: _Ground) -> None:
    try:
        await _copy(sandbox, ground, str(ground.input), _WANTED)
    except PlayheadError as failure:
        raise _cannot(failure) from failure
    if (ground.scratch / _WANTED).read_bytes() != _FRAME:
        raise _cannot(None)


async def _reads_another_file(sandbox: Sandbox, ground: _Ground) -> None:
    await _copy(sandbox, ground, str(ground.canary), "canary.raw")
    raise _leak("read a file that was not given to it")


async def _writes_elsewhere(sandbox: Sandbox, ground: _Ground) -> None:
    await _copy(sandbox, ground, str(ground.input), str(ground.outside))
    raise _leak("write outside of its scratch folder")


async def _connects(sandbox: Sandbox, ground: _Ground, address: str) -> None:
    await _copy(sandbox, ground, address, "connected.raw")
    raise _leak("connect to the network or to a local socket")


async def _sends_a_datagram(sandbox: Sandbox, ground: _Ground) -> None:
    await _copy(sandbox, ground, str(ground.input), f"udp://127.0.0.1:{ground.udp_port}")
    raise _leak("send a datagram")


class _LeakError(PlayheadError):
    """An escape that worked; told apart from the failures that are hoped for."""


async def _fails(escape: Awaitable[None]) -> _LeakError | None:
    try:
        await escape
    except _LeakError as leak:
        return leak
    except PlayheadError:
        return None  # refused: as it should be
    return None


def _leak(what: str) -> _LeakError:
    return _LeakError("sandbox_unavailable", f"Inside the sandbox, ffmpeg could {what}.")


def _cannot(failure: PlayheadError | None) -> PlayheadError:
    cause = PlayheadError("sandbox_unavailable", "Inside the sandbox, ffmpeg does not work.")
    for note in getattr(failure, "__notes__", ()):
        cause.add_note(note)
    return cause
