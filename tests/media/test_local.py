"""A file at hand is the same however it is read."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from playhead.media.local import MAPPED, HeldBytes, LocalBytes

PAGE = mmap.ALLOCATIONGRANULARITY


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, 10),
        (1, 1),
        (PAGE - 1, 2),
        (PAGE, PAGE),
        (PAGE + 7, 3 * PAGE),
        (3 * PAGE, 99),
        (3 * PAGE + 5, 1),
        (0, 0),
    ],
)
async def test_what_is_read_now_is_what_is_read(start: int, length: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(3 * PAGE + 5))
    held = HeldBytes(path)
    expected = await LocalBytes(path).read(start, length)
    assert expected == path.read_bytes()[start : start + length]
    assert await held.read(start, length) == expected
    assert bytes(held.read_now(start, length)) == expected


def test_what_is_not_looked_at_any_more_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "looked at"
    path.touch()
    os.truncate(path, 5 * MAPPED)
    held = HeldBytes(path)
    for start in range(0, 5 * MAPPED, 1_000_000):
        assert held.read_now(start, PAGE)[0] == 0
        assert _mapped_times(path) == 1
    del held
    assert _mapped_times(path) == 0
    assert str(path) not in [os.readlink(each) for each in _open_files()]


def _mapped_times(path: Path) -> int:
    return Path("/proc/self/maps").read_text().count(str(path))


def _open_files() -> list[Path]:
    return [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
