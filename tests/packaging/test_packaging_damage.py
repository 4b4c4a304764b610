"""A damaged source whose index can still be read is packaged, or refused with a reason; never anything else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playhead.media.mp4 import read_movie
from playhead.model.errors import PlayheadError
from playhead.packaging import (
    Limits,
    cut,
    examine,
    init_segment,
    keyframe_boundaries,
    media_segment,
    progressive,
    rates,
)
from tests.media.mp4.clips import AAC, BFRAMES, X264, FileBytes, ffmpeg, picture, sound


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, int]]:
    folder: Path = tmp_path_factory.mktemp("damage")
    found = []
    for name in ("plain.mp4", "quick.mov"):
        ffmpeg(*picture(1), *sound(0.5), *X264, *BFRAMES, *AAC, folder / name)
        data = (folder / name).read_bytes()
        found.append((data, data.index(b"moov") - 4))
    return found


@settings(max_examples=300, deadline=5000)
@given(data=st.data())
def test_changed_bytes(sources: list[tuple[bytes, int]], data: st.DataObject) -> None:
    content, start = sources[data.draw(st.integers(0, len(sources) - 1))]
    bent = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(start, len(bent) - 1))
        bent[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)) | st.integers(0, 255))
    try:
        movie = asyncio.run(read_movie(FileBytes(bytes(bent))))
    except PlayheadError:
        return
    found = examine(movie, Limits(bits_per_second=1 << 62))
    assert bool(found.lanes) != bool(found.reasons)
    if not found.lanes:
        return
    boundaries = keyframe_boundaries(found.lanes[0], 0.3)
    for lane in found.lanes:
        segments = cut(lane, boundaries, found.lanes[0].timescale)
        assert rates(segments, lane.timescale).peak >= 0
        assert init_segment(lane)
        for number, segment in enumerate(segments, 1):
            made = media_segment(lane, segment.first, segment.stop, number)
            assert made.size <= segment.size
    whole = progressive(found.lanes)
    assert whole.size == len(whole.head) + sum(span.length for span in whole.spans)
