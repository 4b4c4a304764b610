from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.measure import compared, cpu_compared, measured
from bench.processes import children, cpu_seconds, spend
from bench.row import Metric, Pair, Reading, Row
from bench.stage import Stage
from bench.traffic import noise, percentile

WALL = Metric("wall", "s")
BURN = "import time\nwhile time.process_time() < 0.3: pass"


def _row(pair: Pair, rounds: int = 3) -> Row:
    @contextmanager
    def prepare(_stage: Stage) -> Iterator[Pair]:
        yield pair

    return Row("a row", "a reference", (WALL,), rounds, 1, prepare)


def test_sides_take_turns_and_who_begins_changes() -> None:
    order: list[str] = []

    def turn(name: str, value: float) -> Reading:
        order.append(name)
        return Reading({"wall": value}, cpu_seconds=2 * value)

    pair = Pair(lambda: turn("ours", 3.0), lambda: turn("reference", 1.5))
    with Stage(quick=False) as stage:
        result = measured(_row(pair), stage, lambda _text: None)
    warmup = ["ours", "reference"]
    assert order == [*warmup, "ours", "reference", "reference", "ours", "ours", "reference"]
    assert compared(result, WALL).ours == (3.0, 3.0, 3.0)
    assert compared(result, WALL).ratio == 2.0
    assert cpu_compared(result).reference == (3.0, 3.0, 3.0)


def test_quick_measures_once_and_without_warming_up() -> None:
    with Stage(quick=True) as stage:
        reading = Reading({"wall": 1.0})
        result = measured(_row(Pair(lambda: reading, lambda: Reading({}))), stage, lambda _text: None)
    assert compared(result, WALL).ours == (1.0,)
    assert compared(result, WALL).ratio is None
    assert cpu_compared(result).ours == ()


def test_a_broken_row_says_why() -> None:
    def broken() -> Reading:
        raise AssertionError("no ffmpeg here")

    with Stage(quick=True) as stage:
        result = measured(_row(Pair(broken, broken)), stage, lambda _text: None)
    assert result.error == "AssertionError: no ffmpeg here"


def test_time_of_the_dead_counts_with_their_parent() -> None:
    # A child that waits for a busy child of its own and then stays: the busy one is gone when we look.
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdout.readline()
        assert children(parent.pid) == []
        assert cpu_seconds(parent.pid) >= 0.28
        assert parent.pid in children(os.getpid())
        parent.stdin.write(b"\n")
        parent.stdin.close()


def test_a_reference_that_fails_is_no_measurement() -> None:
    assert spend([sys.executable, "-c", BURN], [sys.executable, "-c", BURN], at_once=True).cpu_seconds >= 0.55
    with pytest.raises(AssertionError, match="out of luck"):
        spend([sys.executable, "-c", "raise SystemExit('out of luck')"])


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 50) == 50.0
    assert percentile(values, 99) == 99.0
    assert percentile([7.0], 99) == 7.0


def test_noise_has_the_size_that_was_declared() -> None:
    assert sum(map(len, noise(2_500_000))) == 2_500_000
