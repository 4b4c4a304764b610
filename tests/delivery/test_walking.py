"""A Matroska file is walked through once as it arrives, and hostile ones cost little and show nothing wrong."""

from __future__ import annotations

import struct
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from playhead.delivery import playlists, walking
from playhead.delivery.presentation import Presentation
from playhead.delivery.tracks import Pictures
from playhead.delivery.walking import Walking, begin
from playhead.media.matroska import read_matroska
from playhead.model.errors import PlayheadError
from playhead.packaging import Limits
from playhead.packaging.source import view
from tests.delivery.clips import matroska, opened
from tests.media.mp4.clips import FileBytes, ffmpeg

__all__ = ["matroska", "opened"]

CLUSTER = b"\x1f\x43\xb6\x75"
VOID = b"\xec\x80"


async def walked(data: bytes, *upto: int) -> Walking:
    source = FileBytes(data)
    found = await begin(source, Limits())
    for there in upto or (len(data),):
        await found.on(source, there)
        await found.judge(source)
    return found


def segments(found: Walking) -> list[tuple[int, ...]]:
    """The number and the bytes of the segments of each track."""
    shown: Presentation | None = found.presentation("source")
    tracks = (*shown.pictures, *shown.sounds) if shown is not None else ()
    return [tuple(each.size for each in track.segments) for track in tracks]


async def refused(data: bytes) -> bool:
    """Whether the pictures of the whole file are not to be given to players."""
    try:
        return view((await read_matroska(FileBytes(data))).movie).video is None
    except PlayheadError as error:
        return error.code == "corrupt_file"


def tail(data: bytes) -> int:
    """Where the cluster begins that holds the middle of the file."""
    return data.index(CLUSTER, len(data) // 2)


async def test_nothing_is_read_twice(matroska: Path) -> None:
    source = FileBytes(matroska)
    found = await begin(source, Limits())
    for upto in range(0, source.size, 5000):
        await found.on(source, upto)
        # Asked again with nothing new, it reads nothing but what a header may still lack.
        before = source.bytes_read
        await found.on(source, upto)
        assert source.bytes_read - before <= 2048
    await found.on(source, source.size)
    await found.judge(source)
    assert found.at_end
    assert not found.growth.over
    # At each stop, the header that was cut there once more, or a block's beginning.
    assert source.bytes_read < source.size + 2 * 2048 * (source.size // 5000 + 1)


async def test_one_look_reads_so_much_and_no_more(matroska: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "WINDOW", 4096)
    monkeypatch.setattr(walking, "AT_ONCE", 3)
    source = FileBytes(matroska)
    found = await begin(source, Limits())
    looks = 0
    while not found.at_end:
        before = source.reads
        await found.on(source, source.size)
        assert source.reads - before <= 3
        looks += 1
    assert looks > source.size // 4096 // 3 // 4
    monkeypatch.undo()
    await found.judge(source)
    assert segments(found) == segments(await walked(matroska.read_bytes()))
    assert (await found.movie(source)).video is not None


async def test_the_end_is_not_told_before_it_is_there(matroska: Path) -> None:
    data = matroska.read_bytes()
    found = await walked(data, len(data) * 6 // 10)
    shown = found.presentation("source")
    assert shown is not None
    assert not found.at_end
    (pictures,) = shown.pictures
    assert isinstance(pictures, Pictures)
    count = len(pictures.segments)
    text = playlists.arriving(pictures, "v", count, Fraction(12), more=True)
    assert "#EXT-X-ENDLIST" not in text
    assert "#EXT-X-TARGETDURATION:12\n" in text
    assert max(pictures.durations()) <= 12
    assert found.presentation("source") is shown, "made anew without need"


@pytest.mark.parametrize("told", [b"\x44\x89", b"\xec\x89"], ids=["told", "not told"])
@pytest.mark.parametrize("lie", [0.0, 1.0, -3.0, 1e300, float("inf"), float("nan"), None])
async def test_what_a_header_says_of_the_length_is_a_hint(
    matroska: Path, told: bytes, lie: float | None
) -> None:
    data = bytearray(matroska.read_bytes())
    at = data.index(b"\x44\x89\x88")
    if lie is not None:
        data[at + 3 : at + 11] = struct.pack(">d", lie)
    if told != b"\x44\x89":
        data[at : at + 11] = b"\xec\x89" + bytes(9)  # a void in its place
    thoughts = []
    for upto in range(len(data) // 2, len(data) * 9 // 10, 20_000):
        found = await walked(bytes(data), upto)
        thoughts.append(found.lasting())
        assert thoughts[-1] > Fraction(found.growth.shown[0].lane.end, found.growth.shown[0].lane.timescale)
    assert thoughts == sorted(thoughts)
    assert all(after == before or after >= 2 * before for before, after in pairwise(thoughts))
    assert thoughts[-1] < 80
    if lie is None and told == b"\x44\x89":
        assert abs(thoughts[0] - 11) < Fraction(1, 10)


@pytest.mark.parametrize(
    "rest",
    [
        b"\x00" * 5000,  # no element has such a name
        b"\x1a\x45\xdf\xa3\x80" * 100,  # another film
        CLUSTER + b"\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xe7\x88" + b"\xff" * 8,  # beyond any clock
        CLUSTER + b"\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xe7\x81\x00" + b"\xa3\x84\x81\x00\x00\x80" * 300,
        CLUSTER + b"\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xa3\x81\x81" * 300,  # blocks that are too short
    ],
    ids=["nothing", "another", "clock", "empty blocks", "short blocks"],
)
async def test_what_was_settled_stays_when_the_rest_is_no_film(matroska: Path, rest: bytes) -> None:
    data = matroska.read_bytes()
    at = tail(data)
    good = segments(await walked(data, at))
    assert good
    bent = data[:at] + rest
    found = await walked(bent, at, len(bent) - 1, len(bent))
    assert found.growth.over
    assert segments(found) == good
    assert await refused(bent), "the whole is judged otherwise"


async def test_what_chromium_gives_up_on_is_not_shown(opened: Path, tmp_path: Path) -> None:
    path = tmp_path / "opened.mkv"
    ffmpeg("-i", opened, "-c", "copy", path)
    data = path.read_bytes()
    found = await walked(data, tail(data))
    assert found.growth.shown, "no time shows it"
    assert segments(found) == []
    assert found.growth.over


async def test_a_block_that_claims_more_than_there_is_ends_the_walk(matroska: Path) -> None:
    data = matroska.read_bytes()
    at = tail(data)
    bent = data[:at] + CLUSTER + b"\x01\xff\xff\xff\xff\xff\xff\xff\xa3\x08\xff\xff\xff\xff" + data[at:]
    good = segments(await walked(data, at))
    found = await walked(bent, at, len(bent) - 1)
    assert segments(found) == good
    await found.on(FileBytes(bent), len(bent))
    assert found.at_end
    assert view(await found.movie(FileBytes(bent))).reasons == ()


async def test_blocks_without_a_frame_of_ours_change_nothing(matroska: Path) -> None:
    data = matroska.read_bytes()
    at = tail(data)
    empty = (
        CLUSTER + b"\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xe7\x81\x00" + b"\xa3\x84\x89\x00\x00\x80" * 500
    )
    found = await walked(data[:at] + empty + VOID * 500 + data[at:])
    assert not found.growth.over
    assert segments(found) == segments(await walked(data))


async def test_a_bomb_of_elements_is_followed_in_small_steps_and_given_up(
    matroska: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "WINDOW", 2000)
    monkeypatch.setattr(walking, "ELEMENTS_AT_ONCE", 1500)
    monkeypatch.setattr(walking, "ELEMENT_LIMIT", 20_000)
    data = matroska.read_bytes()
    at = tail(data)
    bomb = data[:at] + VOID * 200_000
    source = FileBytes(bomb)
    found = await walked(bomb, *[at] * 20)
    good = segments(found)
    assert good
    looks = 0
    while not found.growth.over:
        before = found.walk.elements
        await found.on(source, source.size)
        assert found.walk.elements - before <= 1500 + 1000
        looks += 1
    assert looks < 40
    assert found.walk.elements < 25_000
    assert segments(found) == good


async def test_what_has_no_first_cluster_yet_is_not_ready(matroska: Path) -> None:
    data = matroska.read_bytes()
    with pytest.raises(PlayheadError, match="not_ready"):
        await begin(FileBytes(data[:200]), Limits())
