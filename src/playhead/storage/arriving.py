"""Files that arrive in parts, in any order: one sparse file each, and a journal of the bytes that are there.

A folder per file holds `bytes` (renamed to `whole` by the one who brings the last byte), `journal` and
`writer`. The journal is append-only, every record with its checksum, so that a crash costs at most the record
being written; bytes are flushed before the record that speaks of them. A byte that is there never changes.

`writer` names who may write, and its lock is held for every step of writing: a newer writer takes the file
over from an older one, in this process or another, and the older one learns of it at its next step.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import secrets
import struct
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.storage.byteset import ByteSet
from playhead.storage.durable import flush_folder
from playhead.storage.port import CHUNK

_RANGE = struct.Struct(">QQ")
_CHECK = struct.Struct(">I")
_RECORD = _RANGE.size + _CHECK.size
_SIZE_MARK = (1 << 64) - 1
"""What the first record has for a start; its stop is the size of the whole file."""
RESERVE_BYTES = 64 * 1024 * 1024
"""Space that what arrives leaves on the disk: the embedded database lies on the same one, and stops without any."""
UNKNOWN_SIZE = 1 << 63
"""The size of a file whose sender does not know it yet: larger than any, so that it is never whole."""


@dataclass(frozen=True)
class Held:
    """How much of a file has arrived."""

    size: int
    """Of the whole file, in bytes."""
    bytes: ByteSet

    @property
    def prefix(self) -> int:
        """Bytes there are from the beginning of the file without a gap."""
        return self.bytes.run(0)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.prefix >= self.size

    @property
    def is_known(self) -> bool:
        """Whether the size is known."""
        return self.size != UNKNOWN_SIZE


class SupersededError(Exception):
    """Another writer has taken the file over, or it is not taken any more."""


class Writer:
    """The one who may write into a file now. Its methods block; use it as a context manager.

    A file of `UNKNOWN_SIZE` gets its size from the first writer that knows it.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._token = secrets.token_bytes(16)
        self._written: list[tuple[int, int]] = []
        self._files: list[int] = []
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock = self._open("writer")
            with _locked(self._lock):
                before = _standing(folder)
                self.held = _agreed(before, size)
                os.pwrite(self._lock, self._token, 0)
                _rewrite(folder / "journal", self.held)
                # One of no bytes at all is whole before it is there.
                if not self.held.whole or before is None or not before.is_known:
                    self._journal = self._open("journal", os.O_APPEND)
                    self._bytes = self._open("bytes")
                    if self.held.is_known:
                        # Also cuts off what was written behind the end and never became known.
                        os.ftruncate(self._bytes, self.held.size)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the files back."""
        while self._files:
            os.close(self._files.pop())

    def write(self, start: int, data: bytes | bytearray) -> None:
        """Put bytes at `start`; those that are there already stay as they are.

        Raises:
            SupersededError: nothing was written.
            OSError: the disk's; ENOSPC also when what is reserved would be used up.
        """
        view = memoryview(data)
        if data:
            require_room(self._lock, len(data))
        with self._writing():
            for begin, stop in list(self.held.bytes.missing(start, start + len(data))):
                at = begin
                while at < stop:
                    at += os.pwrite(self._bytes, view[at - start : stop - start], at)
                self._written.append((begin, stop))

    def keep(self) -> None:
        """Make what was written durable and known; with the last byte the file becomes whole.

        Raises:
            SupersededError: what was written is still unknown.
        """
        with self._writing():
            if self._written:
                os.fdatasync(self._bytes)
                os.write(self._journal, b"".join(_record(*each) for each in self._written))
                os.fdatasync(self._journal)
                for each in self._written:
                    self.held.bytes.add(*each)
                self._written = []
            if self.held.whole:
                _settle(self._folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with _locked(self._lock):
            gone = not os.fstat(self._lock).st_nlink
            if gone or os.pread(self._lock, len(self._token), 0) != self._token:
                raise SupersededError
            yield

    def _open(self, name: str, flags: int = 0) -> int:
        file = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
        self._files.append(file)
        return file


class Arriving:
    """The files that are arriving, each in a folder of its own below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, upload_id: UUID) -> Path:
        """Where the file is once it is whole."""
        return self._root / str(upload_id) / "whole"

    async def writer(self, upload_id: UUID, size: int) -> Writer:
        """Take a file of `size` bytes over for writing, from whoever was writing into it.

        Raises:
            PlayheadError: `wrong_state` when bytes of a file of another size, or more of them, have arrived;
                `storage_full`, `storage_unavailable`.
        """
        try:
            return await asyncio.to_thread(Writer, self._root / str(upload_id), size)
        except OSError as error:
            raise disk_error(error) from error

    async def held(self, upload_id: UUID) -> Held | None:
        """What there is of a file; None when nothing has been sent in parts."""
        return await asyncio.to_thread(_read_journal, self._root / str(upload_id) / "journal")

    async def settle(self, upload_id: UUID) -> None:
        """Make a file whole whose last byte came just before a crash."""
        held = await self.held(upload_id)
        if held is not None and held.whole:
            await asyncio.to_thread(_settle, self._root / str(upload_id))

    async def seal(self, upload_id: UUID) -> None:
        """Take the file from whoever is writing into it: from here on its bytes are the caller's alone."""
        await asyncio.to_thread(_seal, self._root / str(upload_id) / "writer")

    async def forget(self, upload_id: UUID) -> None:
        """Drop what arrived in parts, because the file arrived whole in another way."""
        await asyncio.to_thread(_forget, self._root / str(upload_id))

    async def read(self, upload_id: UUID, start: int, length: int) -> bytes:
        """`length` bytes from `start`, which must be there.

        Raises:
            PlayheadError: `source_missing` when the file is gone.
        """
        return await asyncio.to_thread(_read, self._root / str(upload_id), start, length)

    async def stream(self, upload_id: UUID, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """The same in blocks.

        Raises:
            PlayheadError: `source_missing`.
        """
        stop = start + length
        while start < stop:
            block = await self.read(upload_id, start, min(CHUNK, stop - start))
            if not block:
                raise PlayheadError("source_missing")
            yield block
            start += len(block)


def require_room(file: int, size: int) -> None:
    """Whether the disk of an open file has room for `size` bytes more.

    Raises:
        OSError: ENOSPC when it would be left with less than is reserved.
    """
    disk = os.fstatvfs(file)
    if disk.f_bavail * disk.f_frsize < RESERVE_BYTES + size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def disk_error(error: OSError) -> PlayheadError:
    """The named failure for what the operating system says."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return PlayheadError("storage_full" if full else "storage_unavailable")


@contextmanager
def _locked(file: int) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _record(start: int, stop: int) -> bytes:
    numbers = _RANGE.pack(start, stop)
    return numbers + _CHECK.pack(zlib.crc32(numbers))


def read_journal(data: bytes) -> Held | None:
    """What a journal says, up to the first record that a crash cut off."""
    held: Held | None = None
    for at in range(0, len(data) - _RECORD + 1, _RECORD):
        numbers = data[at : at + _RANGE.size]
        if _CHECK.unpack_from(data, at + _RANGE.size)[0] != zlib.crc32(numbers):
            break
        start, stop = _RANGE.unpack(numbers)
        if held is None:
            if start != _SIZE_MARK:
                break
            held = Held(stop, ByteSet())
        else:
            held.bytes.add(start, stop)
    return held


def _read_journal(path: Path) -> Held | None:
    try:
        return read_journal(path.read_bytes())
    except FileNotFoundError:
        return None


def _standing(folder: Path) -> Held | None:
    """What there is, for one who holds the lock: a file that came whole in another way counts too."""
    held = _read_journal(folder / "journal")
    whole = folder / "whole"
    if held is None and whole.exists():
        size = whole.stat().st_size
        return Held(size, ByteSet([(0, size)]))
    return held


def _agreed(before: Held | None, size: int) -> Held:
    """What there is of a file that now is said to have `size` bytes."""
    if before is None:
        return Held(size, ByteSet())
    if size in (before.size, UNKNOWN_SIZE):
        return before
    if before.is_known:
        raise PlayheadError("wrong_state", f"Bytes of a file of {before.size} bytes arrived before.")
    if before.bytes.end > size:
        raise PlayheadError("wrong_state", f"{before.bytes.end} bytes have arrived already.")
    return Held(size, before.bytes)


def _rewrite(journal: Path, held: Held) -> None:
    """Write a journal anew: short, and without a cut-off record that would hide what follows it."""
    fresh = journal.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(_record(_SIZE_MARK, held.size))
        file.write(b"".join(_record(start, stop) for start, stop in held.bytes))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(journal)
    flush_folder(journal.parent)


def _settle(folder: Path) -> None:
    arrived, whole = folder / "bytes", folder / "whole"
    if arrived.exists():
        arrived.replace(whole)
        flush_folder(folder)


def _seal(writer: Path) -> None:
    try:
        file = os.open(writer, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        with _locked(file):
            os.pwrite(file, bytes(16), 0)
    finally:
        os.close(file)


def _forget(folder: Path) -> None:
    _seal(folder / "writer")
    for name in ("journal", "bytes"):
        (folder / name).unlink(missing_ok=True)


def _read(folder: Path, start: int, length: int) -> bytes:
    # In this order: a file that becomes whole in between is found under its second name.
    for name in ("bytes", "whole"):
        try:
            file = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            return os.pread(file, length, start)
        finally:
            os.close(file)
    raise PlayheadError("source_missing")
