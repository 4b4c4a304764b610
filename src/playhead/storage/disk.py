"""The disk adapter of the storage port: every object is one file below a root folder.

A file appears under its key by a rename, after its bytes were flushed to the disk, so that a key is either
absent or whole, whatever crashes. Until then they are in `.<name>.<random>.part` beside it: a name no key can
have, in the folder where `delete` of that key finds it. The root may be shared by any number of processes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from playhead.model.errors import PlayheadError
from playhead.storage.durable import flush_folder
from playhead.storage.keys import checked
from playhead.storage.port import CHUNK

_FULL = (errno.ENOSPC, errno.EDQUOT)
_PLACING_TRIES = 10
"""How often a folder is made again because a delete beside us found it empty and removed it."""


class Disk:
    """Objects as files below `root`, which is made when first needed.

    A key that continues another one (`a/b` beside `a`) cannot be stored; no key of `storage.keys` does.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def is_near(self) -> bool:
        """As `Storage.is_near`."""
        return True

    async def put(self, key: str, data: bytes) -> None:
        """As `Storage.put`."""
        await asyncio.to_thread(self._place, self._path(key), lambda file: _write_all(file, data))

    async def adopt(self, key: str, path: Path) -> None:
        """As `Storage.adopt`: a rename on the same file system, a copy from another one."""
        await asyncio.to_thread(self._adopt, self._path(key), path)

    async def move(self, key: str, to: str) -> None:
        """Give an object another key; doing so again changes nothing.

        Raises:
            PlayheadError: `source_missing`, `storage_unavailable`.
        """
        await asyncio.to_thread(self._move, self._path(key), self._path(to))

    async def size(self, key: str) -> int:
        """As `Storage.size`."""
        return await asyncio.to_thread(_size, self._path(key))

    async def read(self, key: str, start: int, length: int) -> bytes:
        """As `Storage.read`."""
        return await asyncio.to_thread(_read, self._path(key), start, length)

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """As `Storage.stream`: one block in memory at a time; a delete meanwhile cuts nothing off."""
        file = await asyncio.to_thread(_open, self._path(key))
        try:
            end = start + length
            while start < end:
                block = await asyncio.to_thread(_block, file, start, min(CHUNK, end - start))
                if not block:
                    return
                yield block
                start += len(block)
        finally:
            file.close()

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """As `Storage.local`: the object's own file, as it lies there."""
        path = self._path(key)
        await asyncio.to_thread(_size, path)
        yield path

    async def delete(self, key: str) -> None:
        """As `Storage.delete`; also what a broken-off write of that key left, and emptied folders."""
        await asyncio.to_thread(self._delete, self._path(key))

    async def keys(self, prefix: str) -> AsyncIterator[str]:
        """As `Storage.keys`, one folder in memory at a time."""
        folder = prefix.rpartition("/")[0]
        walk = os.walk(self._path(folder) if folder else self._root, onerror=_unless_gone)
        while (step := await asyncio.to_thread(_next, walk)) is not None:
            for key in self._keys_in(*step):
                if key.startswith(prefix):
                    yield key

    def _path(self, key: str) -> Path:
        return self._root / checked(key)

    def _keys_in(self, folder: str, names: list[str]) -> Iterator[str]:
        for name in names:
            if not name.startswith("."):
                yield (Path(folder) / name).relative_to(self._root).as_posix()

    def _adopt(self, target: Path, path: Path) -> None:
        with _named():
            try:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
                self._rename_into(path, target)
            except FileNotFoundError:
                # Called a second time: the first call already moved it.
                if not target.is_file():
                    raise
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                with path.open("rb") as source:
                    self._place(target, lambda file: shutil.copyfileobj(source, file, CHUNK))
                path.unlink(missing_ok=True)

    def _move(self, source: Path, target: Path) -> None:
        self._adopt(target, source)
        self._prune(source.parent)

    def _place(self, target: Path, fill: Callable[[BinaryIO], object]) -> None:
        """Write a new file beside `target`, flush it, and give it its name."""
        part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        with _named():
            try:
                with self._create(part) as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                self._rename_into(part, target)
            except BaseException:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                self._prune(target.parent)
                raise

    def _create(self, part: Path) -> BinaryIO:
        for _ in range(_PLACING_TRIES):
            self._make_folder(part.parent)
            with suppress(FileNotFoundError):
                return part.open("xb")
        raise OSError(errno.EBUSY, "the folder vanishes again and again", str(part.parent))

    def _rename_into(self, source: Path, target: Path) -> None:
        for _ in range(_PLACING_TRIES):
            self._make_folder(target.parent)
            try:
                source.rename(target)
            except FileNotFoundError:
                if not source.exists():
                    raise
                continue
            # The new name is in the folder; it must reach the disk too.
            flush_folder(target.parent)
            return
        raise OSError(errno.EBUSY, "the folder vanishes again and again", str(target.parent))

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        for _ in range(_PLACING_TRIES):
            if folder != self._root:
                self._make_folder(folder.parent)
            try:
                folder.mkdir(parents=folder == self._root, exist_ok=True)
            except FileNotFoundError:
                continue
            with suppress(FileNotFoundError):
                flush_folder(folder.parent)
            return

    def _delete(self, target: Path) -> None:
        with _named(), suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.listdir(target.parent):
                if entry == target.name or (entry.startswith(f".{target.name}.") and entry.endswith(".part")):
                    with suppress(FileNotFoundError, IsADirectoryError):
                        os.unlink(target.parent / entry)
            self._prune(target.parent)

    def _prune(self, folder: Path) -> None:
        """Remove `folder` and those above it, as far as they are empty; the root stays."""
        while folder != self._root:
            try:
                folder.rmdir()
            except FileNotFoundError:
                # Another delete was faster here; what lies above may still be ours to remove.
                pass
            except OSError:
                return
            folder = folder.parent


@contextmanager
def _named() -> Iterator[None]:
    """The operating system's failures by their names in the error table."""
    try:
        yield
    except OSError as error:
        if isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError)):
            raise PlayheadError("source_missing") from error
        raise PlayheadError("storage_full" if error.errno in _FULL else "storage_unavailable") from error


def _open(path: Path) -> BinaryIO:
    with _named():
        # Unbuffered: whole blocks are asked for, at positions of our own.
        return path.open("rb", buffering=0)


def _block(file: BinaryIO, start: int, length: int) -> bytes:
    with _named():
        return os.pread(file.fileno(), length, start)


def _read(path: Path, start: int, length: int) -> bytes:
    with _named(), path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _size(path: Path) -> int:
    with _named():
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise IsADirectoryError(path)
        return found.st_size


def _write_all(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _unless_gone(error: OSError) -> None:
    # A folder deleted while we walk holds no key any more.
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _next(walk: Iterator[tuple[str, list[str], list[str]]]) -> tuple[str, list[str]] | None:
    with _named():
        for folder, _, names in walk:
            return folder, names
        return None
