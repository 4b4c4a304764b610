"""Ranges of a file: what is there is given, what is not is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.media.sparse import RangeMissingError, SparseBytes

WHOLE = bytes(range(200))


async def test_what_is_there_is_given_across_ranges_that_touch() -> None:
    source = SparseBytes(200, {0: WHOLE[:50], 50: WHOLE[50:60], 55: WHOLE[55:80], 150: WHOLE[150:]})

    assert await source.read(10, 60) == WHOLE[10:70]
    assert source.missing is None
    assert await source.read(150, 50) == WHOLE[150:]
    assert await source.read(199, 100) == WHOLE[199:]
    assert source.missing is None


async def test_what_is_not_there_is_named() -> None:
    source = SparseBytes(200, {0: WHOLE[:50], 150: WHOLE[150:]})

    assert await source.read(40, 30) == WHOLE[40:50]
    assert source.missing == (50, 20)
    with pytest.raises(RangeMissingError):
        await source.read(60, 10)
    assert source.missing == (60, 10)
    assert await source.read(0, 5) == WHOLE[:5]
    assert source.missing is None


@given(st.dictionaries(st.integers(0, 220), st.integers(0, 60), max_size=8), st.integers(0, 199))
async def test_any_ranges_give_only_bytes_of_the_file(lengths: dict[int, int], start: int) -> None:
    ranges = {at: WHOLE[at : at + length] for at, length in lengths.items()}
    source = SparseBytes(len(WHOLE), ranges)

    held = source.held(start, 200)

    assert held == WHOLE[start : start + len(held)]
    there = {place for at, data in ranges.items() for place in range(at, at + len(data))}
    assert start + len(held) not in there
    assert all(place in there for place in range(start, start + len(held)))
