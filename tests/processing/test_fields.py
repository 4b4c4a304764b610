"""Interlaced pictures come out without combs, measured row by row; progressive ones are left alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.processing.examine import examine
from tests.media.samples import sample
from tests.processing.patches import through

WIDTH, HEIGHT = 320, 240
# Upright bars that move by eight pixels from field to field.
BARS = "geq=lum='if(lt(mod(X-8*N,64),32),40,200)':cb=128:cr=128"
WOVEN = {
    "top field first": ("interlace=scan=tff:lowpass=0", "-c:v mpeg2video -q:v 2 -flags +ilme+ildct -top 1"),
    "bottom field first": (
        "interlace=scan=bff:lowpass=0",
        "-c:v mpeg2video -q:v 2 -flags +ilme+ildct -top 0",
    ),
    "h264": ("interlace=scan=tff:lowpass=0", "-c:v libx264 -crf 10 -flags +ilme+ildct -x264opts tff=1"),
}


def combing(path: Path, frame: int) -> float:
    """How much brightness differs from row to row, per pixel: upright bars have none, a comb has."""
    select = f"select=eq(n\\,{frame}),format=gray"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-vf", select, "-frames:v", "1"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    assert len(raw) == WIDTH * HEIGHT
    return sum(abs(a - b) for a, b in zip(raw, raw[WIDTH:], strict=False)) / len(raw)


@pytest.mark.parametrize("name", WOVEN)
def test_combs_are_gone(name: str, tmp_path: Path) -> None:
    weave, codec = WOVEN[name]
    path = tmp_path / "woven.ts"
    source = f"nullsrc=s={WIDTH}x{HEIGHT}:r=50:d=1,format=yuv420p,{BARS}"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-vf", weave, *codec.split()]
    subprocess.run([*command, str(path)], check=True)
    made = through(path, tmp_path)
    assert made.plan.deinterlace
    assert combing(path, 10) > 30
    assert combing(made.path, 10) < 3


async def test_progressive_pictures_are_not_touched() -> None:
    info, _, _ = await examine(sample("fps_25").path(), NoSandbox(find_tools()), 3600)
    assert info.video is not None
    assert not info.video.interlaced
