"""The grandchildren: whoever our children leave behind comes to us, and nobody is left when we go.

Without this they would go to process 1, which in a container often is a program that never looks after them.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_EVERY = 1.0
"""Seconds. One that is dead at two looks in a row has nobody of ours waiting for it."""
_FAREWELL = 5.0
"""Seconds that killing may take; a process stuck in the kernel is not worth more."""


def adopt() -> None:
    """Become the parent of every descendant whose own parent dies (`prctl(2)`)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


async def bury() -> None:
    """Collect the dead that were adopted, until cancelled; our own are collected by who started them."""
    seen: int | None = None
    while True:
        dead = _dead()
        if dead is not None and dead == seen:
            _collect(dead)
            # There may be more behind it.
            dead = _dead()
        seen = dead
        await asyncio.sleep(_LOOK_EVERY)


def end_all() -> None:
    """Kill and collect whoever is left. Only for the very end: nobody may be waiting for a child any more."""
    deadline = time.monotonic() + _FAREWELL
    while (left := _children()) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while (dead := _dead()) is not None:
            _collect(dead)
        time.sleep(0.01)


def _dead() -> int | None:
    """One child that has ended and was not collected yet; it is left as it is."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found is not None else None


def _collect(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _children() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _parent(entry) == os.getpid()]


def _parent(pid: str) -> int | None:
    try:
        # The name in parentheses may hold anything, so the fields are counted from its end: state, parent.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
