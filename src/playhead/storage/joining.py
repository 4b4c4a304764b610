"""One file made of several, by the kernel: no byte passes through this process."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from playhead.storage.arriving import require_room
from playhead.storage.durable import create

_STEP = 1 << 30
"""Bytes asked for at once; the kernel moves at most 2 GiB a call."""
_CANNOT = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
"""How file systems say that they do not copy ranges; `sendfile(2)` then does, through the page cache."""


def join(sources: Sequence[Path], target: Path) -> int:
    """Write a new file of the bytes of others, flushed to the disk; its size. Blocks.

    `copy_file_range(2)` shares the bytes instead of copying them where the file system can (XFS, Btrfs).

    Raises:
        FileNotFoundError: one of the sources is not there.
        OSError: the disk's; ENOSPC also when what is reserved would be used up.
    """
    sizes = [source.stat().st_size for source in sources]
    with create(target) as file:
        require_room(file.fileno(), sum(sizes))
        for source in sources:
            with source.open("rb", buffering=0) as part:
                _append(part.fileno(), file.fileno())
        os.fsync(file.fileno())
    return sum(sizes)


def _append(source: int, target: int) -> None:
    move: Callable[[int, int, int], int] = _copy
    while True:
        try:
            if not move(source, target, _STEP):
                return
        except OSError as error:
            if move is _send or error.errno not in _CANNOT:
                raise
            move = _send


def _copy(source: int, target: int, count: int) -> int:
    return os.copy_file_range(source, target, count)


def _send(source: int, target: int, count: int) -> int:
    return os.sendfile(target, source, None, count)  # None: from where the source's own position is
