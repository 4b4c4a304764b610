"""The storage port: what the stations may ask of any store.

Objects are immutable: a key is written once, by one attempt, and only ever read or deleted after that. Every
method may be called again with the same arguments. Failures are `PlayheadError`s: `source_missing` when an
object is absent, `storage_full` when there is no space, `storage_unavailable` for anything that may pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

CHUNK = 1024 * 1024
"""Bytes per block when an object is streamed."""


class Storage(Protocol):
    """A place that keeps objects by key."""

    async def put(self, key: str, data: bytes) -> None:
        """Write a small object whole. Once this returns it survives a crash of this machine's processes.

        Raises:
            PlayheadError: `storage_full`, `storage_unavailable`.
        """
        ...

    async def adopt(self, key: str, path: Path) -> None:
        """Take a finished local file over as an object; the file is gone afterwards.

        The bytes are durable when this returns. On the same file system no byte is copied.

        Raises:
            PlayheadError: `storage_full`, `storage_unavailable`.
        """
        ...

    async def size(self, key: str) -> int:
        """The object's length in bytes.

        Raises:
            PlayheadError: `source_missing`, `storage_unavailable`.
        """
        ...

    async def read(self, key: str, start: int, length: int) -> bytes:
        """`length` bytes from `start`; fewer only where the object ends.

        Raises:
            PlayheadError: `source_missing`, `storage_unavailable`.
        """
        ...

    def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """The same bytes in blocks of about `CHUNK`, never more than a few of them in memory.

        Raises:
            PlayheadError: `source_missing`, `storage_unavailable`.
        """
        ...

    def local(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The object as a local file for as long as the block runs; the file must not be changed.

        Raises:
            PlayheadError: `source_missing`, `storage_full`, `storage_unavailable`.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove an object; one that is absent is no error.

        Raises:
            PlayheadError: `storage_unavailable`.
        """
        ...

    def keys(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins with `prefix`, in no particular order; for tests and audits, not for hot paths.

        Raises:
            PlayheadError: `storage_unavailable`.
        """
        ...
