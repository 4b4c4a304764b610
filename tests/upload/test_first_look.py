"""A look at the first bytes: at the byte that tells, whatever the blocks, and only once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.media.source import HEAD_BYTES
from playhead.model.errors import PlayheadError
from playhead.upload.first_look import looked_at
from tests.upload.station import LOOKS_LIKE_MP4

TEXT = (b"No film at all.\n" * HEAD_BYTES)[: 3 * HEAD_BYTES]
FILM = LOOKS_LIKE_MP4.ljust(3 * HEAD_BYTES, b"a")


async def blocks_of(data: bytes, step: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        yield data[at : at + step]


@given(step=st.integers(1000, 4 * HEAD_BYTES), before=st.integers(0, HEAD_BYTES - 1))
async def test_a_text_is_refused_at_the_byte_that_tells(step: int, before: int) -> None:
    came = before

    async def take() -> None:
        nonlocal came
        async for block in looked_at(blocks_of(TEXT[before:], step), len(TEXT), TEXT[:before]):
            came += len(block)

    with pytest.raises(PlayheadError) as caught:
        await take()
    assert caught.value.code == "not_a_video"
    assert came < HEAD_BYTES


@given(step=st.integers(1000, 4 * HEAD_BYTES), size=st.sampled_from([None, len(FILM)]))
async def test_a_film_passes_as_it_is(step: int, size: int | None) -> None:
    assert b"".join([block async for block in looked_at(blocks_of(FILM, step), size)]) == FILM


async def test_what_was_looked_at_before_and_what_is_short_passes() -> None:
    rest = TEXT[HEAD_BYTES:]
    assert (
        b"".join([block async for block in looked_at(blocks_of(rest, 999), None, TEXT[:HEAD_BYTES])]) == rest
    )
    assert b"".join([block async for block in looked_at(blocks_of(TEXT[:99], 9), 99)]) == TEXT[:99]
