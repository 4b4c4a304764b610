"""One table for people, one JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.measure import Compared, Result, compared, cpu_compared
from bench.row import Metric

FOLDER = Path(__file__).parent / "results"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: python -m bench --docs -->", "<!-- end of measured -->"
"""What stands around the table in the page."""
VERSION = 1
"""Of the JSON's shape."""


@dataclass(frozen=True)
class Run:
    """One run of the benchmarks."""

    started: datetime
    quick: bool
    machine: dict[str, str | int | float]
    results: Sequence[Result]


def show(run: Run, console: Console) -> None:
    """Print the table, and under it what it was measured on."""
    title = "Playhead against references" + (", quick: numbers not to be quoted" if run.quick else "")
    table = Table(title=title, title_justify="left")
    for heading in ("row", "metric"):
        table.add_column(heading, overflow="fold")
    for heading in ("ours", "reference", "ratio", "CPU s", "ref. CPU s", "ratio", "goal"):
        table.add_column(heading, justify="right")
    table.add_column("against", overflow="fold")
    for result in run.results:
        _add(table, result)
    console.print(table)
    console.print(" · ".join(f"{name} {value}" for name, value in run.machine.items()), markup=False)
    loads = [load for result in run.results for load in result.loads]
    if loads:
        console.print(f"load average {min(loads)} to {max(loads)}; medians, in brackets the range")


def _add(table: Table, result: Result) -> None:
    row = result.row
    if result.error is not None:
        table.add_row(escape(row.name), f"[red]{escape(result.error[:300])}[/red]", end_section=True)
        return
    cpu = cpu_compared(result)
    for number, metric in enumerate(row.metrics):
        first, last = number == 0, number == len(row.metrics) - 1
        found = compared(result, metric)
        table.add_row(
            escape(row.name) if first else "",
            f"{metric.name}, {metric.unit}" + (" (more is better)" if metric.better == "more" else ""),
            _spread(found.ours),
            _spread(found.reference),
            _ratio(found),
            *((_middle(cpu.ours), _middle(cpu.reference), _ratio(cpu)) if first else ("", "", "")),
            _verdict(metric, found),
            escape(row.reference) if first else "",
            end_section=last,
        )


def write(run: Run, folder: Path = FOLDER) -> Path:
    """Write every reading as JSON; the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.started:%Y%m%dT%H%M%SZ}.json"
    told = {
        "version": VERSION,
        "started": run.started.isoformat(),
        "quick": run.quick,
        "machine": run.machine,
        "rows": [_told(result) for result in run.results],
    }
    path.write_text(json.dumps(told, indent=1) + "\n")
    return path


def publish(run: Run, page: Path = PAGE) -> None:
    """Put the table into the documentation, in the place of the one before."""
    head, _, rest = page.read_text().partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{BEGIN}\n{_markdown(run)}{END}{tail}")


def _markdown(run: Run) -> str:
    loads = [load for result in run.results for load in result.loads]
    facts = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    lines = [
        f"{run.started:%Y-%m-%d %H:%M} UTC; {facts}; load average {min(loads)} to {max(loads)}.",
        "",
        "| row | metric | ours | reference | ratio | CPU s | ref. CPU s | ratio | goal | against |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for result in run.results:
        cpu = cpu_compared(result)
        for number, metric in enumerate(result.row.metrics):
            found = compared(result, metric)
            cells = [
                *(result.row.name if number == 0 else "", f"{metric.name}, {metric.unit}"),
                *(_middle(found.ours), _middle(found.reference), _ratio(found)),
                *((_middle(cpu.ours), _middle(cpu.reference), _ratio(cpu)) if number == 0 else ("", "", "")),
                "" if metric.goal is None else _goal(metric, metric.goal),
                result.row.reference if number == 0 else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _told(result: Result) -> dict[str, Any]:
    return {
        "name": result.row.name,
        "reference": result.row.reference,
        "error": result.error,
        "load_average": result.loads,
        "metrics": [
            {
                "name": metric.name,
                "unit": metric.unit,
                "better": metric.better,
                "goal": metric.goal,
                **_sides(compared(result, metric)),
            }
            for metric in result.row.metrics
        ],
        "cpu_seconds": _sides(cpu_compared(result)),
    }


def _sides(found: Compared) -> dict[str, Any]:
    return {
        "ours": list(found.ours),
        "reference": list(found.reference),
        "ours_median": median(found.ours) if found.ours else None,
        "reference_median": median(found.reference) if found.reference else None,
        "ratio": found.ratio,
    }


def _verdict(metric: Metric, found: Compared) -> str:
    if metric.goal is None or not found.ours:
        return ""
    value = median(found.ours)
    met = value <= metric.goal if metric.better == "less" else value >= metric.goal
    return f"[{'green' if met else 'red'}]{_goal(metric, metric.goal)}[/]"


def _goal(metric: Metric, goal: float) -> str:
    return f"{'≤' if metric.better == 'less' else '≥'} {_number(goal)}"


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return _middle(values)
    return f"{_middle(values)} [dim]({_number(min(values))}–{_number(max(values))})[/dim]"


def _middle(values: Sequence[float]) -> str:
    return _number(median(values)) if values else ""


def _ratio(found: Compared) -> str:
    return "" if found.ratio is None else f"{_number(found.ratio)}×"


def _number(value: float) -> str:
    """Three digits that count, no more: the rest is noise."""
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 or size == 0 else f"{value:.4f}"
