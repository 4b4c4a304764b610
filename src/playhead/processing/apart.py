"""Reading a stranger's file ourselves: on a loop of its own, for so long and no longer.

The readers are careful, but what they read was written by anybody and no sandbox is around them. So they get a
time, at whose end their work is over as well, and what they stumble over is no reason to give a file up.

Work is ended where it waits, be it for bytes or for its turn. What it computes between is its own to bound.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, T]]

SLIPS = (ValueError, IndexError, KeyError, OverflowError, ZeroDivisionError, struct.error)
"""What a reader raises that believed a number of the file which it should have doubted."""


def within(seconds: float, work: Work[T]) -> T:
    """What `work` gives, on a loop of this thread's own.

    Raises:
        TimeoutError: it would have taken longer.
    """
    return asyncio.run(_bounded(seconds, work))


async def apart(seconds: float, work: Work[T]) -> T:
    """The same in a thread, so that the caller's loop goes on; it ends also when the caller is cancelled.

    Raises:
        TimeoutError: it would have taken longer.
    """
    begun: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

    async def noted() -> T:
        task = asyncio.ensure_future(_bounded(seconds, work))
        begun.append((asyncio.get_running_loop(), task))
        return await task

    try:
        return await asyncio.to_thread(lambda: asyncio.run(noted()))
    except asyncio.CancelledError:
        for loop, task in begun:
            with suppress(RuntimeError):  # it has just come to its end
                loop.call_soon_threadsafe(task.cancel)
        raise


async def _bounded(seconds: float, work: Work[T]) -> T:
    async with asyncio.timeout(seconds):
        return await work()
