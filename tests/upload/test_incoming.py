"""Bytes arriving: whole or not there at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from playhead.model.errors import PlayheadError
from playhead.upload.incoming import Incoming


class GoneError(Exception):
    """The sender went away."""


async def blocks(*parts: bytes, error: Exception | None = None) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(0)
    if error is not None:
        raise error


async def test_a_whole_body_takes_its_place(tmp_path: Path) -> None:
    incoming, upload = Incoming(tmp_path), uuid4()
    assert not await incoming.arrived(upload)
    assert await incoming.receive(upload, blocks(b"ab", b"", b"c"), limit=3) == 3
    assert await incoming.arrived(upload)
    assert incoming.path(upload).read_bytes() == b"abc"
    assert [path.name for path in incoming.path(upload).parent.iterdir()] == ["whole"]


async def test_a_broken_attempt_leaves_what_was_there(tmp_path: Path) -> None:
    incoming, upload = Incoming(tmp_path), uuid4()
    await incoming.receive(upload, blocks(b"first"), limit=10)
    with pytest.raises(GoneError):
        await incoming.receive(upload, blocks(b"sec", error=GoneError()), limit=10)
    with pytest.raises(PlayheadError) as caught:
        await incoming.receive(upload, blocks(b"too long a body"), limit=10)
    assert caught.value.code == "upload_too_large"
    assert incoming.path(upload).read_bytes() == b"first"
    assert [path.name for path in incoming.path(upload).parent.iterdir()] == ["whole"]


async def test_two_senders_never_mix(tmp_path: Path) -> None:
    incoming, upload = Incoming(tmp_path), uuid4()
    bodies = [bytes([letter]) * 3_000_000 for letter in b"xy"]
    await asyncio.gather(
        *(
            incoming.receive(
                upload, blocks(*(body[at : at + 4096] for at in range(0, len(body), 4096))), 1 << 30
            )
            for body in bodies
        )
    )
    assert incoming.path(upload).read_bytes() in bodies


async def test_what_arrived_can_be_handed_over_and_thrown_away(tmp_path: Path) -> None:
    incoming, first, second = Incoming(tmp_path), uuid4(), uuid4()
    await incoming.receive(first, blocks(b"abc"), limit=10)
    await incoming.hand_over(first, second)
    assert not await incoming.arrived(first)
    assert incoming.path(second).read_bytes() == b"abc"
    await incoming.discard(second)
    await incoming.discard(second)
    assert list(tmp_path.iterdir()) == []
