"""Whatever an AVI or a Matroska says of itself, reading its index ends soon, with little memory and by name."""

from __future__ import annotations

import asyncio
import re
import struct
import time
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playhead.media.avi import read_avi
from playhead.media.matroska import clock, read_matroska
from playhead.model.errors import PlayheadError
from playhead.packaging.source import view
from playhead.processing.own_index import OwnIndex
from tests.media import extremes
from tests.media.avi.test_avi import indexed_apart
from tests.media.mp4.clips import AAC, X264, FileBytes, ffmpeg, picture, sound

CPU_SECONDS = 10
"""Under a tracer of memory, which makes all of it several times slower."""
MEMORY_LIMIT = 64 << 20
NAMED = {"corrupt_file", "resource_limit", "limit_streams", "encrypted_file"}
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("extremes")
    ffmpeg(*picture(1), *sound(1), *X264, *AAC, folder / "a.mkv")
    ffmpeg(*picture(1), *sound(1), *X264, *AAC, "-f", "matroska", "-live", "1", folder / "live.mkv")
    ffmpeg(*picture(1), *sound(1), "-c:v", "mpeg4", "-c:a", "libmp3lame", folder / "a.avi")
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def _judge(look: Callable[[bytes], object], data: bytes, *, traced: bool = True) -> None:
    """Look, and hold what that takes against what it may take; memory only if it is `traced`, which is slow."""
    if traced:
        tracemalloc.start()
    begun = time.process_time()
    try:
        look(data)
    except PlayheadError as refused:
        if refused.code not in NAMED:
            raise
    finally:
        taken, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
        if traced:
            tracemalloc.stop()
    assert taken < CPU_SECONDS
    assert peak < MEMORY_LIMIT


def _asked(index: OwnIndex, streams: int, tick: Fraction) -> None:
    """All that is asked of an index afterwards."""
    for stream in range(streams):
        index.film_packets(stream, None, tick)
        index.sound_claim(stream, tick)
        index.sound_end(stream, tick)


def _matroska(data: bytes) -> None:
    index = asyncio.run(read_matroska(FileBytes(data)))
    tick = Fraction(index.tick_nanoseconds, 10**9)
    told = (index.tracks, index.frames, index.tick_nanoseconds, index.size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "OUTLINED_FROM", 2)
        outline = clock.outline_of(*told)
    for movie in (index.movie, index.judged, outline):
        _asked(OwnIndex(movie, frames=index.frames, tick=tick), len(index.frames), tick)
        view(movie)


def _avi(data: bytes) -> None:
    index = asyncio.run(read_avi(FileBytes(data)))
    for each in index.streams if index is not None else ():
        _asked(OwnIndex(avi=index), len(index.streams) if index is not None else 0, each.tick)


@EXAMPLES
@given(data=st.data())
def test_matroska(clips: dict[str, bytes], data: st.DataObject) -> None:
    parts = extremes.elements(clips[data.draw(st.sampled_from(("a.mkv", "live.mkv")))])
    extremes.bend(data, parts, ">")
    _judge(_matroska, extremes.of_elements(parts)[: extremes.LONGEST])


@EXAMPLES
@given(data=st.data())
def test_avi(clips: dict[str, bytes], data: st.DataObject) -> None:
    whole = clips["a.avi"]
    parts = extremes.chunks(indexed_apart(whole) if data.draw(st.booleans()) else whole)
    extremes.bend(data, parts, "<")
    _judge(_avi, extremes.of_chunks(parts)[: extremes.LONGEST])


def test_every_number_of_a_matroskas_header(clips: dict[str, bytes]) -> None:
    bodies = [struct.pack(">Q", number) for number in extremes.NUMBERS]
    bodies += [struct.pack(">d", number) for number in extremes.FLOATS]
    head = clips["a.mkv"][: 4 * 1024]
    count = len(extremes.leaves(extremes.elements(head)))
    assert count > 40
    for number, body in product(range(count), bodies):
        parts = extremes.elements(clips["a.mkv"])
        extremes.leaves(parts)[number].body = body
        _judge(_matroska, extremes.of_elements(parts), traced=False)


def test_every_number_of_an_avis_header(clips: dict[str, bytes]) -> None:
    whole = indexed_apart(clips["a.avi"])
    places = [
        at + step
        for name, size in ((b"strh", 56), (b"strf", 40), (b"indx", 72), (b"ix00", 48), (b"ix01", 48))
        for at in (found.start() + 8 for found in re.finditer(name, whole))
        for step in range(0, size, 2)
    ]
    assert len(places) > 150
    for place, number, form in product(places, extremes.NUMBERS, "HIQ"):
        if number < 1 << 8 * struct.calcsize(form):
            data = bytearray(whole)
            struct.pack_into("<" + form, data, place, number)
            _judge(_avi, bytes(data), traced=False)


def test_files_are_whole_again(clips: dict[str, bytes]) -> None:
    """Parts that nobody bent give the file that they are of, so it is the bending that is judged."""
    assert extremes.of_chunks(extremes.chunks(clips["a.avi"])) == clips["a.avi"]
    made = extremes.of_elements(extremes.elements(clips["a.mkv"]))
    index, again = (
        asyncio.run(read_matroska(FileBytes(each))).movie.tracks for each in (clips["a.mkv"], made)
    )
    assert [each.presentation_times for each in index] == [each.presentation_times for each in again]
