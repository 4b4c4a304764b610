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
"""Seconds. A corpse that still lies there at the next look has nobody of ours waiting for it."""
_FAREWELL = 5.0


def adopt() -> None:
    """Become the parent of every descendant whose own parent dies (`prctl(2)`)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


async def bury() -> None:
    """Collect the dead that were adopted, until cancelled. Our own children are collected by who started them."""
    seen: int | None = None
    while True:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) if _children() else None
        dead = found.si_pid if found is not None else None
        if dead is not None and dead == seen:
            with suppress(ChildProcessError):
                os.waitpid(dead, os.WNOHANG)
            # There may be more behind it.
            seen = None
            continue
        seen = dead
        await asyncio.sleep(_LOOK_EVERY)


def end_all() -> None:
    """Kill and collect whoever is left. Only for the very end: nobody may be waiting for a child any more."""
    deadline = time.monotonic() + _FAREWELL
    while (left := _children()) and time.monotonic() < deadline:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def _children() -> list[int]:
    return [
        int(pid) for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()
    ]
