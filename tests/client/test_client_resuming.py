"""What the client remembers of unfinished uploads, and for how long."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playhead.client.models import Unfinished, Upload
from playhead.client.resuming import Memory

DAY = 24 * 3600


def begun(ends: datetime | None) -> Unfinished:
    return Unfinished(
        Upload("i", "http://127.0.0.1/uploads/i/t", "v", "waiting", "video/mp4", expires_at=ends)
    )


@pytest.mark.parametrize(
    ("age", "lives_for", "is_kept"),
    [(29, None, True), (31, None, False), (31, -1, False), (31, 1, True)],
)
def test_a_month_is_long_enough_unless_the_server_said_more(
    tmp_path: Path, age: int, lives_for: int | None, is_kept: bool
) -> None:
    """Days of age, and days that the upload has left."""
    old = Memory(tmp_path / "old.json")
    ends = None if lives_for is None else datetime.now(UTC) + timedelta(days=lives_for)
    old.keep(begun(ends))
    then = time.time() - age * DAY
    os.utime(tmp_path / "old.json", (then, then))
    (tmp_path / "torn.json").write_bytes(b"{")
    os.utime(tmp_path / "torn.json", (0, 0))
    Memory(tmp_path / "new.json").keep(begun(None))
    assert old.recall() == (begun(ends) if is_kept else None)
    assert not (tmp_path / "torn.json").exists()
