"""Reading an assembly: the same bytes whatever lies between them, in few reads, and failures before the first."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playhead.delivery import reading
from playhead.delivery.reading import Run, read, runs
from playhead.model.errors import PlayheadError
from playhead.packaging import Assembly, Span
from playhead.storage.disk import Disk


class Counting(Disk):
    """Remembers what was asked for, and hands it out in small blocks."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: list[tuple[str, int, int]] = []

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        self.asked.append((key, start, length))
        whole = await self.read(key, start, length)
        for at in range(0, length, 1000):
            yield whole[at : at + 1000]


@pytest.fixture
async def disk(tmp_path: Path) -> Counting:
    disk = Counting(tmp_path)
    for key in ("a", "b"):
        await disk.put(key, random.Random(key).randbytes(300_000))
    return disk


async def content(disk: Counting, assembly: Assembly, start: int, length: int) -> bytes:
    return b"".join([block async for block in read(disk, ("a", "b"), assembly, start, length)])


async def test_any_part_is_what_it_says(disk: Counting) -> None:
    spans = [Span(0, 100, 7), Span(0, 900, 50), Span(1, 40, 3000), Span(0, 200_000, 10), Span(0, 150_000, 5)]
    assembly = Assembly(b"head" * 5, tuple(spans))
    stored = [await disk.read(key, 0, 300_000) for key in ("a", "b")]
    whole = assembly.head + b"".join(stored[s.source][s.offset : s.offset + s.length] for s in spans)
    assert await content(disk, assembly, 0, assembly.size) == whole
    chance = random.Random(1)
    for _ in range(200):
        start = chance.randrange(assembly.size)
        length = chance.randrange(assembly.size)
        assert await content(disk, assembly, start, length) == whole[start : start + length]


async def test_turns_of_sound_and_pictures_are_read_in_one_go(disk: Counting) -> None:
    frames = tuple(Span(0, 1000 * number, 700) for number in range(100))
    assert len(await content(disk, Assembly(b"h", frames), 0, 80_000)) == 70_001
    assert disk.asked == [("a", 0, 99_700)]


def test_only_close_stretches_of_one_object_are_joined() -> None:
    gap = reading.GAP
    parts: list[bytes | Span] = [
        b"x",
        Span(0, 0, 10),
        Span(0, 10 + gap, 10),
        Span(0, 21 + 2 * gap, 5),
        Span(1, 0, 1),
        Span(0, 5, 1),
    ]
    found = list(runs(parts))
    assert found[0] == b"x"
    joined = [(run.source, run.offset, run.end) for run in found if isinstance(run, Run)]
    assert joined == [(0, 0, 20 + gap), (0, 21 + 2 * gap, 26 + 2 * gap), (1, 0, 1), (0, 5, 6)]


async def test_what_is_missing_shows_before_the_first_byte(disk: Counting) -> None:
    blocks = read(disk, ("gone",), Assembly(b"head", (Span(0, 0, 10),)), 0, 14)
    with pytest.raises(PlayheadError, match="source_missing"):
        await anext(blocks)


async def test_bytes_alone_need_no_storage(disk: Counting) -> None:
    assert await content(disk, Assembly(b"a playlist"), 2, 4) == b"play"
    assert disk.asked == []
