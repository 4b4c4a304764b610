"""Turn by turn: both sides of a row are measured in the same minutes, under the same disturbance."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench import machine
from bench.row import Metric, Pair, Reading, Row
from bench.stage import Stage


@dataclass
class Result:
    """A measured row; readings in the order they were taken."""

    row: Row
    ours: list[Reading] = field(default_factory=list)
    reference: list[Reading] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    """The machine's load average before each round."""
    error: str | None = None
    """Why there are no numbers."""


@dataclass(frozen=True)
class Compared:
    """One number of both sides over all rounds."""

    ours: tuple[float, ...]
    reference: tuple[float, ...]

    @property
    def ratio(self) -> float | None:
        """Median of ours by median of the reference's."""
        if not self.ours or not self.reference or median(self.reference) == 0:
            return None
        return median(self.ours) / median(self.reference)


def measured(row: Row, stage: Stage, say: Callable[[str], None]) -> Result:
    """Prepare a row and measure it; a row that breaks is reported and does not take the others along."""
    result = Result(row)
    try:
        say("preparing")
        with row.prepare(stage) as pair:
            _rounds(result, pair, quick=stage.quick, say=say)
    except Exception as error:  # noqa: BLE001  whatever it is, the other rows' numbers must not be lost
        result.error = f"{type(error).__name__}: {error}"
        say(f"{traceback.format_exc()}\n{stage.last_words()}")
    return result


def _rounds(result: Result, pair: Pair, *, quick: bool, say: Callable[[str], None]) -> None:
    warmups, rounds = (0, 1) if quick else (result.row.warmups, result.row.rounds)
    for _ in range(warmups):
        pair.ours()
        pair.reference()
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        result.loads.append(machine.load())
        sides = [(pair.ours, result.ours), (pair.reference, result.reference)]
        # Who begins changes, so that a drift of the machine favours neither.
        for turn, readings in sides if number % 2 == 0 else reversed(sides):
            readings.append(turn())


def compared(result: Result, metric: Metric) -> Compared:
    """One metric of a row."""
    ours, reference = (
        tuple(reading.values[metric.name] for reading in side if metric.name in reading.values)
        for side in (result.ours, result.reference)
    )
    return Compared(ours, reference)


def cpu_compared(result: Result) -> Compared:
    """CPU seconds of a row, where both turns could tell them."""
    ours, reference = (
        tuple(reading.cpu_seconds for reading in side if reading.cpu_seconds is not None)
        for side in (result.ours, result.reference)
    )
    return Compared(ours, reference)
