"""Our own daemons as children: PostgreSQL, web and worker processes. Media tools have their own door.

A child leads its own session, so that a Ctrl-C in the terminal reaches only the supervisor, which then ends
everything in order; and it asks the kernel to be told when its parent is gone, so that nothing outlives a
supervisor that was killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals

from playhead.app.refusal import RefusalError


@dataclass(frozen=True)
class Program:
    """What to start, and how it is to end."""

    name: str
    """For messages, such as `worker 1`."""
    argv: Sequence[str]
    environment: Mapping[str, str]
    """All of its environment; nothing is inherited."""
    files: Sequence[int] = ()
    """File descriptors it inherits under the same numbers."""
    account: Sequence[str] = ()
    """What to put before `argv` to run it as somebody else."""
    log: Path | None = None
    """Where its messages go; None for our own standard error."""
    when_orphaned: Signals = Signals.SIGKILL
    """What the kernel sends it when we are gone."""
    folder: Path | None = None
    """Its working directory; None for ours."""


class Child:
    """A running program of ours."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process) -> None:
        self.program = program
        self.pid = process.pid
        self._process = process

    @classmethod
    async def start(cls, program: Program) -> Child:
        """Start a program.

        The kernel ties the child to the *thread* that starts it, so call this from a loop in a thread that
        lives as long as the process.

        Raises:
            RefusalError: when `setpriv` or the program is missing.
        """
        tie = [
            *("setpriv", "--pdeathsig", program.when_orphaned.name.removeprefix("SIG"), "--"),
            # If we died before the kernel was asked, it will tell nobody: then the child must not even begin.
            *("sh", "-c", f'[ "$PPID" = {os.getpid()} ] && exec "$@"', "sh"),
        ]
        log = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if program.log else None
        try:
            process = await asyncio.create_subprocess_exec(  # noqa: TID251 - this module is the daemons' door
                *program.account,
                # After the change of account, which would untie it again.
                *tie,
                *program.argv,
                stdin=asyncio.subprocess.DEVNULL,
                # What a child prints is never a result of ours.
                stdout=log if log is not None else 2,
                stderr=log if log is not None else 2,
                env=dict(program.environment),
                pass_fds=tuple(program.files),
                cwd=program.folder,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise RefusalError(f"`{error.filename}` is missing; Debian has it in util-linux.") from error
        finally:
            if log is not None:
                os.close(log)
        return cls(program, process)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it has ended; its exit code."""
        return await self._process.wait()

    def signal(self, number: Signals) -> None:
        """Send it a signal, unless it has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self, steps: Sequence[tuple[Signals, float]]) -> int:
        """End it: each signal is given that many seconds to work before the next; SIGKILL comes last.

        Whatever it left behind in its process group is killed as well.
        """
        for number, grace in steps:
            if self.exit_code is not None:
                break
            self.signal(number)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wait(), grace)
        if self.exit_code is None:
            self.signal(Signals.SIGKILL)
        with suppress(ProcessLookupError):
            # It leads its group, whose number is taken for as long as anybody is left in it.
            os.killpg(self.pid, signal.SIGKILL)
        return await self.wait()


@dataclass(frozen=True)
class Finished:
    """How a short program ended."""

    code: int
    text: str = field(repr=False)
    """Its standard output and error, interleaved."""


async def finish(argv: Sequence[str], environment: Mapping[str, str], *, within: float = 60) -> Finished:
    """Run a short program of ours to its end.

    Returns:
        Its exit code, 127 when there is no such program, and what it printed.

    Raises:
        TimeoutError: after `within` seconds; the program is killed.
    """
    try:
        process = await asyncio.create_subprocess_exec(  # noqa: TID251 - this module is the daemons' door
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        return Finished(127, str(error))
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), within)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Finished(process.returncode or 0, printed.decode(errors="replace"))
