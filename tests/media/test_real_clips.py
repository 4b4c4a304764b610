"""The real clips are the ones that were meant, and what their table says of them is so."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import pytest

from tests.media import checks
from tests.media.samples import real


@pytest.mark.parametrize("each", real.CLIPS, ids=[each.name for each in real.CLIPS])
def test_clip_is_what_the_table_says(each: real.Clip) -> None:
    path = real.clip(each.name)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == each.sha256
    told = checks.describe(path)
    assert told.shown == (each.width, each.height)
    assert told.duration == pytest.approx(each.duration_seconds, abs=0.05)
    assert (told.audio_tracks > 0) == each.has_audio
    assert told.packets == each.frames


def test_another_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(content: bytes, folder: Path) -> Path:
        (folder / "x").write_bytes(content)
        return folder / "x"

    digest = hashlib.sha256(b"right").hexdigest()
    clips = tuple(
        real.Clip(name, f"{name}.mp4", digest, partial(fetch, content), 1, 1, 1.0, 1, False)
        for name, content in (("right", b"right"), ("wrong", b"wrong"))
    )
    monkeypatch.setattr(real, "CLIPS", clips)
    assert real.clip("right", tmp_path).read_bytes() == b"right"
    with pytest.raises(real.FetchError, match="SHA-256"):
        real.clip("wrong", tmp_path)
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["right.mp4"]
