"""AVI files are counted as ffprobe counts them, by either kind of index, and only where the index tells all."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc
from fractions import Fraction
from operator import sub
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.media.avi import AviIndex, read_avi
from playhead.model.errors import PlayheadError
from tests.media.mp4.clips import FileBytes, ffmpeg, packets, picture, sound
from tests.media.samples import indexwork

MPEG4 = ("-c:v", "mpeg4", "-g", "20")
DROPS = ("-vf", "setpts='PTS+if(gte(N,30),1/TB,0)+if(gte(N,60),0.12/TB,0)'", "-fps_mode", "passthrough")
SHAPES: dict[str, tuple[str, ...]] = {
    "mp3.avi": (*picture(4), *sound(4), *MPEG4, "-c:a", "libmp3lame"),
    "pcm.avi": (*picture(4), *sound(3.7), "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "ntsc.avi": (*picture(4, "30000/1001"), *sound(4), *MPEG4, "-c:a", "ac3"),
    "dropped.avi": (*picture(4), *sound(4), *DROPS, *MPEG4, "-c:a", "libmp3lame"),
    "two_sounds.avi": (
        *(*picture(4), *sound(4), *sound(3), *MPEG4, "-map", "0", "-map", "1", "-map", "2"),
        *("-c:a:0", "pcm_u8", "-c:a:1", "mp2"),
    ),
    "odd.avi": (*picture(4, "17/3"), "-c:v", "msmpeg4"),
}
MEMORY_LIMIT = 16 << 20


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("avi")
    for name, arguments in SHAPES.items():
        ffmpeg(*arguments, folder / name)
    return {name: folder / name for name in SHAPES}


def read(data: bytes) -> AviIndex | None:
    return asyncio.run(read_avi(FileBytes(data)))


def chunks(data: bytes, at: int, end: int) -> list[tuple[bytes, int, bytes]]:
    """Kind, place and payload of the chunks that follow one another."""
    found = []
    while at + 8 <= end:
        size = struct.unpack_from("<I", data, at + 4)[0]
        found.append((data[at : at + 4], at, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def indexed_apart(data: bytes) -> bytes:
    """The same file with an index of OpenDML's for each stream instead of the old one, in two pieces each."""
    top = chunks(data, 12, len(data))
    movi = next(at for kind, at, body in top if kind == b"LIST" and body[:4] == b"movi")
    rows = next(list(struct.iter_unpack("<4s3I", body)) for kind, _, body in top if kind == b"idx1")
    made = bytearray(data[: next(at for kind, at, _ in top if kind == b"idx1")])
    # ffmpeg leaves room for a super index in each stream's header.
    rooms = [at for at in range(movi) if data[at : at + 4] == b"JUNK" and data[at + 8] == 4]
    for number, room in enumerate(rooms):
        own = [row for row in rows if row[0][:2] == b"%02d" % number]
        name, places = own[0][0], []
        for part in (own[:33], own[33:]):
            base = movi + 8
            body = struct.pack("<HBBI4sQI", 2, 0, 1, len(part), name, base, 0)
            for _, flags, offset, size in part:
                body += struct.pack("<2I", offset + 8, size | (0 if flags & 0x10 else 1 << 31))
            places.append(struct.pack("<QII", len(made), len(body) + 8, len(part)))
            made += b"ix%02d" % number + struct.pack("<I", len(body)) + body
        told = struct.pack("<HBBI4s12x", 4, 0, 0, len(places), name) + b"".join(places)
        made[room : room + 4], made[room + 8 : room + 8 + len(told)] = b"indx", told
    return bytes(made)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("apart", [False, True], ids=["idx1", "indx"])
def test_frames_are_counted_as_ffprobe_counts_them(
    clips: dict[str, Path], name: str, apart: bool, tmp_path: Path
) -> None:
    path = clips[name]
    if apart:
        path = tmp_path / name
        path.write_bytes(indexed_apart(clips[name].read_bytes()))
    index = read(path.read_bytes())
    assert index is not None
    for number, stream in enumerate(index.streams):
        expected = packets(path, str(number))
        if stream.kind == "video":
            assert list(stream.times) == [int(each["pts"]) for each in expected]
            assert list(stream.shown_keys) == ["K" in each["flags"] for each in expected]
            assert {int(each["duration"]) for each in expected} == {1}
            shown = Fraction(expected[1]["pts_time"]) / int(expected[1]["pts"])
            assert abs(shown - stream.tick) < Fraction(1, 10**5)
        else:
            assert stream.lasts == int(expected[-1]["pts"]) + int(expected[-1]["duration"])


def test_frames_that_were_dropped_are_counted_and_not_listed(clips: dict[str, Path]) -> None:
    index = read(clips["dropped.avi"].read_bytes())
    assert index is not None
    film = index.streams[0]
    assert film.sizes.count(0) > 25
    assert len(film.times) == 100
    assert max(map(sub, film.times[1:], film.times)) == 26


def test_little_is_read(clips: dict[str, Path]) -> None:
    source = FileBytes(clips["pcm.avi"])
    assert asyncio.run(read_avi(source)) is not None
    assert source.bytes_read < source.size / 20


def _row(data: bytes, number: int) -> int:
    """Where a row of the old index lies."""
    return data.rindex(b"idx1") + 8 + 16 * number


def _without_row(data: bytes) -> bytes:
    at = _row(data, 40)
    size = struct.pack("<I", struct.unpack_from("<I", data, data.rindex(b"idx1") + 4)[0] - 16)
    data = data[:at] + data[at + 16 :]
    place = data.rindex(b"idx1") + 4
    return data[:place] + size + data[place + 4 :]


def _changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def test_an_index_that_does_not_tell_all_is_none(clips: dict[str, Path]) -> None:
    data, more = clips["mp3.avi"].read_bytes(), b"00dc\4\0\0\0abcd"
    strh = data.index(b"strh") + 8
    first = struct.unpack_from("<I", data, _row(data, 40) + 8)[0]
    for bent in (
        _without_row(data),
        _changed(data, _row(data, 40) + 8, first + 2),  # it lies elsewhere
        _changed(data, _row(data, 41) + 8, first),  # one chunk for two
        _changed(data, strh + 20, 0),
        _changed(data, strh + 24, 0),
        _changed(data, strh + 28, 3),  # not from the beginning
    ):
        assert read(bent) is None
        assert read(indexed_apart(bent)) is None
    assert read(_changed(data, _row(data, 40), struct.unpack("<I", b"00pc")[0])) is None  # another palette
    assert read(data + more) is None
    assert read(indexed_apart(data) + more) is None


def test_a_file_without_its_end_has_no_index(clips: dict[str, Path]) -> None:
    data = clips["mp3.avi"].read_bytes()
    assert read(data[: len(data) // 2]) is None
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(indexed_apart(data)[:-2000])


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", b"RIFX" + bytes(40)])
def test_what_is_no_film_is_refused(data: bytes) -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(data)


def _place(data: bytes, number: int) -> int:
    """Where the first stream's index says where its piece of that number lies."""
    return data.index(b"indx") + 8 + 24 + 16 * number


def test_the_pieces_of_an_index_lie_in_the_file_and_apart(clips: dict[str, Path]) -> None:
    data = indexed_apart(clips["mp3.avi"].read_bytes())
    first, last = _place(data, 0), data.rindex(b"ix01")
    beyond = bytearray(data)
    struct.pack_into("<Q", beyond, data.rindex(b"indx") + 8 + 24 + 16, 1 << 63)
    for bent, why in (
        (_changed(data, data.rindex(b"indx") + 8 + 24 + 16 + 8, len(data) - last + 1), "out of the file"),
        (bytes(beyond), "out of the file"),
        (data[:first] + data[first + 16 : first + 32] + data[first + 16 :], "same place"),
        (_changed(data, first + 8, 0xFFFFFFF0), "same place"),
    ):
        with pytest.raises(PlayheadError, match=f"corrupt_file: .*{why}"):
            read(bent)


def test_a_piece_that_is_named_often_is_read_never() -> None:
    source = FileBytes(indexwork.pieces(500, 2000))
    tracemalloc.start()
    try:
        with pytest.raises(PlayheadError, match="corrupt_file"):
            asyncio.run(read_avi(source))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert source.reads < 10


def test_an_index_in_too_many_pieces_is_not_read() -> None:
    places = [(1000 + 40 * number, 40) for number in range(16_385)]
    with pytest.raises(PlayheadError, match="too many pieces"):
        read(indexwork.pieces(1, places))


@pytest.mark.parametrize("apart", [False, True], ids=["idx1", "indx"])
def test_an_index_of_too_many_frames_is_none(
    clips: dict[str, Path], apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = clips["mp3.avi"].read_bytes()
    data = indexed_apart(data) if apart else data
    index = read(data)
    assert index is not None
    # A piece has a header, which has room for a few.
    rows = sum(len(each.sizes) for each in index.streams)
    monkeypatch.setattr("playhead.media.avi.index.ROW_LIMIT", rows + 20 if apart else rows)
    assert read(data) == index
    monkeypatch.setattr("playhead.media.avi.index.ROW_LIMIT", rows - 1)
    assert read(data) is None


def test_an_index_without_its_fields_is_damage(clips: dict[str, Path]) -> None:
    data = indexwork.short_index(clips["mp3.avi"].read_bytes())
    with pytest.raises(PlayheadError, match="corrupt_file"):
        read(data)


def test_little_is_stepped_over_between_frames(clips: dict[str, Path]) -> None:
    data = clips["mp3.avi"].read_bytes()
    assert read(indexwork.junk_behind(data, 900)) is not None
    source = FileBytes(indexwork.junk_behind(data, 100_000))
    assert asyncio.run(read_avi(source)) is None
    assert source.reads < 20_100


@settings(max_examples=200, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_gives_an_index_or_a_named_error(clips: dict[str, Path], data: st.DataObject) -> None:
    content = clips["mp3.avi"].read_bytes()
    bent = bytearray(indexed_apart(content) if data.draw(st.booleans()) else content)
    tail = len(bent) - 6000
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, 400) | st.integers(4500, 4900) | st.integers(tail, len(bent) - 1))
        bent[at] = data.draw(st.sampled_from((0, 1, 2, 0x7F, 0x80, 0xFF)) | st.integers(0, 255))
    tracemalloc.start()
    try:
        index = read(bytes(bent))
        for stream in index.streams if index is not None else ():
            assert len(stream.sizes) == len(stream.keys)
            assert stream.lasts >= 0
    except PlayheadError as refused:
        if refused.code not in {"corrupt_file", "resource_limit"}:
            raise
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEMORY_LIMIT
