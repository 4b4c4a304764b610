"""The one door to ffmpeg and ffprobe: starts them in the sandbox, watches them, and ends them for certain.

Nothing else in the server starts a program on a user's bytes. An exit code of 0 proves nothing about the
output; whoever calls this verifies what was made.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGKILL
from typing import Any

from playhead.media.ffmpeg.failures import Ending, ToolFailed, failure_of, over_output
from playhead.media.ffmpeg.invocation import Invocation, Limits
from playhead.media.ffmpeg.pipes import read_chunks
from playhead.media.ffmpeg.progress import START, ProgressReader
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.ffmpeg.tools import system_program
from playhead.media.ffmpeg.watch import Watch, peak_memory, take_sample
from playhead.model.errors import PlayheadError

__all__ = ["Invocation", "Limits", "Outcome", "ToolFailed", "run"]

# Everything a program needs to know of us. Whatever else is in our environment may be a credential.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"}
_KEPT_MESSAGES = 16 * 1024
# The first looks are early, since most probes are over within 100 ms; then four times a second.
_FIRST_LOOK, _USUAL_LOOK = 0.02, 0.25
# A probe's packets come in thousands of blocks, and its memory is looked at no more often than this.
_MEMORY_SECONDS = 0.02
# Between the death of a process and the end of its pipes: more only when a child of it outlives it.
_LAST_WORDS_SECONDS = 5.0


@dataclass(frozen=True)
class Outcome:
    """What a successful run gave."""

    stdout: bytes
    messages: str
    """The last 16 KiB of stderr without control characters: for logs, never for users."""
    cpu_seconds: float
    peak_memory_bytes: int


async def run(invocation: Invocation, *, sandbox: Sandbox) -> Outcome:
    """Run one program to its end.

    ffmpeg always reports its progress to us on a pipe of its own, so that one which stands still is
    noticed. Cancelling kills the process and waits for its end.
    It dies with the thread that called this, which the kernel takes for its parent: the loop's, not a pool's.

    Raises: ToolFailed when the program failed by itself; PlayheadError `decode_timeout`, `decoder_crashed`,
    `resource_limit`, `tool_missing` or `sandbox_unavailable`.
    """
    job = _Job(invocation)
    job.start(sandbox)
    try:
        await job.supervise()
    finally:
        await job.end()
    return job.outcome()


class _Job:
    """One process with its pipes, from start to reaping."""

    def __init__(self, invocation: Invocation) -> None:
        self._loop = asyncio.get_running_loop()
        self._invocation = invocation
        self._watch = Watch(invocation.limits, self._loop.time())
        self._watch.cpu_counts_as_progress = invocation.program != "ffmpeg"
        self._stopped_for: PlayheadError | None = None
        self._stdout = bytearray()
        self._stderr: deque[bytes] = deque()
        self._exited: asyncio.Future[Ending] = self._loop.create_future()
        self._peak_memory_bytes = 0
        self._memory_noted = 0.0
        self._pumps: list[asyncio.Task[None]] = []

    def start(self, sandbox: Sandbox) -> None:
        progress_end, theirs = os.pipe()
        try:
            arguments = (*self._own_arguments(theirs), *self._invocation.arguments)
            invocation = replace(self._invocation, arguments=arguments)
            enclosure = sandbox.enclose(invocation, inherit=(theirs,))
            try:
                self._process = self._spawn(enclosure.argv, (theirs, *enclosure.descriptors))
            finally:
                enclosure.close()
        except BaseException:
            os.close(progress_end)
            raise
        finally:
            os.close(theirs)
        self._progress_end = os.fdopen(progress_end, "rb", buffering=0)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._loop.add_reader(self._pidfd, self._reap)

    def _own_arguments(self, progress: int) -> tuple[str, ...]:
        if self._invocation.program != "ffmpeg":
            return ()
        return (
            "-nostdin",  # it has none
            "-nostats",  # the status line is for terminals
            *("-progress", f"pipe:{progress}"),  # a pipe of its own: stdout may be the output
        )

    def _spawn(self, argv: tuple[str, ...], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
        # ffmpeg gives way to the web processes; a probe is short and somebody waits for it.
        niceness = 0 if self._invocation.program == "ffprobe" else self._invocation.niceness
        niced = (system_program("nice"), "-n", str(niceness), *argv) if niceness else argv
        process = subprocess.Popen(
            niced,
            stdin=subprocess.DEVNULL,  # reading finds the end at once, and not our terminal
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=_ENVIRONMENT,
            cwd=self._invocation.scratch or "/",
            pass_fds=descriptors,
            start_new_session=True,  # one group to kill, and no terminal to type into
        )
        if niceness:
            _nice_session(process.pid, niceness)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        return process

    async def supervise(self) -> None:
        """Return when the process has ended, by itself or stopped by a limit."""
        os.set_blocking(self._progress_end.fileno(), False)
        pumps: list[Coroutine[None, None, None]] = [
            self._take_stdout(),
            self._take_stderr(),
            self._take_progress(),
        ]
        self._pumps = [asyncio.create_task(pump) for pump in pumps]
        looking = asyncio.create_task(self._look())
        try:
            waiting: set[asyncio.Future[Any]] = {*self._pumps, looking, self._exited}
            while not self._exited.done():
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for finished in done:
                    finished.result()  # a pump that failed fails the run
        finally:
            looking.cancel()
        # The process is gone; what it still said is in the pipes.
        await asyncio.wait(self._pumps, timeout=_LAST_WORDS_SECONDS)
        for pump in self._pumps:
            if pump.done():
                pump.result()

    async def end(self) -> None:
        """Kill what still runs, reap it, and close everything; finishes even when cancelled again."""
        self._kill()
        cancelled: asyncio.CancelledError | None = None
        while not self._exited.done():
            try:
                await asyncio.wait([self._exited])
            except asyncio.CancelledError as again:
                cancelled = again
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for pipe in (self._process.stdout, self._process.stderr, self._progress_end):
            if pipe is not None:
                pipe.close()
        if cancelled is not None:
            raise cancelled

    def outcome(self) -> Outcome:
        if self._stopped_for is not None:
            raise self._stopped_for
        ending = self._exited.result()
        messages = _printable(b"".join(self._stderr)[-_KEPT_MESSAGES:])
        failure = failure_of(ending, messages, self._invocation.limits)
        if failure is not None:
            raise failure
        return Outcome(bytes(self._stdout), messages, ending.cpu_seconds, self._peak_memory_bytes)

    def _stop(self, reason: PlayheadError) -> None:
        self._stopped_for = self._stopped_for or reason
        self._kill()

    def _kill(self) -> None:
        if not self._exited.done():  # not reaped yet, so the number is still its own
            os.killpg(self._process.pid, SIGKILL)

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._kill()  # whatever it left behind in its group
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        reaped = usage.ru_maxrss * 1024
        # The kernel's figure starts at the size of whoever forked it, so it is exact only above our own;
        # below that, what was seen last is nearer.
        if reaped > peak_memory(os.getpid()) or not self._peak_memory_bytes:
            self._peak_memory_bytes = reaped
        self._exited.set_result(Ending(self._process.returncode, usage.ru_utime + usage.ru_stime))

    async def _look(self) -> None:
        pause = _FIRST_LOOK
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _USUAL_LOOK)
            sample = await asyncio.to_thread(take_sample, self._process.pid, self._invocation.scratch)
            reason = self._watch.judge(sample, self._loop.time())
            self._note_memory()
            if reason is not None:
                self._stop(reason)

    def _note_memory(self) -> None:
        now = self._loop.time()
        if now - self._memory_noted < _MEMORY_SECONDS:
            return
        self._memory_noted = now
        self._peak_memory_bytes = max(self._peak_memory_bytes, peak_memory(self._process.pid))

    async def _take_stdout(self) -> None:
        assert self._process.stdout is not None
        async for chunk in read_chunks(self._process.stdout.fileno()):
            if len(self._stdout) + len(chunk) > self._invocation.limits.stdout_bytes:
                self._stop(over_output(self._invocation.limits))
                return
            self._stdout += chunk
            self._watch.moved(self._loop.time())
            if self._invocation.program == "ffprobe":
                self._note_memory()  # it writes at its very end, when it has its peak behind it

    async def _take_stderr(self) -> None:
        # Read to the end so that a chatty process never blocks; kept is only the tail.
        assert self._process.stderr is not None
        async for chunk in read_chunks(self._process.stderr.fileno()):
            self._stderr.append(chunk[-_KEPT_MESSAGES:])
            while sum(map(len, self._stderr)) - len(self._stderr[0]) >= _KEPT_MESSAGES:
                self._stderr.popleft()

    async def _take_progress(self) -> None:
        reader, latest = ProgressReader(), START
        async for chunk in read_chunks(self._progress_end.fileno()):
            self._note_memory()  # the last report comes before it lets go of its memory
            for report in reader.feed(chunk):
                if report.is_beyond(latest):
                    self._watch.moved(self._loop.time())
                    latest = report


def _nice_session(pid: int, niceness: int) -> None:
    """Nice the session that a process leads.

    Where the kernel shares the processor out among sessions (autogroup, sched(7)), niceness only counts
    within one, and each of ours is alone in its own. Elsewhere there is nothing to write to.
    """
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))


def _printable(raw: bytes) -> str:
    """Decode stderr, keeping line ends and tabs and nothing else that a terminal or a log would act upon."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char in "\n\t" or char.isprintable())
