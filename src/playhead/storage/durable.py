"""Local files that stay: made anew, written to the end, and with their names on the disk as well as their bytes.

All of it blocks.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def create(path: Path) -> BinaryIO:
    """A new file that nobody else writes to, with its folder; unbuffered."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb", buffering=0)


def write_all(file: BinaryIO, data: bytes | bytearray) -> None:
    """Write to an unbuffered file: a disk that fills up takes a part of what it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def flush_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: those that came, and those that went."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
