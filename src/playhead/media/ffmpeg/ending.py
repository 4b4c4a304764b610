"""What becomes of a film's last seconds when they are decoded, by one start of ffprobe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.probe import LIMITS


@dataclass(frozen=True)
class Ending:
    """How much there is at a film's end, and how much of it can be seen."""

    packets: int
    frames: int


def ending_invocation(path: Path, guards: tuple[str, ...], stream: int, since: float) -> Invocation:
    """Decode one stream from the key frame before `since`, in seconds of the file's clock, to its end."""
    arguments = (
        *("-v", "error", *guards, "-select_streams", str(stream)),
        *("-show_packets", "-show_frames"),  # both: what goes into the decoder, and what comes out
        *(
            "-show_entries",
            "packet=flags:frame=pict_type",
        ),  # the least there is to tell of each: they are counted
        *("-read_intervals", f"{since:.6f}"),
        *("-of", "compact=nk=1"),  # each a line that begins with what it is
        *("-i", str(path)),
    )
    return Invocation("ffprobe", arguments, reads=(path,), limits=LIMITS)


def read_ending(stdout: bytes) -> Ending:
    """Read the answer."""
    kinds = [line.partition(b"|")[0] for line in stdout.splitlines()]
    return Ending(kinds.count(b"packet"), kinds.count(b"frame"))
