"""Work of our own on strangers' files ends when its time is over, and when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from playhead.processing.apart import apart, within


class _Endless:
    """Work that never comes to its end."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    async def work(self) -> None:
        self.begun.set()
        try:
            while True:
                await asyncio.to_thread(lambda: None)
        finally:
            self.ended.set()


async def _seven() -> int:
    return 7


def test_work_ends_when_its_time_is_over() -> None:
    endless, begun = _Endless(), time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.05, endless.work)
    assert endless.ended.is_set()
    assert time.monotonic() - begun < 5
    assert within(5, _seven) == 7


async def test_it_ends_in_its_thread_too() -> None:
    endless = _Endless()
    with pytest.raises(TimeoutError):
        await apart(0.05, endless.work)
    assert endless.ended.is_set()
    assert await apart(5, _seven) == 7


async def test_it_ends_when_nobody_waits_for_it() -> None:
    endless = _Endless()
    waiting = asyncio.create_task(apart(60, endless.work))
    assert await asyncio.to_thread(endless.begun.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(endless.ended.wait, 5)
