"""Opening a stranger's file: guarded by what it is, or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.media.local import LocalBytes
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from tests.media.samples import sample


def test_the_guards_force_the_one_demuxer_that_was_found() -> None:
    guards = guards_of(sample("fps_25").path())
    assert guards[guards.index("-f") + 1] == "mov"
    assert guards[guards.index("-protocol_whitelist") + 1] == "file"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"#EXTM3U\nhttp://127.0.0.1/x", "reference_refused"),
        (b"words " * 99, "not_a_video"),
    ],
)
def test_what_is_no_video_is_refused_by_name(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(PlayheadError) as caught:
        guards_of(path)
    assert caught.value.code == code


async def test_a_local_file_is_read_in_ranges(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"0123456789")
    local = LocalBytes(path)
    assert local.size == 10
    assert await local.read(2, 3) == b"234"
    assert await local.read(8, 100) == b"89"
