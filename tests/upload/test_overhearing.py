"""Overhearing an index: told whole and once, whatever the blocks, and nothing of the file is changed by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.upload import overhearing
from playhead.upload.overhearing import AT_ONCE, OnIndex, Overhearing
from playhead.upload.part import Part
from playhead.upload.sessions import Uploads, source_name
from tests.upload.station import opened, send, station

__all__ = ["station"]

Told = list[tuple[str, int, bytes]]


def box(kind: bytes, payload: bytes = b"") -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + kind + payload


FTYP, MOOV, MDAT = box(b"ftyp", b"mp42\0\0\0\0"), box(b"moov", bytes(500)), box(b"mdat", bytes(1000))
FREE = box(b"free", bytes(30))


async def blocks_of(data: bytes, step: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), step):
        yield data[at : at + step]


def into(told: Told) -> OnIndex:
    async def note(key: str, size: int, head: bytes) -> None:
        told.append((key, size, head))

    return note


async def heard(data: bytes, step: int, size: int | None = None) -> Told:
    told: Told = []
    listener = Overhearing(into(told))
    blocks = listener.heard(blocks_of(data, step), "key", len(data) if size is None else size)
    assert b"".join([block async for block in blocks]) == data
    await asyncio.sleep(0)
    return told


@given(
    step=st.integers(1, 2000), before=st.sampled_from([b"", FREE]), behind=st.sampled_from([b"", MDAT, MOOV])
)
async def test_an_index_that_comes_first_is_told_once(step: int, before: bytes, behind: bytes) -> None:
    film = FTYP + before + MOOV + behind
    assert await heard(film, step) == [("key", len(film), FTYP + before + MOOV)]


@pytest.mark.parametrize(
    "film",
    [
        FTYP + MDAT + MOOV,
        FTYP + MOOV[:-1],
        FTYP + box(b"moof") + MOOV,
        FTYP + b"\0\0\0\1moov" + bytes(600),
        FTYP + b"\0\0\0\0moov" + bytes(600),
        FTYP + b"\xff\xff\xff\xffmoov" + bytes(600),
        b"GIF89a" + bytes(1000),
        b"moov",
        b"",
    ],
)
@pytest.mark.parametrize("step", [1, 7, 4096])
async def test_of_anything_else_nothing_is_told(film: bytes, step: int) -> None:
    assert await heard(film, step) == []


async def test_an_index_beyond_the_file_or_beyond_bounds_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    film = FTYP + MOOV + MDAT
    assert await heard(film, 100, size=len(FTYP + MOOV) - 1) == []
    monkeypatch.setattr(overhearing, "MOST_BYTES", len(FTYP + MOOV) - 1)
    assert await heard(film, 100) == []


async def test_only_some_files_are_held_in_memory_at_a_time_and_others_follow() -> None:
    told: Told = []
    listener = Overhearing(into(told))
    film = FTYP + MOOV + MDAT
    begun = [listener.heard(blocks_of(film, 10), str(number), len(film)) for number in range(AT_ONCE + 1)]
    firsts = [await anext(each) for each in begun]
    # One is given up, one comes to its end; the one that found nobody listening arrives as well.
    await begun[0].aclose()  # type: ignore[attr-defined]
    for first, each in list(zip(firsts, begun, strict=True))[1:]:
        assert first + b"".join([block async for block in each]) == film
    await asyncio.sleep(0.01)
    assert [key for key, _, _ in told] == [str(number) for number in range(1, AT_ONCE)]
    for number in range(AT_ONCE):
        assert (
            b"".join([each async for each in listener.heard(blocks_of(film, 10), f"then {number}", 7)])
            == film
        )
    blocks = listener.heard(blocks_of(film, 10), "last", len(film))
    assert b"".join([block async for block in blocks]) == film
    await asyncio.sleep(0.01)
    assert told[-1][0] == "last"


async def test_what_is_being_judged_is_held_in_memory_too() -> None:
    judging: list[str] = []
    done = asyncio.Event()

    async def judge(key: str, _size: int, _head: bytes) -> None:
        judging.append(key)
        await done.wait()
        raise RuntimeError("a film of which nothing can be made")

    listener, film = Overhearing(judge), FTYP + MOOV + MDAT

    async def go_by(key: str) -> None:
        assert b"".join([block async for block in listener.heard(blocks_of(film, 10), key, 2000)]) == film
        await asyncio.sleep(0.01)

    for number in range(AT_ONCE + 1):
        await go_by(str(number))
    assert judging == [str(number) for number in range(AT_ONCE)]
    done.set()
    await asyncio.sleep(0.01)
    await go_by("then")
    assert judging[-1] == "then"


async def test_what_is_sent_whole_or_in_parts_is_overheard_under_the_name_of_its_source(
    station: Uploads,
) -> None:
    told: Told = []
    listening = replace(station, overhearing=Overhearing(into(told)))
    film = FTYP + MOOV + MDAT
    _, whole = await opened(listening, len(film))
    await send(listening, whole, film, announced=len(film))
    _, parted = await opened(listening, len(film))
    for part in (Part(0, 700, len(film)), Part(700, len(film), len(film))):
        data = film[part.start : part.stop]
        await listening.receive_part(parted["id"], part, blocks_of(data, 100), content_type="video/mp4")
    await asyncio.sleep(0.01)
    assert told == [(source_name(upload).key, len(film), FTYP + MOOV) for upload in (whole, parted)]
    assert listening.incoming.path(whole["id"]).read_bytes() == film
    assert listening.incoming.path(parted["id"]).read_bytes() == film
