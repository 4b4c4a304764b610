"""One file of several, copied by the kernel in either way."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from playhead.storage.joining import join

PARTS = [random.Random(number).randbytes(size) for number, size in enumerate((100_000, 1, 0, 4096, 70_001))]


def laid_out(folder: Path) -> list[Path]:
    paths = [folder / str(number) for number in range(len(PARTS))]
    for path, content in zip(paths, PARTS, strict=True):
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize("refusal", [None, errno.EXDEV, errno.EOPNOTSUPP])
def test_all_bytes_in_order(tmp_path: Path, refusal: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if refusal is not None:

        def refuse(*_: object) -> int:
            raise OSError(refusal, os.strerror(refusal))

        monkeypatch.setattr(os, "copy_file_range", refuse)
    target = tmp_path / "new" / "joined"
    assert join(laid_out(tmp_path), target) == sum(map(len, PARTS))
    assert target.read_bytes() == b"".join(PARTS)


def test_no_room_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.storage.arriving.RESERVE_BYTES", 1 << 60)
    with pytest.raises(OSError, match="No space"):
        join(laid_out(tmp_path), tmp_path / "joined")


def test_a_part_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        join([*laid_out(tmp_path), tmp_path / "gone"], tmp_path / "joined")
    assert not (tmp_path / "joined").exists()


def test_other_failures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "copy_file_range", fail)
    with pytest.raises(OSError, match="Input/output"):
        join(laid_out(tmp_path), tmp_path / "joined")
