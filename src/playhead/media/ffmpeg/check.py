"""The arguments that decode what was made, and how the answer is read. Pure; golden-tested.

All of a piece would cost a sixth of encoding it. Every key frame, and one group of pictures whole, cost a
thirtieth: a broken encoder, header or disk shows there as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playhead.media.ffmpeg.hardening import input_arguments
from playhead.media.ffmpeg.invocation import GIB, Invocation, Limits

LIMITS = Limits(wall_seconds=300, quiet_seconds=60, cpu_seconds=300, memory_bytes=4 * GIB)
SOUND_SECONDS = 5
"""How much of a sound's beginning and of its end is decoded."""


@dataclass(frozen=True)
class Probe:
    """A part of one file to be decoded."""

    path: Path
    pictures: bool
    key_frames_only: bool = False
    from_seconds: float | None = None
    """Decode from the last key frame before this time on; None: from the beginning."""
    seconds: float | None = None
    """How much to decode; None for all that follows."""


def check_invocation(probes: Sequence[Probe]) -> Invocation:
    """Decode each probe; stdout gets a line per frame. Fails at the first thing a decoder complains of."""
    arguments = ["-hide_banner", "-v", "error", "-xerror"]  # a complaint is a failure, not a message
    for probe in probes:
        arguments += _input(probe)
    for number, probe in enumerate(probes):
        arguments += ["-map", f"{number}:{'v' if probe.pictures else 'a'}:0"]
    arguments += ["-fps_mode", "passthrough"]  # every frame once
    arguments += ["-f", "framecrc", "-"]  # a line per frame, that tells its stream
    return Invocation(
        "ffmpeg",
        tuple(arguments),
        reads=tuple(dict.fromkeys(probe.path for probe in probes)),
        limits=LIMITS,
    )


def _input(probe: Probe) -> list[str]:
    arguments = [
        *("-err_detect", "explode"),  # nothing is concealed
        *("-threads", "1"),  # starting threads costs more than they save here
        *("-skip_loop_filter", "all"),  # smoothing edges costs a quarter and tells nothing
    ]
    if probe.key_frames_only:
        arguments += ["-skip_frame", "nokey"]  # the others are dropped before they are decoded
    if probe.from_seconds is not None:
        arguments += ["-noaccurate_seek", "-ss", f"{probe.from_seconds:.6f}"]  # from the key frame there on
    if probe.seconds is not None:
        arguments += ["-t", f"{probe.seconds:.6f}"]
    return [*arguments, *input_arguments("mov"), "-i", str(probe.path)]


def read_frames(stdout: bytes) -> Counter[int]:
    """How many frames each probe gave, by its number."""
    numbers: Counter[int] = Counter()
    for line in stdout.splitlines():
        stream, comma, _ = line.partition(b",")
        if comma and stream.strip().isdigit():
            numbers[int(stream)] += 1
    return numbers
