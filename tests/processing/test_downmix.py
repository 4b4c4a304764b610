"""Sound of any number of channels is heard in stereo: what was on the left is on the left, and nobody is lost."""

from __future__ import annotations

import array
import math
import subprocess
from pathlib import Path

import pytest

from playhead.media.ffmpeg.encode import ChunkInput, audio_invocation
from playhead.media.ffmpeg.invocation import Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.source import guards_of
from playhead.processing.examine import examine
from playhead.processing.planning import plan
from tests.media.mp4.clips import ffmpeg

SANDBOX = NoSandbox(find_tools())
RATE, SECONDS = 48_000, 1
LAYOUTS = {
    "mono": "C",
    "stereo": "LR",
    "quad": "LRLR",
    "5.1": "LRC-LR",  # front left and right, centre, the low one, back left and right
    "7.1": "LRC-LRLR",
}
"""Of each channel, where it is to be heard; `-` is the low one, which stereo leaves out."""


def pitch(channel: int) -> int:
    """What is played on a channel, in Hz: whole waves in the time that is looked at."""
    return 400 + 200 * channel


def level(samples: array.array[int], hertz: int) -> float:
    """How loud one pitch is in a channel of 16 bits, as a share of full scale (Goertzel's filter)."""
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    power = max(0.0, last * last + before * before - turn * last * before)
    return 2 * math.sqrt(power) / len(samples) / 32768


async def heard(layout: str, folder: Path) -> tuple[array.array[int], array.array[int]]:
    """The middle of what is made of a sound with a pitch on each channel, left and right."""
    source, made = folder / "source.wav", folder / "audio.mp4"
    tones = "|".join(f"0.2*sin({pitch(number)}*2*PI*t)" for number in range(len(LAYOUTS[layout])))
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{tones}':c={layout}:s={RATE}:d={SECONDS}", source)
    info, timeline = (await examine(source, SANDBOX, 3600))[:2]
    planned = plan(info, timeline, ["144p"], ())
    given = ChunkInput(source, info.shown, guards_of(source))
    await run(audio_invocation(given, planned, made, RATE, SECONDS, Limits()), sandbox=SANDBOX)
    told = f"ffmpeg -nostdin -v error -i {made} -ss 0.5 -t 0.25 -f s16le -".split()
    both = array.array("h", subprocess.run(told, check=True, capture_output=True).stdout)
    return both[0::2], both[1::2]


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_each_channel_is_heard_where_it_was(layout: str, tmp_path: Path) -> None:
    left, right = await heard(layout, tmp_path)
    assert len(left) == len(right) == RATE // 4
    for number, place in enumerate(LAYOUTS[layout]):
        on_left, on_right = level(left, pitch(number)), level(right, pitch(number))
        if place == "-":
            assert max(on_left, on_right) < 0.005
        elif place == "C":
            assert on_left == pytest.approx(on_right, rel=0.1)
            assert on_left > 0.02
        else:
            near, far = (on_left, on_right) if place == "L" else (on_right, on_left)
            assert near > 0.02
            assert far < near / 10
