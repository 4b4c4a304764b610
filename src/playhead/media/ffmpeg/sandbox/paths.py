"""What of the system a sandboxed program may read: its own file and the libraries it loads, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.tools import Tools
from playhead.model.errors import PlayheadError

# Where systems keep libraries. All of it is public: it came with the distribution. Nothing of /etc.
_LIBRARIES = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store")
# The dynamic loader's index of libraries, and the links by which Debian chooses among them (libblas).
_LOADER_FILES = ("/etc/ld.so.cache", "/etc/alternatives")
# Old names of the folders above: links where /usr is merged, real folders where it is not.
_OLD_NAMES = ("/lib", "/lib32", "/lib64")
# What programs expect of /dev: nothing, zeros, and chance from before getrandom.
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")


@dataclass(frozen=True)
class SystemPaths:
    """The part of the machine that is the same for every job."""

    readable: tuple[str, ...]
    """Existing folders and files to read, and to execute from."""
    links: tuple[tuple[str, str], ...]
    """Symbolic links to make inside, as (what they say, where they are)."""


def system_paths(tools: Tools) -> SystemPaths:
    """Look up what exists of the above on this machine."""
    real, links = [], []
    for name in _OLD_NAMES:
        path = Path(name)
        if path.is_symlink():
            links.append((str(path.readlink()), name))
        elif path.is_dir():
            real.append(name)
    wanted = (*_LIBRARIES, *_LOADER_FILES, *map(str, tools.libraries))
    return SystemPaths((*real, *(path for path in wanted if Path(path).exists())), tuple(links))


def require_plain(invocation: Invocation) -> None:
    """Check that the paths of an invocation can be shown inside under their own names.

    Raises: PlayheadError `source_missing` when an input has gone; ValueError for a relative path or a scratch
    folder that does not exist, which are mistakes of the caller.
    """
    for path in (*invocation.reads, *([invocation.scratch] if invocation.scratch else [])):
        if not path.is_absolute() or ".." in path.parts:
            raise ValueError(f"a sandboxed path must be absolute and plain: {path}")
    if invocation.scratch is not None and not invocation.scratch.is_dir():
        raise ValueError(f"the scratch folder does not exist: {invocation.scratch}")
    if not all(path.exists() for path in invocation.reads):
        raise PlayheadError("source_missing", "The file to read is no longer there.")
