"""The verdict passes what is right and names what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.media.samples import Cache, Ready, sample
from tests.media.samples.flags import AAC, FASTSTART, H264_MP4, x264
from tests.media.samples.pictures import Picture
from tests.media.samples.recipes import Encode, tone
from tests.media.verdict import disagreements, shown_size

PLAIN = Ready(320, 180, 2.0, frames=50)


def made(tmp_path: Path, out: str, picture: Picture | None = None, seconds: float = 2) -> Path:
    return Cache(tmp_path).take(Encode(out, picture or Picture(), (tone(seconds),)), "a.mp4")


def test_a_right_rendition_has_no_disagreement(tmp_path: Path) -> None:
    assert disagreements(sample("fps_25").path(), PLAIN) == []
    smaller = made(tmp_path, f"-vf scale=256:144 {H264_MP4}")
    assert disagreements(smaller, PLAIN, short_side=144) == []


def test_a_thinned_out_rendition_is_right_only_above_60_a_second(tmp_path: Path) -> None:
    thin = made(tmp_path, f"-r 60 {H264_MP4}", Picture(rate="120", frames=120), 1)
    assert disagreements(thin, Ready(320, 180, 1.0, frames=120)) == []
    assert disagreements(thin, Ready(320, 180, 1.0, frames=58))


@pytest.mark.parametrize(
    ("out", "complaint"),
    [
        (f"-vf transpose=clock {H264_MP4}", "size is (180, 320)"),
        (f"-vf hflip,vflip {H264_MP4}", "corners are"),
        (f"-vf setsar=4/3 {H264_MP4}", "sample aspect ratio is 4/3"),
        (f"{x264(pixels='yuv444p')} {AAC} {FASTSTART}", "pixel format is yuv444p"),
        (f"{x264()} {AAC} -f mp4", "faststart is False"),
        (f"-c:v mpeg4 {AAC} {FASTSTART}", "codec is mpeg4"),
        (f"{x264()} -an {FASTSTART}", "0 sound tracks"),
        (f"-t 1 {H264_MP4}", "lasts 1."),
        (f"-r 50 {H264_MP4}", "doubled or out of order"),
        (f"-vf select=n-3 -fps_mode passthrough {H264_MP4}", "49 frames, not 50"),
        (f"-af adelay=500:all=1,atrim=end=2 {H264_MP4}", "sound starts at 0.5"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, out: str, complaint: str) -> None:
    found = disagreements(made(tmp_path, out), PLAIN)
    assert any(complaint in each for each in found), found


def test_sizes_are_never_above_the_source() -> None:
    portrait = replace(PLAIN, width=1080, height=1920)
    assert shown_size(portrait, 720) == (720, 1280)
    assert shown_size(portrait, 2160) == (1080, 1920)
    assert shown_size(portrait) == (1080, 1920)
