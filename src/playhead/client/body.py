"""The bytes of an upload, read in blocks from a path or an open file, so that memory stays flat."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Protocol

from playhead.client.errors import SourceChangedError
from playhead.client.parts import Parts, Range, playing_order
from playhead.client.tally import Progress, Tally

BLOCK = 256 * 1024
"""Bytes read at a time: large enough for full speed, small enough for smooth progress."""


class BinaryFile(Protocol):
    """What is needed of an open file: any opened in binary mode has it."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""

    def seekable(self) -> bool:
        """Whether `seek` and `tell` work."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to an offset."""

    def tell(self) -> int:
        """The offset."""


Readable = str | os.PathLike[str] | BinaryFile
"""A path, or an open file; such a file is sent from where it stands and left open."""


class Body:
    """A file's bytes with their size; they can be sent again where the file can be rewound."""

    def __init__(self, file: BinaryFile, filename: str, size: int, start: int | None) -> None:
        self.filename = filename
        self.size = size
        self._file = file
        self._start = start
        self._lock = Lock()

    def named(self) -> str:
        """The file's name, for where one is needed.

        Raises:
            ValueError: it has none.
        """
        if not self.filename:
            raise ValueError("This file has no name: give filename=.")
        return self.filename

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent a second time."""
        return self._start is not None

    def blocks(self, on_progress: Progress | None) -> Iterator[bytes]:
        """All bytes in blocks; progress counts a block once the connection has taken it.

        Raises:
            SourceChangedError: the file ends before its size.
        """
        sent = 0
        while sent < self.size:
            block = self._take(sent)
            yield block
            sent = _count(sent, block, self.size, on_progress)

    async def ablocks(self, on_progress: Progress | None) -> AsyncIterator[bytes]:
        """The same for an event loop: reading, which may block, happens in a thread."""
        sent = 0
        while sent < self.size:
            block = await asyncio.to_thread(self._take, sent)
            yield block
            sent = _count(sent, block, self.size, on_progress)

    def parts(self, *, to_be_played: bool) -> Parts | None:
        """The file in parts, which can be sent again one by one; None where only plain sending is possible."""
        if self._start is None or not self.size:
            return None
        order = playing_order(self.read, self.size) if to_be_played else [(0, self.size)]
        return Parts(self.size, order)

    def range_blocks(self, part: Range, tally: Tally) -> Iterator[bytes]:
        """The bytes of a part in blocks. Parts may be read side by side.

        Raises:
            SourceChangedError: the file ends before its size.
        """
        at = part[0]
        while at < part[1]:
            block = self._take_at(at, part[1])
            yield block
            at += len(block)
            tally.more(part, len(block))

    async def arange_blocks(self, part: Range, tally: Tally) -> AsyncIterator[bytes]:
        """The same for an event loop."""
        at = part[0]
        while at < part[1]:
            block = await asyncio.to_thread(self._take_at, at, part[1])
            yield block
            at += len(block)
            tally.more(part, len(block))

    def checksum(self) -> str:
        """What the file adds up to, as `Wish` has it; it is read from end to end.

        Raises:
            SourceChangedError: the file ends before its size.
            ValueError: it cannot be rewound, so that there would be nothing left to send.
        """
        if self._start is None:
            raise ValueError("This file can be read only once: it cannot be verified.")
        found, at = hashlib.sha256(), 0
        while at < self.size:
            block = self._take_at(at, self.size)
            found.update(block)
            at += len(block)
        return f"sha-256:{found.hexdigest()}"

    def _take(self, sent: int) -> bytes:
        return self._checked(self._file.read(min(BLOCK, self.size - sent)), sent)

    def _take_at(self, at: int, stop: int) -> bytes:
        return self._checked(self.read(at, min(BLOCK, stop - at)), at)

    def read(self, at: int, length: int) -> bytes:
        """Bytes from anywhere, where the file can be rewound."""
        with self._lock:
            self._file.seek((self._start or 0) + at)
            return self._file.read(length)

    def _checked(self, block: bytes, at: int) -> bytes:
        if not block:
            name = self.filename or "The file"
            raise SourceChangedError(
                f"{name} ended after {at} of {self.size} bytes. Was it changed? Send it again."
            )
        return block


@contextmanager
def open_body(
    source: Readable | Body, filename: str | None = None, size: int | None = None
) -> Iterator[Body]:
    """A body for a path or an open file.

    Raises:
        OSError: the path cannot be opened.
        ValueError: the file cannot be measured, and there is no `size`.
    """
    if isinstance(source, Body):
        yield source
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        with path.open("rb") as file:
            yield Body(
                file, filename or path.name, os.fstat(file.fileno()).st_size if size is None else size, 0
            )
    else:
        yield _measured(source, filename, size)


def _measured(file: BinaryFile, filename: str | None, size: int | None) -> Body:
    # A pipe's name is the number of its descriptor.
    told = getattr(file, "name", None)
    name = filename or (Path(told).name if isinstance(told, str) else "")
    start = file.tell() if file.seekable() else None
    if size is None:
        if start is None:
            raise ValueError("This file cannot be measured: give size= in bytes.")
        size = file.seek(0, os.SEEK_END) - start
        file.seek(start)
    return Body(file, name, size, start)


def _count(sent: int, block: bytes, size: int, on_progress: Progress | None) -> int:
    sent += len(block)
    if on_progress is not None:
        on_progress(sent, size)
    return sent
