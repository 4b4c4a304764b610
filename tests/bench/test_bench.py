"""Every row still runs and gives numbers; what they are is for `make bench` on a quiet machine."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.row import all_rows

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_COUNTERPART = {"PostgreSQL, shares counted once"}
"""Metrics that the reference has nothing like."""


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_row_gives_numbers() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1700,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    written = Path(done.stdout.split("written to ")[-1].strip())
    told: dict[str, Any] = json.loads(written.read_text())
    assert [row["name"] for row in told["rows"]] == [row.name for row in all_rows()]
    for row in told["rows"]:
        assert row["error"] is None, row
        for metric in row["metrics"]:
            _assert_number(metric["ours_median"], row["name"])
            if metric["name"] not in WITHOUT_COUNTERPART:
                _assert_number(metric["reference_median"], row["name"])
                _assert_number(metric["ratio"], row["name"])


def _assert_number(value: Any, row: str) -> None:
    assert isinstance(value, int | float), row
    assert math.isfinite(value), row
    assert value > 0, row
