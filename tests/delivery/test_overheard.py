"""Sources judged by what was overheard of them: not read again, and never taken for what they are not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from playhead.delivery import shelf as shelves
from playhead.delivery.shelf import Shelf
from playhead.media.mp4 import Movie
from playhead.media.window import Bytes
from playhead.model.errors import PlayheadError
from playhead.packaging import Limits
from playhead.storage.disk import Disk
from tests.delivery.clips import fit
from tests.media.mp4.clips import ffmpeg

__all__ = ["fit"]


@pytest.fixture(scope="module")
def fast(fit: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A film whose index comes first."""
    path = tmp_path_factory.mktemp("fast") / "fast.mp4"
    ffmpeg("-i", fit, "-c", "copy", "-movflags", "+faststart", path)
    return path.read_bytes()


@pytest.fixture
def head(fast: bytes) -> bytes:
    """Its first bytes, up to the end of its index."""
    at = fast.index(b"moov") - 4
    return fast[: at + int.from_bytes(fast[at : at + 4], "big")]


@pytest.fixture
async def disk(tmp_path: Path, fast: bytes) -> Disk:
    disk = Disk(tmp_path)
    await disk.put("fast", fast)
    return disk


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads an index of the store is found out."""

    async def read(source: Bytes) -> Movie:
        raise AssertionError

    monkeypatch.setattr(shelves, "read_movie", read)


@pytest.mark.usefixtures("unread")
async def test_what_was_overheard_is_not_read_again(disk: Disk, fast: bytes, head: bytes) -> None:
    shelf = Shelf(disk)
    await shelf.overhear("fast", len(fast), head)
    found = await shelf.source("fast", len(fast), judged=False)
    assert found.reasons == ()
    assert found.video is not None
    assert len(found.sounds) == 1
    assert await shelf.source("fast", len(fast), judged=True) is found
    strict = Shelf(disk, Limits(bits_per_second=1))
    await strict.overhear("fast", len(fast), head)
    assert (await strict.source("fast", len(fast), judged=False)).reasons[0].startswith("bitrate over")


async def test_it_is_judged_as_if_it_had_been_read(disk: Disk, fast: bytes, head: bytes) -> None:
    shelf = Shelf(disk)
    await shelf.overhear("fast", len(fast), head)
    assert await shelf.source("fast", len(fast), judged=False) == await Shelf(disk).source(
        "fast", len(fast), judged=False
    )


async def test_what_was_overheard_of_another_file_is_of_no_use(disk: Disk, fast: bytes, head: bytes) -> None:
    """As when another file was sent in its place, or when what was heard makes no sense."""
    other = bytearray(head)
    other[head.index(b"mvhd") + 8] ^= 1  # made at another moment
    right = await Shelf(disk).source("fast", len(fast), judged=False)
    for size, heard in ((len(fast), bytes(other)), (len(fast) + 1, head), (len(fast), head[:-1])):
        shelf = Shelf(disk)
        with suppress(PlayheadError):
            await shelf.overhear("fast", size, heard)
        assert await shelf.source("fast", len(fast), judged=False) == right


async def test_an_open_gop_is_seen_once_the_file_is_there(
    disk: Disk, fast: bytes, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def opened(movie: Movie, _source: Bytes) -> Movie:
        return replace(movie, tracks=tuple(replace(track, unfit="open GOP") for track in movie.tracks))

    shelf = Shelf(disk)
    await shelf.overhear("fast", len(fast), head)
    monkeypatch.setattr(shelves, "with_keyframes_checked", opened)
    assert (await shelf.source("fast", len(fast), judged=False)).reasons[0] == "open GOP"
