"""The bytes of an upload: measured, read in blocks, sent again, and never more than a block in memory."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from playhead.client import SourceChangedError, open_body
from playhead.client.body import BLOCK
from playhead.client.tally import Tally


def test_a_path_is_measured_and_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x" * 10)

    for source in (path, str(path)):
        with open_body(source) as body:
            assert (body.filename, body.size, body.repeatable) == ("clip.mp4", 10, True)
            assert b"".join(body.blocks(None)) == b"x" * 10


def test_another_name_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "a1b2.tmp"
    path.write_bytes(b"x")

    with open_body(path, "clip.mp4") as body:
        assert body.filename == "clip.mp4"


def test_an_open_file_is_sent_from_where_it_stands_and_left_open() -> None:
    file = io.BytesIO(b"headerbytes")
    file.seek(6)

    with open_body(file, "clip.mp4") as body:
        assert body.size == 5
        assert b"".join(body.blocks(None)) == b"bytes"
        parts = body.parts(to_be_played=False)
        assert parts is not None
        assert b"".join(body.range_blocks((1, 4), Tally(5, None))) == b"yte"

    assert not file.closed


async def test_the_event_loop_gets_the_same_blocks() -> None:
    content = os.urandom(BLOCK * 2 + 1)
    told: list[tuple[int, int]] = []

    with open_body(io.BytesIO(content), "clip.mp4") as body:
        blocks = [block async for block in body.ablocks(lambda sent, size: told.append((sent, size)))]

    assert b"".join(blocks) == content
    assert [len(block) for block in blocks] == [BLOCK, BLOCK, 1]
    assert told == [(BLOCK, len(content)), (BLOCK * 2, len(content)), (len(content), len(content))]


def test_progress_counts_a_block_once_it_was_taken() -> None:
    told: list[int] = []

    with open_body(io.BytesIO(bytes(BLOCK + 1)), "clip.mp4") as body:
        blocks = body.blocks(lambda sent, _: told.append(sent))
        next(blocks)
        assert told == []
        next(blocks)
        assert told == [BLOCK]


def test_bytes_that_come_later_are_not_sent() -> None:
    file = io.BytesIO(b"12345")

    with open_body(file, "clip.mp4") as body:
        file.seek(0, os.SEEK_END)
        file.write(b"678")
        parts = body.parts(to_be_played=False)
        assert parts is not None
        assert parts.next == (0, 5)
        assert b"".join(body.range_blocks(parts.next, Tally(5, None))) == b"12345"


def test_a_file_that_shrank_is_named() -> None:
    file = io.BytesIO(b"12345")

    with open_body(file, "clip.mp4") as body:
        file.truncate(3)
        with pytest.raises(SourceChangedError, match=r"clip\.mp4 ended after 3 of 5 bytes"):
            list(body.blocks(None))


def test_a_pipe_needs_its_size(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"12345")
    os.close(theirs)

    with os.fdopen(ours, "rb") as pipe:
        with pytest.raises(ValueError, match="size="), open_body(pipe, "clip.mp4"):
            raise AssertionError("an unmeasured pipe was taken")
        with open_body(pipe, "clip.mp4", size=5) as body:
            assert not body.repeatable
            assert b"".join(body.blocks(None)) == b"12345"


def test_a_file_without_a_name_needs_one(tmp_path: Path) -> None:
    with (tmp_path / "numbered").open("wb+") as named, os.fdopen(os.dup(named.fileno()), "rb") as numbered:
        for nameless in (io.BytesIO(b"1"), numbered):
            with open_body(nameless) as body, pytest.raises(ValueError, match="filename="):
                body.named()


def test_a_missing_path_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_body(tmp_path / "none.mp4"):
        raise AssertionError("a missing file was taken")
