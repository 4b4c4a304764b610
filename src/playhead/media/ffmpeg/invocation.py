"""What one start of ffmpeg or ffprobe is: its arguments, the files it may see, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

MIB = 1024 * 1024
GIB = 1024 * MIB

AWAITED = 5
"""The niceness of what a viewer waits for: after web processes and the database, before all that can wait."""

Program = Literal["ffmpeg", "ffprobe", "python"]


@dataclass(frozen=True)
class Limits:
    """What one process may use before it is stopped.

    Everything is enforced by the kernel where the kernel can (`sandbox/rlimits.py`) and by the door's
    watch where it cannot (`watch.py`), which looks every 250 ms and so may be late by that much.
    """

    wall_seconds: float = 1800
    quiet_seconds: float = 60
    """Without progress: no frame, no output time, no byte of output."""
    cpu_seconds: int = 7200
    """Of all threads together."""
    memory_bytes: int = 4 * GIB
    file_bytes: int = 16 * GIB
    """Of each file it writes."""
    scratch_bytes: int = 32 * GIB
    """Of everything in the scratch folder together."""
    stdout_bytes: int = 256 * MIB
    threads: int = 1024
    open_files: int = 64


@dataclass(frozen=True)
class Invocation:
    """One start of a program: pure data, made by the argv builders."""

    program: Program
    arguments: tuple[str, ...]
    """Without the program's name and without `-progress`, `-nostats`, `-nostdin`: the door adds those."""
    reads: tuple[Path, ...] = ()
    """Absolute paths of the only files (or folders) it may read; the same paths as in the arguments."""
    scratch: Path | None = None
    """The only folder it may write to; it must exist. It is also the working directory."""
    limits: Limits = field(default_factory=Limits)
    niceness: int = 19
    """How far it gives way to everything else on the machine (nice(1)); a probe never does."""
