"""Where ffmpeg and ffprobe are and what they can do."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playhead.media.ffmpeg.invocation import Program
from playhead.model.errors import PlayheadError


@dataclass(frozen=True)
class Tools:
    """The two programs, found once at start."""

    ffmpeg: Path
    ffprobe: Path
    libraries: tuple[Path, ...] = ()
    """Folders outside of the system's own that the programs load code from; readable in the sandbox."""

    def path(self, program: Program) -> Path:
        """Return the absolute path of a program.

        Raises: PlayheadError `tool_missing` when it has gone since the start.
        """
        path = self.ffmpeg if program == "ffmpeg" else self.ffprobe
        if not path.is_file():
            raise PlayheadError("tool_missing", f"{program} is no longer where it was found at the start.")
        return path


@lru_cache
def system_program(name: str) -> str:
    """Return the absolute path of a small program of the system (`nice`, `prlimit`, `setpriv`, `bwrap`).

    Raises: PlayheadError `sandbox_unavailable` naming it when it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise PlayheadError("sandbox_unavailable", f"The program {name} is not installed on this machine.")
    return found
