"""The exact arguments ffmpeg is given, for each shape of input, against what was reviewed once.

`PLAYHEAD_GOLDEN=write` writes them anew; the difference is then read by a person.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from playhead.media.ffmpeg import encode, images, probe
from playhead.media.ffmpeg.encode import ChunkInput, audio_invocation, chunk_invocation
from playhead.media.ffmpeg.images import thumbnail_invocation
from playhead.media.ffmpeg.invocation import Invocation, Limits
from playhead.model.plan import Plan
from tests.records.conftest import example_plan

GOLDEN = Path(__file__).parents[2] / "golden" / "argv"
SOURCE = Path("/source")
BENCH = Path("/bench")
FLAG = re.compile(r'"(-[a-z][a-z_:]*)"')


def chunk_of(plan: Plan, number: int, *, safely: bool = False) -> Invocation:
    by_track = {planned.track: planned for planned in plan.renditions}
    outputs = [(planned, BENCH / f"{track}.mp4") for track, planned in by_track.items()]
    source = ChunkInput(path=SOURCE, stream=0, guards=("GUARDS",), safely=safely)
    return chunk_invocation(source, plan, plan.chunks[number], outputs, Limits())


PLAN = example_plan(("360p", "240p", "144p", "1080p"))
CASES = {
    "first-chunk": chunk_of(PLAN, 0),
    "later-chunk": chunk_of(PLAN, len(PLAN.chunks) - 1),
    "later-chunk-safely": chunk_of(PLAN, len(PLAN.chunks) - 1, safely=True),
    "one-track": chunk_of(example_plan(("144p",)), 1),
    "sound": audio_invocation(
        ChunkInput(path=SOURCE, stream=1, guards=("GUARDS",)), PLAN, BENCH / "audio.mp4", 44_100, Limits()
    ),
    "sound-of-a-telephone": audio_invocation(
        ChunkInput(path=SOURCE, stream=1, guards=("GUARDS",)), PLAN, BENCH / "audio.mp4", 8_000, Limits()
    ),
    "thumbnail": thumbnail_invocation(SOURCE, BENCH / "a.jpg", at_seconds=1.5),
}


@pytest.mark.parametrize("name", CASES)
def test_the_arguments_are_those_that_were_reviewed(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    if os.environ.get("PLAYHEAD_GOLDEN") == "write":
        path.write_text(json.dumps(CASES[name].arguments, indent=1) + "\n")
    assert list(CASES[name].arguments) == json.loads(path.read_text())


def test_what_is_read_and_written_is_what_the_sandbox_is_told() -> None:
    for invocation in CASES.values():
        assert invocation.reads[0] == SOURCE
        assert invocation.scratch == BENCH


@pytest.mark.parametrize("module", [encode, images, probe], ids=lambda module: module.__name__)
def test_each_flag_has_its_reason_beside_it(module: object) -> None:
    """On its own line or on one of the three before it, a comment; common words of every command excepted."""
    plain = {"-v", "-i", "-of", "-map", "-f", "-c", "-level"}
    lines = Path(str(module.__file__)).read_text().splitlines()  # type: ignore[attr-defined]
    without = [
        f"{number + 1}: {flag}"
        for number, line in enumerate(lines)
        for flag in FLAG.findall(line)
        if flag not in plain and "#" not in "".join(lines[max(0, number - 3) : number + 2])
    ]
    assert without == []
