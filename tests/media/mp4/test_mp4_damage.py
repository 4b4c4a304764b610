"""Damaged files give an index or a named error, quickly and without much memory; never anything else."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.media.mp4 import codec_string, from_bytes, read_movie, to_bytes
from playhead.model.errors import PlayheadError
from tests.media.mp4.clips import AAC, BFRAMES, X264, FileBytes, bend, box, ffmpeg, picture, sound

MEMORY_LIMIT = 48 << 20
"""Bytes; the files are a few kilobytes, so this is some thousand times their size."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, int, int]]:
    """Files without their media's weight, each with the stretch of bytes that is its index."""
    folder: Path = tmp_path_factory.mktemp("damage")
    found = []
    for name, options in {
        "plain.mp4": (),
        "first.mp4": ("-movflags", "+faststart"),
        "quick.mov": (),
        "fragmented.mp4": ("-movflags", "+frag_keyframe+empty_moov+default_base_moof"),
    }.items():
        ffmpeg(*picture(1), *sound(0.5), *X264, *BFRAMES, *AAC, *options, folder / name)
        data = (folder / name).read_bytes()
        start = data.index(b"moov") - 4
        stop = len(data) if name != "first.mp4" else data.index(b"mdat", start)
        found.append((data, start, stop))
    return found


def _try(data: bytes) -> None:
    tracemalloc.start()
    try:
        movie = asyncio.run(read_movie(FileBytes(data)))
        for track in movie.tracks:
            if track.kind == "other":
                continue
            assert len(track.presentation_times) == len(track.samples.offsets) == track.samples.count
            assert len(track.samples.sizes) == track.samples.count
            assert track.presentation_end is not None
            assert track.samples.entries is None or len(track.samples.entries) == track.samples.count
            codec_string(track.sample_entry)
        assert isinstance(movie.complete, bool)
        assert from_bytes(to_bytes(movie)) == movie
    except PlayheadError as refused:
        if refused.code not in {"corrupt_file", "resource_limit", "reference_refused", "unsupported_format"}:
            raise
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEMORY_LIMIT


def test_no_box_holds_very_many(files: list[tuple[bytes, int, int]]) -> None:
    for content, at, _ in files:
        size = int.from_bytes(content[at : at + 4], "big")
        crumbs = b"\0\0\0\x08free" * 120_000
        inner = (size + len(crumbs)).to_bytes(4, "big") + content[at + 4 : at + size] + crumbs
        with pytest.raises(PlayheadError, match="corrupt_file"):
            asyncio.run(read_movie(FileBytes(content[:at] + inner + content[at + size :])))


@settings(max_examples=400, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes(files: list[tuple[bytes, int, int]], data: st.DataObject) -> None:
    content, start, stop = files[data.draw(st.integers(0, len(files) - 1))]
    bent = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(start, stop - 1))
        bent[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)) | st.integers(0, 255))
    _try(bytes(bent))


@settings(max_examples=100, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_words_of_all_ones_and_zeros(files: list[tuple[bytes, int, int]], data: st.DataObject) -> None:
    content, start, stop = files[data.draw(st.integers(0, len(files) - 1))]
    at = data.draw(st.integers(start, stop - 4))
    _try(
        content[:at]
        + data.draw(st.sampled_from((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff")))
        + content[at + 4 :]
    )


@settings(max_examples=100, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_off_and_missing_bytes(files: list[tuple[bytes, int, int]], data: st.DataObject) -> None:
    content, start, stop = files[data.draw(st.integers(0, len(files) - 1))]
    at = data.draw(st.integers(0, len(content)))
    gap = data.draw(st.integers(0, 64) | st.just(len(content)))
    _try(content[:at] + content[at + gap :])
    _try(content[: data.draw(st.integers(start, stop))])


@pytest.mark.parametrize("path", ["moov/trak", "moov/trak/mdia", "moov/trak/mdia/minf/stbl"])
def test_a_part_of_a_track_is_looked_through_once(path: str, files: list[tuple[bytes, int, int]]) -> None:
    """Each of its boxes was looked for from the beginning: a megabyte of empty ones took a second or two."""
    plain = files[0][0]

    def crowded(count: int) -> FileBytes:
        return FileBytes(bend(plain, path, lambda body: box(b"free", b"") * count + body))

    assert len(asyncio.run(read_movie(crowded(900))).tracks) == 2
    begun = time.process_time()
    with pytest.raises(PlayheadError, match="holds too many others"):
        asyncio.run(read_movie(crowded(99_000)))
    assert time.process_time() - begun < 0.3
