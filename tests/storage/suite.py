"""What every storage adapter must do. An adapter's test is a subclass with one fixture, `storage`.

class TestDisk(StorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return Disk(tmp_path / "store")
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.storage.port import CHUNK, Storage

KEY = "videos/7b0e3a4c-0000-4000-8000-000000000001/rendition/480p/a1.mp4"
LONG = random.Random(7).randbytes(3 * CHUNK + 12_345)

FOREIGN_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../x",
    "a/../b",
    "a/..",
    "a/./b",
    ".",
    ".hidden",
    "a/.hidden",
    "a//b",
    "a/",
    "A/b",
    "a\\b",
    "a b",
    "a\0b",
    "a\nb",
    "a\n",
    "a%2fb",
    "%2e%2e/x",
    "a..b",
    "~root",
    "-a",
    "ä",
    "a/b\u202e",
    "x" * 513,
    "C:/x",
    "file:///etc/passwd",
]


async def _everything(storage: Storage, key: str, start: int, length: int) -> bytes:
    return b"".join([block async for block in storage.stream(key, start, length)])


async def _keys(storage: Storage, prefix: str) -> set[str]:
    return {key async for key in storage.keys(prefix)}


async def _into_local(storage: Storage, key: str) -> bytes:
    async with storage.local(key) as path:
        return path.read_bytes()


class StorageSuite:
    async def test_what_was_put_comes_back(self, storage: Storage) -> None:
        await storage.put(KEY, b"some bytes\0\xff")
        assert await storage.size(KEY) == 12
        assert await storage.read(KEY, 0, 12) == b"some bytes\0\xff"
        assert await _into_local(storage, KEY) == b"some bytes\0\xff"

    async def test_an_object_may_be_empty(self, storage: Storage) -> None:
        await storage.put(KEY, b"")
        assert await storage.size(KEY) == 0
        assert await storage.read(KEY, 0, 10) == b""
        assert await _everything(storage, KEY, 0, 10) == b""
        assert await _keys(storage, "") == {KEY}

    async def test_putting_again_changes_nothing(self, storage: Storage) -> None:
        await storage.put(KEY, b"same")
        await storage.put(KEY, b"same")
        assert await storage.read(KEY, 0, 10) == b"same"
        assert await _keys(storage, "") == {KEY}

    async def test_many_puts_of_one_object_at_once_leave_one_whole_object(self, storage: Storage) -> None:
        data = LONG[: CHUNK // 4]
        await asyncio.gather(*(storage.put(KEY, data) for _ in range(8)))
        assert await storage.read(KEY, 0, CHUNK) == data
        assert await _keys(storage, "") == {KEY}

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [(0, 4, b"0123"), (3, 4, b"3456"), (8, 100, b"89"), (10, 5, b""), (99, 5, b""), (4, 0, b"")],
    )
    async def test_a_range_ends_where_the_object_ends(
        self, storage: Storage, start: int, length: int, expected: bytes
    ) -> None:
        await storage.put(KEY, b"0123456789")
        assert await storage.read(KEY, start, length) == expected
        assert await _everything(storage, KEY, start, length) == expected

    async def test_a_long_object_streams_in_blocks(self, storage: Storage) -> None:
        await storage.put(KEY, LONG)
        blocks = [block async for block in storage.stream(KEY, 0, len(LONG))]
        assert b"".join(blocks) == LONG
        assert all(0 < len(block) <= 4 * CHUNK for block in blocks)
        assert await _everything(storage, KEY, CHUNK - 3, CHUNK + 9) == LONG[CHUNK - 3 : 2 * CHUNK + 6]
        assert await storage.read(KEY, CHUNK - 3, CHUNK + 9) == LONG[CHUNK - 3 : 2 * CHUNK + 6]

    async def test_a_stream_left_early_holds_nothing_open(self, storage: Storage) -> None:
        await storage.put(KEY, LONG)
        async for _ in storage.stream(KEY, 0, len(LONG)):
            break
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            stream = storage.stream(KEY, 0, len(LONG))
            await anext(stream)
            await stream.aclose()  # type: ignore[attr-defined]  # the port promises an iterator, adapters generate
        assert len(os.listdir("/proc/self/fd")) <= before + 2

    async def test_adopting_takes_the_file_away(self, storage: Storage, tmp_path: Path) -> None:
        path = tmp_path / "finished"
        path.write_bytes(LONG)
        await storage.adopt(KEY, path)
        assert not path.exists()
        assert await _everything(storage, KEY, 0, len(LONG)) == LONG
        assert await _keys(storage, "") == {KEY}

    async def test_adopting_again_changes_nothing(self, storage: Storage, tmp_path: Path) -> None:
        path = tmp_path / "finished"
        path.write_bytes(b"abc")
        await storage.adopt(KEY, path)
        await storage.adopt(KEY, path)
        path.write_bytes(b"abc")
        await storage.adopt(KEY, path)
        assert not path.exists()
        assert await storage.read(KEY, 0, 10) == b"abc"

    async def test_adopting_a_file_that_is_not_there_says_so(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(PlayheadError) as caught:
            await storage.adopt(KEY, tmp_path / "never-made")
        assert caught.value.code == "source_missing"
        assert await _keys(storage, "") == set()

    @pytest.mark.parametrize("key", [KEY, "videos", "videos/7b0e3a4c-0000-4000-8000-000000000001"])
    async def test_an_absent_object_is_source_missing(self, storage: Storage, key: str) -> None:
        await storage.put(KEY.replace("a1", "b2"), b"a sibling, so that the folders above exist")
        askings: list[Callable[[], Awaitable[object]]] = [
            lambda: storage.size(key),
            lambda: storage.read(key, 0, 1),
            lambda: _everything(storage, key, 0, 1),
            lambda: _into_local(storage, key),
        ]
        for asking in askings:
            with pytest.raises(PlayheadError) as caught:
                await asking()
            assert caught.value.code == "source_missing"

    async def test_deleted_is_gone_and_deleting_again_is_no_error(self, storage: Storage) -> None:
        await storage.put(KEY, b"abc")
        await storage.delete(KEY)
        await storage.delete(KEY)
        with pytest.raises(PlayheadError):
            await storage.size(KEY)
        assert await _keys(storage, "") == set()

    async def test_deleting_spares_the_neighbours(self, storage: Storage) -> None:
        others = {KEY + "2", KEY.replace("a1", "a10"), KEY.replace("480p", "720p")}
        for key in (KEY, *others):
            await storage.put(key, b"x")
        await storage.delete(KEY)
        assert await _keys(storage, "") == others

    async def test_keys_are_listed_by_prefix(self, storage: Storage) -> None:
        names = {"videos/1/source/a", "videos/1/poster/b.jpg", "videos/12/source/c"}
        for name in names:
            await storage.put(name, b"x")
        assert await _keys(storage, "") == names
        assert await _keys(storage, "videos/1") == names
        assert await _keys(storage, "videos/1/") == {"videos/1/source/a", "videos/1/poster/b.jpg"}
        assert await _keys(storage, "videos/1/so") == {"videos/1/source/a"}
        assert await _keys(storage, "nothing/here") == set()

    async def test_writing_and_deleting_side_by_side_loses_nothing(self, storage: Storage) -> None:
        """Deleting empties folders just when a neighbour writes into them."""

        async def come_and_go(name: int) -> None:
            for turn in range(15):
                key = f"videos/1/piece/480p/{name}-{turn}.mp4"
                await storage.put(key, b"x")
                assert await storage.read(key, 0, 2) == b"x"
                await storage.delete(key)

        await asyncio.gather(*(come_and_go(name) for name in range(6)))
        assert await _keys(storage, "") == set()

    @pytest.mark.parametrize("key", FOREIGN_KEYS)
    async def test_a_key_we_cannot_have_made_reaches_no_store(
        self, storage: Storage, tmp_path: Path, key: str
    ) -> None:
        path = tmp_path / "kept"
        path.write_bytes(b"x")
        askings: list[Callable[[], Awaitable[object]]] = [
            lambda: storage.put(key, b"x"),
            lambda: storage.adopt(key, path),
            lambda: storage.size(key),
            lambda: storage.read(key, 0, 1),
            lambda: _everything(storage, key, 0, 1),
            lambda: _into_local(storage, key),
            lambda: storage.delete(key),
        ]
        for asking in askings:
            with pytest.raises(PlayheadError) as caught:
                await asking()
            assert caught.value.code == "not_found"
        assert path.exists()
        assert await _keys(storage, "") == set()
