"""Shapes that ffmpeg does not write: each is a real file with one box bent."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from playhead.media.mp4 import NEVER, EditSpan, Movie, Track, from_bytes, read_movie, to_bytes
from playhead.media.mp4.stored import UnknownIndexError
from playhead.model.errors import PlayheadError
from tests.media.mp4.clips import AAC, BFRAMES, X264, FileBytes, bend, box, ffmpeg, picture, sound, top

STBL = "moov/trak/mdia/minf/stbl"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("bent") / "clip.mp4"
    ffmpeg(*picture(1), *X264, *BFRAMES, path)  # moov last, so that bending it moves no sample
    return path.read_bytes()


async def _video(data: bytes) -> Track:
    movie = await read_movie(FileBytes(data))
    assert movie.video is not None
    return movie.video


async def test_long_chunk_offsets(clip: bytes) -> None:
    def widened(stbl: bytes) -> bytes:
        stco = next(body for kind, body in top(stbl) if kind == b"stco")
        count = struct.unpack_from(">I", stco, 4)[0]
        wide = stco[:8] + struct.pack(f">{count}Q", *struct.unpack_from(f">{count}I", stco, 8))
        return bend(stbl, "stco", lambda _: None) + box(b"co64", wide)

    assert (await _video(bend(clip, STBL, widened))).samples == (await _video(clip)).samples


@pytest.mark.parametrize(
    ("bits", "packed", "sizes"),
    [
        (4, b"\xf1\x90", [15, 1, 9]),
        (8, b"\xff\x07\x03", [255, 7, 3]),
        (16, b"\xff\xff\x01\x00\x00\x01", [65535, 256, 1]),
    ],
)
async def test_compact_sizes(clip: bytes, bits: int, packed: bytes, sizes: list[int]) -> None:
    def compact(stbl: bytes) -> bytes:
        without = bend(bend(stbl, "stsz", lambda _: None), "stss", lambda _: None)
        return without + box(b"stz2", struct.pack(">III", 0, bits, 3) + packed)

    assert list((await _video(bend(clip, STBL, compact))).samples.sizes) == sizes


async def test_no_sync_table_means_that_all_are_sync(clip: bytes) -> None:
    track = await _video(bend(clip, f"{STBL}/stss", lambda _: None))
    assert track.samples.sync is None


async def test_the_last_box_may_reach_to_the_end(clip: bytes) -> None:
    at = clip.index(b"moov") - 4
    open_ended = clip[:at] + b"\0\0\0\0" + clip[at + 4 :]
    assert await _video(open_ended) == await _video(clip)


async def test_boxes_with_64_bit_sizes(clip: bytes) -> None:
    at = clip.index(b"moov") - 4
    size = struct.unpack_from(">I", clip, at)[0]
    long = clip[:at] + struct.pack(">I4sQ", 1, b"moov", size + 8) + clip[at + 8 :]
    assert await _video(long) == await _video(clip)


async def test_several_edits_place_each_sample_where_it_is_first_shown(clip: bytes) -> None:
    # 25 fps in 12800 ticks: 512 a frame. Movie ticks are milliseconds.
    first = (await _video(clip)).spans[0].media_start
    rows = [(400, -1), (200, first + 512 * 10), (120, first)]
    table = b"".join(struct.pack(">IiI", duration, time, 1 << 16) for duration, time in rows)
    track = await _video(bend(clip, "moov/trak/edts/elst", lambda _: struct.pack(">II", 0, 3) + table))
    assert track.spans == (
        EditSpan(first + 5120, first + 5120 + 2560, 5120),
        EditSpan(first, first + 1536, 7680),
    )
    shown = sorted(time for time in track.presentation_times if time != NEVER)
    assert shown == [5120 + 512 * frame for frame in range(8)]
    assert track.presentation_end == 7680 + 1536


async def test_a_cut_off_file_gives_its_index_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    ffmpeg(*picture(1), *sound(1), *X264, *AAC, "-movflags", "+faststart", path)
    whole = path.read_bytes()
    movie = await read_movie(FileBytes(whole[: len(whole) * 2 // 3]))
    assert not movie.complete
    assert movie.tracks == (await read_movie(FileBytes(whole))).tracks


async def test_a_cut_off_fragmented_file_gives_the_whole_fragments(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    ffmpeg(*picture(2), *X264, *BFRAMES, "-movflags", "+frag_keyframe+empty_moov", path)
    whole = path.read_bytes()
    cut = whole.rindex(b"moof") + 20
    movie = await read_movie(FileBytes(whole[:cut]))
    full = await read_movie(FileBytes(whole))
    assert movie.video is not None
    assert full.video is not None
    assert 0 < movie.video.samples.count < full.video.samples.count
    assert movie.complete


async def test_samples_in_another_file_are_refused(clip: bytes) -> None:
    reference = struct.pack(">II", 0, 1) + box(b"url ", b"\0\0\0\0http://example.org/\0")
    bent = bend(clip, "moov/trak/mdia/minf/dinf/dref", lambda _: reference)
    with pytest.raises(PlayheadError, match="reference_refused"):
        await read_movie(FileBytes(bent))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("stts", struct.pack(">III", 0, 1 << 29, 1)),
        ("ctts", struct.pack(">III", 0, (1 << 32) - 1, 1)),
        ("stsz", struct.pack(">III", 0, 0, (1 << 32) - 1)),
        ("stsz", struct.pack(">III", 0, 1, (1 << 32) - 1)),
        ("stco", struct.pack(">III", 0, (1 << 32) - 1, 1)),
        ("stsc", struct.pack(">II3I", 0, (1 << 32) - 1, 1, 1, 1)),
        ("stsc", struct.pack(">II6I", 0, 2, 1, 1, 1, (1 << 32) - 1, (1 << 32) - 1, 1)),
        ("stsc", struct.pack(">II3I", 0, 1, 1, 1000, 2)),
        ("stss", struct.pack(">II2I", 0, 2, 4, 3)),
        ("stss", struct.pack(">II1I", 0, 1, 0)),
    ],
)
async def test_tables_that_claim_too_much_are_refused(clip: bytes, path: str, body: bytes) -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        await read_movie(FileBytes(bend(clip, f"{STBL}/{path}", lambda _: body)))


@pytest.mark.parametrize("data", [b"", b"\0" * 64, b"not a video at all, just a text of some length"])
async def test_what_is_no_mp4_is_refused(data: bytes) -> None:
    with pytest.raises(PlayheadError, match="corrupt_file"):
        await read_movie(FileBytes(data))


async def test_the_index_survives_being_stored(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    ffmpeg(*picture(1), *sound(1), *X264, *BFRAMES, *AAC, path)
    movie: Movie = await read_movie(FileBytes(path))
    stored = to_bytes(movie)
    assert from_bytes(stored) == movie
    for damaged in (b"", stored[:-20], b"PHix\xff" + stored[5:], stored[:5] + b"\0" + stored[6:]):
        with pytest.raises(UnknownIndexError):
            from_bytes(damaged)
