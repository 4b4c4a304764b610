"""The gate holds whoever comes before it is open, and nobody after."""

from __future__ import annotations

import os
import threading

from playhead.app.gate import Gate, wait_at


def test_those_who_wait_walk_on_when_it_opens_and_later_ones_at_once() -> None:
    gate = Gate()
    passed = threading.Semaphore(0)

    def walk() -> None:
        wait_at(os.dup(gate.read_end))
        passed.release()

    walkers = [threading.Thread(target=walk) for _ in range(3)]
    for walker in walkers:
        walker.start()
    assert not passed.acquire(timeout=0.2)
    gate.open()
    for walker in walkers:
        walker.join(20)
    assert all(passed.acquire(blocking=False) for _ in walkers)
    walk()
    gate.remove()


def test_a_gate_that_is_removed_holds_nobody() -> None:
    gate = Gate()
    mine = os.dup(gate.read_end)
    gate.remove()
    wait_at(mine)
