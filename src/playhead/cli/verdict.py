"""What a preflight said, in lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rich.filesize import decimal

from playhead.client import Preflight

_SAID = {
    "fit": "can be played as it is",
    "encode": "will be encoded",
    "unknown": "what will become of it is not known yet",
}


def lines(told: Preflight) -> Iterator[str]:
    """The verdict with its reasons, then what would be made; nothing of a file that is refused."""
    said = _SAID.get(told.verdict)
    if said is None:
        return
    yield f"{said}: {'; '.join(told.reasons)}" if told.reasons else said
    if told.plan is not None:
        sizes = ", ".join(f"{each.resolution} {each.width}x{each.height}" for each in told.plan.renditions)
        work, space = told.plan.cpu_seconds, told.plan.bytes
        yield (
            f"{sizes}; about {_seconds(work.low)} to {_seconds(work.high)} of one core, "
            f"{decimal(int(space.low))} to {decimal(int(space.high))} of storage"
        )


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
