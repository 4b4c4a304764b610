"""The storage port: what the stations may ask of any store.

Objects are immutable: a key is written once, by one attempt, and only ever read or deleted after that. Every
method may be called again with the same arguments. Failures are `PlayheadError`s: `source_missing` when an
object is absent, `storage_full` when there is no space, `storage_unavailable` for anything that may pass.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

CHUNK = 1024 * 1024
"""Bytes per block when an object is streamed."""


class Storage(Protocol):
    """A place that keeps objects by key."""

    @property
    def is_near(self) -> bool:
        """Whether `local` gives the object itself, so that reading it whole is no more than reading a file."""
        ...

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


@dataclass(frozen=True)
class StoredPart:
    """One part of an object that is sent by parts, as the store has it."""

    number: int
    """From 1; the object is its parts in this order."""
    size: int
    """In bytes."""
    etag: str
    """Names these bytes of this part; without quotes."""
    crc64nvme: bytes | None = None
    """As whoever sent it says; a part that has another one is not joined."""


@dataclass(frozen=True)
class SignedRequest:
    """A request that anybody may send straight to the store, as it stands here, until its time is over."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """These must be sent with it."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """For a form: these come before the file."""


class Multipart(Protocol):
    """An ability of a store: clients send it objects by parts, and no byte of them passes through a station.

    What arrives lies under a key of its own, for which requests were signed; only `release` brings it to a key
    for which none ever was. Failures are as for `Storage`.
    """

    async def begin(self, key: str) -> str:
        """Prepare to take an object by parts; the store's name for this attempt.

        Raises:
            PlayheadError: `storage_unavailable`.
        """
        ...

    async def sign_part(
        self,
        key: str,
        attempt: str,
        number: int,
        *,
        seconds: int,
        size: int | None,
        md5: str | None,
        crc64nvme: bytes | None = None,
    ) -> SignedRequest:
        """A request that brings one part, within so many seconds; `md5` is in base64 (RFC 1864).

        A part may be sent again and then replaces what it was. With `size`, `md5` or `crc64nvme` only such bytes are
        taken.

        Raises:
            PlayheadError: `storage_unavailable`.
        """
        ...

    async def sign_form(self, key: str, *, seconds: int, most_bytes: int) -> SignedRequest:
        """A form that brings the object whole.

        Raises:
            PlayheadError: `storage_unavailable`.
        """
        ...

    async def parts(self, key: str, attempt: str) -> list[StoredPart]:
        """The parts that are there, each whole and once, by number.

        Raises:
            PlayheadError: `source_missing` when there is no such attempt any more, `storage_unavailable`.
        """
        ...

    async def join(self, key: str, attempt: str, parts: Sequence[StoredPart]) -> None:
        """Make the object out of these parts.

        Raises:
            PlayheadError: `source_missing` when there is no such attempt any more, `wrong_state` when a part is
                not there as named, `checksum_mismatch` when it has another checksum, `invalid_request` when the store
                does not take parts of such sizes, `storage_full`, `storage_unavailable`.
        """
        ...

    async def abort(self, key: str) -> None:
        """Give up whatever was begun for this key and not joined; nothing to give up is no error.

        Raises:
            PlayheadError: `storage_unavailable`.
        """
        ...

    async def crc64nvme(self, key: str) -> bytes | None:
        """The CRC64NVME of all of an object's bytes as the store itself keeps it; None when it keeps none.

        Raises:
            PlayheadError: `source_missing`, `storage_unavailable`.
        """
        ...

    async def release(self, key: str, to: str) -> None:
        """Bring a joined object to the key `to`, within the store. Doing so again changes nothing.

        Raises:
            PlayheadError: `source_missing`, `storage_full`, `storage_unavailable`.
        """
        ...
