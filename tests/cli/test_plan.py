"""`playhead plan` tells what would be made of a file, or by name why nothing would."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, terminal

__all__ = ["terminal"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "clip.mp4"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"),
            *("-f", "lavfi", "-i", "sine=duration=1", "-c:v", "libx264", "-preset", "ultrafast"),
            *("-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
        ],
        check=True,
        timeout=60,
    )
    return path


def test_it_tells_the_source_and_the_renditions(terminal: Terminal, clip: Path) -> None:
    done = terminal("plan", clip, "--resolutions", "144p,720p", "--thumbnails", "0.5")
    assert done.code == 0, done.err
    assert done.lines[0].startswith("source  320x240 h264 25.000 fps, aac 1 ch 44100 Hz, 1.0")
    assert "chunks  1," in done.lines[1]
    told = {line.split()[0]: line for line in done.lines}
    assert "192x144" in told["144p"]
    assert "320x240" in told["720p"]
    assert "it is not enlarged" in told["720p"]
    assert done.lines[-1] == "image 1 at 0.500 s"


def test_json_has_the_whole_plan(terminal: Terminal, clip: Path) -> None:
    (told,) = terminal("plan", clip, "--json").json
    assert told["source"]["video"]["width"] == 320
    assert [rendition["resolution"] for rendition in told["plan"]["renditions"]]
    assert sum(chunk["frames"] for chunk in told["plan"]["chunks"]) == 25


def test_a_file_that_is_no_video_is_told_by_sentence(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video\n")
    done = terminal("plan", tmp_path / "notes.mp4")
    assert (done.code, done.out) == (1, "")
    assert "not a video" in done.err


@pytest.mark.parametrize(("option", "value"), [("--resolutions", "9000p"), ("--thumbnails", "soon")])
def test_what_cannot_be_asked_for_is_misuse(terminal: Terminal, clip: Path, option: str, value: str) -> None:
    done = terminal("plan", clip, option, value)
    assert done.code == 2
    assert option in done.err
