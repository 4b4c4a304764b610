"""Key frames that are none: told by their first bytes, wherever the index says that they are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from playhead.media.mp4 import Movie, read_movie, with_keyframes_checked
from playhead.packaging.source import view
from tests.media.mp4.clips import AAC, X264, FileBytes, ffmpeg, picture, sound


def checked(path: Path) -> Movie:
    source = FileBytes(path)
    return asyncio.run(with_keyframes_checked(asyncio.run(read_movie(source)), source))


def made(folder: Path, *coding: str) -> Path:
    path = folder / "made.mp4"
    ffmpeg(*picture(4), *sound(4), *X264, "-b_strategy", "0", "-sc_threshold", "0", *coding, *AAC, path)
    return path


def test_an_open_gop_is_told_where_no_time_shows_it(tmp_path: Path) -> None:
    # Every 25th picture follows one that others refer to, so none is shown before a key frame it follows.
    path = made(tmp_path, "-bf", "2", "-g", "25", "-x264-params", "open-gop=1")
    assert view(asyncio.run(read_movie(FileBytes(path)))).reasons == ()
    assert view(checked(path)).reasons == ("open GOP",)


@pytest.mark.parametrize("gop", ["1", "12", "1000"])
def test_what_resets_the_decoder_is_left_alone(gop: str, tmp_path: Path) -> None:
    assert view(checked(made(tmp_path, "-bf", "2", "-g", gop))).reasons == ()


def test_what_is_not_there_is_left_to_others(tmp_path: Path) -> None:
    path = made(tmp_path, "-g", "25", "-movflags", "+faststart")
    path.write_bytes(path.read_bytes()[:-60_000])
    movie = checked(path)
    assert not movie.complete
    assert movie.video is not None
    assert movie.video.unfit == ""


def test_other_pictures_are_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "made.mp4"
    ffmpeg(*picture(1), "-c:v", "mpeg4", path)
    movie = checked(path)
    assert movie.video is not None
    assert movie.video.unfit == ""
