"""What a row is: its metrics, its reference, and how one turn of each is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal

from bench.stage import Stage

LATENCY_ROUNDS = 7
"""Rounds of a row whose single readings scatter: short waits."""


@dataclass(frozen=True)
class Metric:
    """One number that every turn of a row gives."""

    name: str
    unit: str
    better: Literal["less", "more"] = "less"
    goal: float | None = None
    """What the project has set itself, in the same unit; None where only the ratio counts."""


@dataclass(frozen=True)
class Reading:
    """What one turn gave."""

    values: Mapping[str, float]
    """By metric name; a reference may leave out what it has no counterpart for."""
    cpu_seconds: float | None = None
    """User and system time of every process that took part; None where that cannot be told apart."""


Turn = Callable[[], Reading]


@dataclass(frozen=True)
class Pair:
    """The two sides of a row, made ready: each call measures once more."""

    ours: Turn
    reference: Turn


@dataclass(frozen=True)
class Row:
    """One comparison."""

    name: str
    reference: str
    """Who the other side is, in a few words."""
    metrics: tuple[Metric, ...]
    rounds: int
    warmups: int
    """Rounds before those that count, so that neither side pays for a cold page cache."""
    prepare: Callable[[Stage], AbstractContextManager[Pair]] = field(compare=False)


_rows: dict[str, Row] = {}


def row(
    name: str, *metrics: Metric, reference: str, rounds: int = 3, warmups: int = 0
) -> Callable[[Callable[[Stage], Iterator[Pair]]], None]:
    """Make a row of a generator function: what is before its one `yield` prepares, what is after tidies up."""

    def enter(prepare: Callable[[Stage], Iterator[Pair]]) -> None:
        if name in _rows:
            raise ValueError(f"two rows are called {name}")
        _rows[name] = Row(name, reference, metrics, rounds, warmups, contextmanager(prepare))

    return enter


def all_rows() -> list[Row]:
    """Every row of every `rows_*.py`, in the order of the table."""
    for path in sorted(Path(__file__).parent.glob("rows_*.py")):
        import_module(f"bench.{path.stem}")
    return list(_rows.values())
