"""The bytes of an upload, read in blocks from a path or an open file, so that memory stays flat."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from playhead.client.errors import SourceChangedError

BLOCK = 256 * 1024
"""Bytes read at a time: large enough for full speed, small enough for smooth progress."""

Progress = Callable[[int, int], None]
"""Called with the bytes sent so far and the bytes there are. After a lost connection it starts over at 0."""


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

    def rewind(self) -> None:
        """Go back to where sending began."""
        if self._start is not None:
            self._file.seek(self._start)

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

    def _take(self, sent: int) -> bytes:
        block = self._file.read(min(BLOCK, self.size - sent))
        if not block:
            name = self.filename or "The file"
            raise SourceChangedError(
                f"{name} ended after {sent} of {self.size} bytes. Was it changed? Send it again."
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
