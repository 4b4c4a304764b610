"""Files that stay: whole though the disk takes them bit by bit, and nobody else's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from playhead.storage.durable import create, flush_folder, write_all


class Slow(io.RawIOBase):
    """A file that takes three bytes at a time, as one may on a disk that is almost full."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def write(self, data: object, /) -> int:
        some = bytes(memoryview(cast(bytes, data))[:3])
        self.taken += some
        return len(some)


def test_all_is_written_however_little_is_taken_at_a_time() -> None:
    slow = Slow()
    write_all(cast(BinaryIO, slow), bytearray(b"ten bytes!"))
    assert slow.taken == b"ten bytes!"


def test_a_new_file_has_its_folder_and_is_new(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with create(path) as file:
        write_all(file, b"x")
        assert path.read_bytes() == b"x"  # at once: nothing is held back
    flush_folder(path.parent)
    with pytest.raises(FileExistsError):
        create(path)
