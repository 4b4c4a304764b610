"""The shelf: read once however many ask, kept while in use, and never a failure kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playhead.delivery import shelf as shelves
from playhead.delivery.arrivals import HEADER
from playhead.delivery.shelf import Shelf
from playhead.media.mp4 import read_movie
from playhead.model.errors import PlayheadError
from playhead.packaging import Limits
from playhead.storage.disk import Disk
from tests.delivery.clips import fit, opened, unfit

__all__ = ["fit", "opened", "unfit"]


class Slow(Disk):
    """Counts reads, and lets them go on when told."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads = 0
        self.go = asyncio.Event()
        self.go.set()

    async def read(self, key: str, start: int, length: int) -> bytes:
        self.reads += 1
        await self.go.wait()
        return await super().read(key, start, length)


@pytest.fixture
async def disk(tmp_path: Path, fit: Path, unfit: Path) -> Slow:
    disk = Slow(tmp_path)
    for key, path in (("fit", fit), ("unfit", unfit), ("twin", fit)):
        await disk.put(key, path.read_bytes())
    return disk


def size(path: Path) -> int:
    return path.stat().st_size


async def test_a_new_source_is_read_before_anybody_asks(disk: Slow, fit: Path) -> None:
    shelf = Shelf(disk)
    disk.go.clear()
    shelf.begin("fit", size(fit))
    # Planned meanwhile: who comes then waits for that reading too, whatever the limits are by now.
    planned = asyncio.create_task(shelf.source("fit", size(fit), judged=True))
    await asyncio.sleep(0.01)
    assert not planned.done()
    disk.go.set()
    found = await planned
    reads = disk.reads
    assert await shelf.source("fit", size(fit), judged=False) is found
    assert disk.reads == reads


async def test_a_new_source_that_cannot_be_read_is_read_again(disk: Slow, fit: Path) -> None:
    shelf = Shelf(disk)
    shelf.begin("late", size(fit))
    with pytest.raises(PlayheadError):
        await shelf.source("late", size(fit), judged=True)
    await disk.put("late", fit.read_bytes())
    assert not (await shelf.source("late", size(fit), judged=False)).reasons


async def test_who_asks_while_it_is_read_waits_for_that_reading(disk: Slow, fit: Path) -> None:
    shelf = Shelf(disk)
    disk.go.clear()
    first, second = (asyncio.create_task(shelf.movie("fit", size(fit))) for _ in range(2))
    await asyncio.sleep(0.01)
    # That the first one goes away does not take it from the other.
    first.cancel()
    disk.go.set()
    movie = await second
    reads = disk.reads
    assert await shelf.movie("fit", size(fit)) is movie
    assert disk.reads == reads


async def test_a_failure_is_tried_again(disk: Slow, fit: Path) -> None:
    shelf = Shelf(disk)
    for _ in range(2):
        with pytest.raises(PlayheadError, match="source_missing"):
            await shelf.source("later", size(fit), judged=False)
    await disk.put("later", fit.read_bytes())
    assert (await shelf.source("later", size(fit), judged=False)).reasons == ()


async def test_an_unexpected_failure_does_not_stay_either(disk: Slow) -> None:
    shelf = Shelf(disk)

    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await shelf.derived("place", broken)
    assert await shelf.derived("place", lambda: "made") == "made"


async def test_the_least_recently_used_goes_first(
    disk: Slow, fit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "SMALL", 1)
    lane = (await Shelf(disk).source("fit", size(fit), judged=False)).video
    assert lane is not None
    made: list[str] = []
    shelf = Shelf(disk, capacity=10)

    async def take(name: str, weight: int) -> None:
        await shelf.derived(name, lambda: made.append(name), weight)

    for name, weight in (("a", 4), ("b", 4), ("a", 4), ("c", 4), ("a", 4), ("b", 4)):
        await take(name, weight)
    assert made == ["a", "b", "c", "b"], "b had to go for c, being used longer ago than a"
    # What is too heavy for any shelf is answered all the same.
    await take("whale", 100)
    await take("a", 4)
    assert made[-2:] == ["whale", "a"]


async def test_what_was_found_fit_is_not_read_again_once_it_is_planned(disk: Slow, fit: Path) -> None:
    shelf = Shelf(disk)
    found = await shelf.source("fit", size(fit), judged=False)
    reads = disk.reads
    assert await shelf.source("fit", size(fit), judged=True) is found
    assert disk.reads == reads


async def test_a_source_is_judged_by_the_limits_only_once(disk: Slow, fit: Path, unfit: Path) -> None:
    strict = Shelf(disk, Limits(bits_per_second=1))
    refused = await strict.source("fit", size(fit), judged=False)
    assert len(refused.reasons) == 1
    assert refused.reasons[0].startswith("bitrate over")
    assert refused.video is None
    # A plan says it was fit when it was judged: limits that were lowered since then do not count.
    assert (await strict.source("fit", size(fit), judged=True)).video is not None
    other = await strict.source("unfit", size(unfit), judged=False)
    assert other.reasons
    assert other.video is None


async def test_what_has_grown_counts_for_more(disk: Slow, fit: Path) -> None:
    shelf = Shelf(disk, capacity=10 * shelves.SMALL)

    async def made() -> list[int]:
        return []

    first = await shelf.kept("first", made, len)
    second = await shelf.kept("second", made, len)
    shelf.reweigh("nobody", 100 * shelves.SMALL)
    shelf.reweigh("second", 10 * shelves.SMALL)
    assert await shelf.kept("second", made, len) is second
    assert await shelf.kept("first", made, len) is not first


class Arriving:
    """A file of which only the beginning is there."""

    def __init__(self, path: Path, there: int) -> None:
        self.data = path.read_bytes()
        self.size = len(self.data)
        self.there = there

    async def read(self, start: int, length: int) -> bytes:
        if self.there - start < min(length, HEADER):
            raise PlayheadError("not_ready")
        return self.data[start : min(start + length, self.there)]


async def test_of_an_arriving_file_the_second_key_frame_decides(disk: Slow, opened: Path) -> None:
    source = Arriving(opened, size(opened))
    (video,) = (await read_movie(source)).of_kind("video")
    (second, _), *_ = video.samples.extents(25, 26)
    for there in (second, second + HEADER - 1):
        source.there = there
        with pytest.raises(PlayheadError, match="not_ready"):
            await Shelf(disk).arriving("opened", source)
    source.there = second + 200
    assert (await Shelf(disk).arriving("opened", source)).reasons == ("open GOP",)
