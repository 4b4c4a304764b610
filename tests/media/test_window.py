"""A header and what follows it cost one request, and what is asked for comes back or is known to be missing."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from playhead.media.window import READ_AHEAD, Window
from tests.media.mp4.clips import FileBytes

FILE = bytes(range(256)) * 40


def test_what_follows_a_header_costs_no_request() -> None:
    source = FileBytes(FILE)
    window = Window(source)

    async def look() -> None:
        assert await window.take(100, 8) == FILE[100:108]
        assert await window.take(108, 1000) == FILE[108:1108]
        assert await window.take(100 + READ_AHEAD - 8, 8) == FILE[100 + READ_AHEAD - 8 : 100 + READ_AHEAD]
        assert (source.reads, source.bytes_read) == (1, READ_AHEAD)
        assert await window.take(100, READ_AHEAD + 1) == FILE[100 : 101 + READ_AHEAD]
        assert (source.reads, source.bytes_read) == (2, 2 * READ_AHEAD + 1)

    asyncio.run(look())


@given(st.lists(st.tuples(st.integers(0, len(FILE) + 10), st.integers(0, 2 * READ_AHEAD)), max_size=8))
def test_what_is_asked_for_comes_as_far_as_the_file_has_it(asked: list[tuple[int, int]]) -> None:
    window = Window(FileBytes(FILE))

    async def look() -> None:
        for start, length in asked:
            assert await window.take(start, length) == FILE[start : start + length]

    asyncio.run(look())


def test_a_file_that_is_shorter_than_it_said_gives_what_it_has() -> None:
    source = FileBytes(FILE)
    window = Window(source)
    source.content = FILE[:500]
    assert asyncio.run(window.take(400, 300)) == FILE[400:500]
