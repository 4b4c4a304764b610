"""A glimpse of a film: the packets of its beginning and of its end, of all its streams, by one start of ffprobe.

Where a container has no table of its frames, reading our own index takes a while. What ffprobe says of both ends is
there by then, and the index is held against it.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from pathlib import Path

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.probe import LOOK_LIMITS, Packets, read_packets

FIRST_SECONDS = 4
"""How much of a film tells where its first chunk begins and ends: two seconds, and the frame behind them."""
MIDDLE_SECONDS, LAST_SECONDS = 2, 1
"""How much is asked for in the middle, and how far before the end."""
BEYOND_SECONDS = 4
"""How far behind the claimed end: who claims to be short is not listed as a whole."""

Glimpse = dict[int, Packets]
"""By ffmpeg's number of the stream. In each: the beginning, then the middle where it was asked for, then the end."""


def intervals(lasts: float | None, *, middle: bool) -> str:
    """What to ask for of a film that claims to last so many seconds, in ffprobe's words."""
    if lasts is None:
        return f"%+{FIRST_SECONDS}"
    if lasts < 2 * (FIRST_SECONDS + MIDDLE_SECONDS):  # its parts would lie one over the other
        return f"%+{2 * (FIRST_SECONDS + MIDDLE_SECONDS) + BEYOND_SECONDS}"
    last = f"{lasts - LAST_SECONDS:.6f}%+{LAST_SECONDS + BEYOND_SECONDS}"
    between = f"{lasts / 2:.6f}%+{MIDDLE_SECONDS}," if middle else ""
    return f"%+{FIRST_SECONDS},{between}{last}"


def glimpse_invocation(path: Path, guards: tuple[str, ...], asked: str) -> Invocation:
    """Ask for the packets of all streams within these intervals, without decoding any."""
    arguments = (
        *("-v", "error", *guards),
        "-show_packets",  # as they lie in the file: none is decoded
        *("-show_entries", "packet=stream_index,pts,duration,flags"),
        *("-of", "compact=p=0:nk=1:s=,"),  # bare values: the smallest text that ffprobe writes
        *("-read_intervals", asked),
        *("-i", str(path)),
    )
    return Invocation("ffprobe", arguments, reads=(path,), limits=LOOK_LIMITS)


def read_glimpse(stdout: bytes) -> Glimpse:
    """Read the answer."""
    lines: dict[bytes, list[bytes]] = defaultdict(list)
    for line in stdout.splitlines():
        stream, _, packet = line.partition(b",")
        lines[stream].append(packet)
    return {int(stream): read_packets(b"\n".join(told)) for stream, told in lines.items() if stream.isdigit()}


def beginning(packets: Packets, tick: Fraction) -> Packets:
    """Of a stream's packets those of the beginning; a tick is so many seconds."""
    times = [time for time in packets.pts if time is not None]
    end = min(times, default=0) + FIRST_SECONDS / tick
    behind = (number for number, time in enumerate(packets.pts) if time is not None and time >= end)
    return packets.first(next(behind, len(packets.pts)))
