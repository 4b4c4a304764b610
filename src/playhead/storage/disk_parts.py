"""Objects that clients send by parts to a disk of ours: the same protocol as S3's, on our own data plane.

Each attempt has a folder below `root`, named as the last part of its key. A part is a file `00001-<MD5>`: it gets
that name once it is whole and flushed, so what is listed is whole. Joining copies the parts within the file
system, where it can without moving a byte, and leaves them as they are until the object is there.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from playhead.model.checksum import NO_CHECKSUMS, Checksums, part_headers, require
from playhead.model.errors import PlayheadError
from playhead.storage.arriving import disk_error, require_room
from playhead.storage.digest import Counting, Crc64Nvme
from playhead.storage.disk import Disk
from playhead.storage.durable import create, flush_folder, write_all
from playhead.storage.joining import join
from playhead.storage.keys import checked
from playhead.storage.port import CHUNK, SignedRequest, StoredPart

WHOLE = 0
"""The number that stands for the object as one, sent by a form."""

Placing = Callable[[], AbstractAsyncContextManager[int]]
"""Entered by one part at a time of those that share their room, to take its place; what all parts of its attempt may
have together then, in bytes."""
Sign = Callable[[str, int, int, int | None, str | None, str | None], str]
"""Attempt, part's number, seconds, size, MD5 and CRC64NVME in hexadecimal digits → a URL of our data plane."""


class DiskParts:
    """The `Multipart` ability of `disk`."""

    def __init__(self, root: Path, disk: Disk, sign: Sign) -> None:
        self._root = root
        self._disk = disk
        self._sign = sign

    async def begin(self, key: str) -> str:
        """As `Multipart.begin`; the folder is made by the first part."""
        return _attempt(key)

    async def sign_part(
        self,
        key: str,  # noqa: ARG002 -- the ability's signature
        attempt: str,
        number: int,
        *,
        seconds: int,
        size: int | None,
        md5: str | None,
        crc64nvme: bytes | None = None,
    ) -> SignedRequest:
        """As `Multipart.sign_part`."""
        digits = None if md5 is None else base64.b64decode(md5).hex()
        crc = None if crc64nvme is None else crc64nvme.hex()
        url = self._sign(attempt, number, seconds, size, digits, crc)
        return SignedRequest("PUT", url, part_headers(md5, crc64nvme))

    async def sign_form(
        self,
        key: str,
        *,
        seconds: int,
        most_bytes: int,  # noqa: ARG002 -- whoever takes it in knows the upload's own limit
    ) -> SignedRequest:
        """As `Multipart.sign_form`."""
        return SignedRequest(
            "POST", self._sign(_attempt(key), WHOLE, seconds, None, None, None), fields={"key": key}
        )

    async def parts(self, key: str, attempt: str) -> list[StoredPart]:  # noqa: ARG002 -- as above
        """As `Multipart.parts`."""
        return await asyncio.to_thread(_listed, self._root / checked(attempt))

    async def join(self, key: str, attempt: str, parts: Sequence[StoredPart]) -> None:
        """As `Multipart.join`."""
        folder = self._root / checked(attempt)
        try:
            joined = await asyncio.to_thread(_join, folder, parts)
        except FileNotFoundError as error:
            with suppress(PlayheadError):
                if await self._disk.size(key) == sum(part.size for part in parts):
                    return  # called a second time
            raise PlayheadError("wrong_state", "A part was sent again meanwhile.") from error
        except OSError as error:
            raise disk_error(error) from error
        await self._disk.adopt(key, joined)

    async def abort(self, key: str) -> None:
        """As `Multipart.abort`."""
        await asyncio.to_thread(shutil.rmtree, self._root / _attempt(key), ignore_errors=True)

    async def crc64nvme(self, key: str) -> bytes | None:
        """As `Multipart.crc64nvme`: a disk keeps none."""
        await self._disk.size(key)
        return None

    async def release(self, key: str, to: str) -> None:
        """As `Multipart.release`: a rename."""
        await self._disk.move(key, to)

    async def write(
        self,
        attempt: str,
        number: int,
        body: AsyncIterator[bytes],
        *,
        most_bytes: int,
        placing: Placing | None = None,
        size: int | None = None,
        md5: str | None = None,
        checksums: Checksums = NO_CHECKSUMS,
    ) -> StoredPart:
        """Take one part, all of it or nothing, in place of what it was before; `md5` in hexadecimal digits.

        `most_bytes` is what all parts of the attempt may have together as it begins.

        Raises:
            PlayheadError: `upload_too_large`, `size_mismatch`, `checksum_mismatch`, `storage_full`; and what `body`
                and `placing` raise.
        """
        counting = Counting(checksums)
        folder = self._root / checked(attempt)
        aside = folder / f".{number:05d}-{secrets.token_hex(8)}"
        try:
            file = await asyncio.to_thread(create, aside)
            try:
                room = most_bytes - await asyncio.to_thread(_others, folder, number)
                digest, taken = await self._fill(file, body, room, counting)
                if size not in (None, taken):
                    raise PlayheadError("size_mismatch", f"{taken} bytes arrived; {size} were announced.")
                if md5 is not None and md5 != digest:
                    raise PlayheadError("checksum_mismatch", "The bytes do not have the announced MD5.")
                require(checksums, counting.found())
            finally:
                await asyncio.to_thread(file.close)
            async with placing() if placing is not None else nullcontext(most_bytes) as most:
                # Looked at again: parts that came side by side did not see each other when they began.
                _within(most - await asyncio.to_thread(_others, folder, number), taken)
                await asyncio.to_thread(_place, aside, folder / _name(number, digest))
        except OSError as error:
            raise disk_error(error) from error
        finally:
            await asyncio.to_thread(aside.unlink, missing_ok=True)
        return StoredPart(number, taken, digest)

    async def _fill(
        self, file: BinaryIO, body: AsyncIterator[bytes], most_bytes: int, counting: Counting
    ) -> tuple[str, int]:
        # An ETag names bytes for those who mean well; nothing is protected by it.
        digest, taken, batch = hashlib.md5(usedforsecurity=False), 0, bytearray()

        def write() -> None:
            digest.update(batch)
            counting.update(batch)
            require_room(file.fileno(), len(batch))
            write_all(file, batch)

        async for block in body:
            taken += len(block)
            _within(most_bytes, taken)
            batch += block
            if len(batch) >= CHUNK:
                await asyncio.to_thread(write)
                batch = bytearray()
        await asyncio.to_thread(write)
        await asyncio.to_thread(os.fsync, file.fileno())
        return digest.hexdigest(), taken


def _within(room: int, taken: int) -> None:
    if taken > room:
        raise PlayheadError(
            "upload_too_large", f"A part of at most {max(0, room)} bytes is accepted beside the others."
        )


def _others(folder: Path, number: int) -> int:
    """Bytes of all parts but the one of that number, which another takes the place of."""
    return sum(each.size for each in _newest(folder) if each.number != number)


def _attempt(key: str) -> str:
    return checked(key).rpartition("/")[2]


def _name(number: int, etag: str) -> str:
    return f"{number:05d}-{etag}"


class _File(NamedTuple):
    """A part's file. Of two for one number, as a crash may leave them, the greater one is the newer."""

    number: int
    placed_at: int
    """Nanoseconds since 1970."""
    name: str
    size: int


def _listed(folder: Path) -> list[StoredPart]:
    return [StoredPart(each.number, each.size, each.name.partition("-")[2]) for each in _newest(folder)]


def _newest(folder: Path) -> Iterable[_File]:
    """The file that counts of each part, by number."""
    return {each.number: each for each in sorted(_files(folder))}.values()


def _files(folder: Path, number: int | None = None) -> list[_File]:
    """Those of all parts, or of one. Each is looked at once: there may be ten thousand, and each comes by here."""
    found, only = [], "" if number is None else _name(number, "")
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            # What is still being written begins with a point.
            if name.startswith(only) and name[0] != ".":
                with suppress(FileNotFoundError):  # it was replaced just now
                    known = entry.stat()
                    found.append(_File(int(name[:5]), known.st_mtime_ns, name, known.st_size))
    return found


def _place(aside: Path, target: Path) -> None:
    os.utime(aside)  # of two senders of one part, the one who ends last counts
    # Looked up before it has its name, as from then on one who ends later may remove it.
    known, number = aside.stat(), int(target.name[:5])
    ours = _File(number, known.st_mtime_ns, target.name, known.st_size)
    aside.replace(target)
    for each in _files(target.parent, number):
        if each < ours:
            (target.parent / each.name).unlink(missing_ok=True)
    flush_folder(target.parent)


def _join(folder: Path, parts: Sequence[StoredPart]) -> Path:
    paths = [folder / _name(part.number, part.etag) for part in parts]
    for part, path in zip(parts, paths, strict=True):
        if part.crc64nvme is not None:
            _require(part.crc64nvme, path)
    joined = folder / f".joined-{secrets.token_hex(8)}"
    try:
        if join(paths, joined) != sum(part.size for part in parts):
            raise FileNotFoundError(errno.ENOENT, "a part is not as long as it was")
    except BaseException:
        joined.unlink(missing_ok=True)
        raise
    return joined


def _require(crc64nvme: bytes, path: Path) -> None:
    found = Crc64Nvme()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(CHUNK), b""):
            found.update(block)
    require(Checksums(crc64nvme=crc64nvme), Checksums(crc64nvme=found.digest()))
