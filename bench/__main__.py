"""`python -m bench`: measure, print, write down."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

from rich.console import Console

from bench import machine, report
from bench.measure import measured
from bench.row import all_rows
from bench.stage import Stage

PLAIN_WIDTH = 180
"""Columns of the table where there is no terminal to ask."""


def main() -> int:
    """Run the rows that were asked for; 1 when one of them gave no numbers."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Playhead against references."
    )
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="rows whose name contains this; repeatable"
    )
    parser.add_argument(
        "--quick", action="store_true", help="the smallest work, once: does every row still run?"
    )
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/benchmarks.md as well")
    asked = parser.parse_args()
    if asked.docs and asked.quick:
        parser.error("a quick run's numbers are not to be quoted")
    rows = [row for row in all_rows() if not asked.only or any(part in row.name for part in asked.only)]
    if asked.list:
        print("\n".join(f"{row.name}  (against {row.reference})" for row in rows))
        return 0
    if not rows:
        parser.error("no row is called so; --list names them")
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    progress = Console(stderr=True)
    started, results = datetime.now(UTC), []
    with Stage(quick=asked.quick) as stage:
        for number, row in enumerate(rows, 1):
            label = f"[{number}/{len(rows)}] {row.name}"
            results.append(measured(row, stage, partial(_say, progress, label)))
    run = report.Run(started, asked.quick, machine.facts(), results)
    report.show(run, console)
    console.print(f"written to {report.write(run)}", markup=False)
    if asked.docs:
        report.publish(run)
    return 1 if any(result.error for result in results) else 0


def _say(progress: Console, label: str, text: str) -> None:
    progress.print(f"{label}: {text}", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
