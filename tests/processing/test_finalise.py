"""A finished rendition is written out of its pieces, however many there are."""

from __future__ import annotations

import hashlib
import os
import resource
from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.packaging import Assembly, Span
from playhead.processing.finalise import BLOCK, _write

PIECES = 300
FILES = 50
"""Files more than are open that the process may open; by default there are a thousand, and a piece lasts 8 s."""


def test_a_film_may_have_more_pieces_than_a_process_files(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(PIECES + 1)]
    for number, path in enumerate(paths):
        path.write_bytes(number.to_bytes(4, "big") * 10)
    turns = [Span(source, at, 16) for number in range(PIECES) for source, at in ((number, 0), (PIECES, 20))]
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened + FILES, allowed[1]))
    try:
        digest = _write(Assembly(b"head", tuple(turns)), paths, tmp_path / "whole")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
    written = (tmp_path / "whole").read_bytes()
    sound = PIECES.to_bytes(4, "big") * 4
    assert written == b"head" + b"".join(number.to_bytes(4, "big") * 4 + sound for number in range(PIECES))
    assert digest == hashlib.sha256(written).hexdigest()


def test_a_long_stretch_is_copied_block_by_block_and_a_short_piece_is_noticed(tmp_path: Path) -> None:
    piece = tmp_path / "piece"
    piece.write_bytes(os.urandom(2 * BLOCK + 5))
    _write(Assembly(b"", (Span(0, 3, 2 * BLOCK + 2),)), [piece], tmp_path / "whole")
    assert (tmp_path / "whole").read_bytes() == piece.read_bytes()[3:]
    with pytest.raises(PlayheadError, match="shorter than its index"):
        _write(Assembly(b"", (Span(0, 3, 2 * BLOCK + 3),)), [piece], tmp_path / "other")
