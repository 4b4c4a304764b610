"""Sound brought to one loudness: what is made is measured again, by another meter than the one that made it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from playhead.media.ffmpeg.encode import ChunkInput
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import find_tools
from playhead.media.source import guards_of
from playhead.model.loudness import CEILING_DBTP, TARGET_LUFS
from playhead.processing.examine import examine
from playhead.processing.planning import plan
from playhead.processing.sound import encode_sound
from tests.media.mp4.clips import ffmpeg

SANDBOX = NoSandbox(find_tools())

SOUNDS = {
    "whisper": "anoisesrc=d=12:a=0.01:c=pink",
    "roar": "anoisesrc=d=12:a=0.9:c=pink",
    "tone": "sine=440:d=8",
    # Quiet with a loud click each second: one gain for all of it would clip.
    "clicks": "aevalsrc='0.02*sin(2764*t)+if(lt(mod(t,1),0.002),0.95,0)':d=15:s=48000",
    "surround": "sine=300:d=8,pan=5.1|FC=c0|BL=0.5*c0|BR=0.5*c0",
    "short": "sine=440:d=1",
}


async def normalised(folder: Path, lavfi: str) -> Path:
    """As a worker does it."""
    path, made = folder / "source.wav", folder / "audio.mp4"
    ffmpeg("-f", "lavfi", "-i", lavfi, path)
    info, timeline = (await examine(path, SANDBOX, 3600))[:2]
    planned = plan(info, timeline, ["144p"], (), loudness="normalised")
    source = ChunkInput(path, info.shown, guards_of(path))
    await encode_sound(SANDBOX, source, planned, made, 48_000, planned.sound_seconds)
    return made


def metered(path: Path) -> tuple[float, float]:
    """Programme loudness in LUFS and true peak in dBTP, by ffmpeg's R 128 meter."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    summary = done.stderr.rpartition("Summary:")[2]
    found = [re.search(rf"{name}:\s+(-?[\d.]+|-inf)", summary) for name in ("I", "Peak")]
    loudness, peak = (float(match.group(1)) for match in found if match is not None)
    return loudness, peak


@pytest.mark.parametrize("name", SOUNDS)
async def test_it_is_within_one_unit_of_the_target_and_under_the_ceiling(name: str, tmp_path: Path) -> None:
    loudness, peak = metered(await normalised(tmp_path, SOUNDS[name]))
    assert loudness == pytest.approx(TARGET_LUFS, abs=1)
    assert peak < CEILING_DBTP + 1  # what AAC adds


async def test_silence_stays_silent(tmp_path: Path) -> None:
    assert metered(await normalised(tmp_path, "anullsrc=d=3"))[0] <= -70
