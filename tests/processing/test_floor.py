"""Who is suspected of killing its worker runs alone, and nobody waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from playhead.processing.floor import Floor


class Steps:
    """Steps on a floor, which end when they are told to."""

    def __init__(self) -> None:
        self.floor = Floor()
        self.running: set[str] = set()
        self.seen: list[set[str]] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, name: str, *, alone: bool = False) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._run(name, alone))
        await asyncio.sleep(0.01)

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._tasks[name]
        await asyncio.sleep(0.01)

    async def stop(self, name: str) -> None:
        self._tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]
        await asyncio.sleep(0.01)

    async def _run(self, name: str, alone: bool) -> None:
        async with self.floor.place(alone=alone):
            self.running.add(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.discard(name)


async def test_steps_run_beside_each_other() -> None:
    steps = Steps()
    for name in "abc":
        await steps.begin(name)
    assert steps.running == {"a", "b", "c"}


async def test_a_suspect_waits_for_the_others_and_they_for_it() -> None:
    steps = Steps()
    await steps.begin("a")
    await steps.begin("suspect", alone=True)
    await steps.begin("later")
    await steps.begin("another", alone=True)
    assert steps.running == {"a"}
    await steps.end("a")
    assert steps.running == {"suspect"}
    await steps.end("suspect")
    assert steps.running == {"another"}
    await steps.end("another")
    assert steps.running == {"later"}


async def test_a_suspect_that_is_stopped_while_it_waits_or_runs_holds_nobody_up() -> None:
    steps = Steps()
    await steps.begin("a")
    await steps.begin("suspect", alone=True)
    await steps.begin("b")
    assert steps.running == {"a"}
    await steps.stop("suspect")
    assert steps.running == {"a", "b"}
    await steps.end("a")
    await steps.end("b")
    await steps.begin("again", alone=True)
    assert steps.running == {"again"}
    await steps.begin("c")
    await steps.stop("again")
    assert steps.running == {"c"}
