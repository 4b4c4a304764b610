"""What this ffmpeg can do, asked once at start: its version, and the names it was built with."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from playhead.media.ffmpeg.invocation import MIB, Invocation, Limits
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.tools import Tools
from playhead.model.errors import PlayheadError

OLDEST = (5, 1)
# A build from git names no release; its libavutil does. 57.28 came with ffmpeg 5.1.
_OLDEST_LIBAVUTIL = (57, 28)
_LIMITS = Limits(wall_seconds=30, cpu_seconds=20, stdout_bytes=4 * MIB)


@dataclass(frozen=True)
class Features:
    """The names are ffmpeg's own."""

    version: str
    """As ffmpeg prints it."""
    encoders: frozenset[str]
    decoders: frozenset[str]
    demuxers: frozenset[str]
    muxers: frozenset[str]
    filters: frozenset[str]

    def missing(self, *, encoders: tuple[str, ...] = (), filters: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return which of the wanted names this build lacks, in the order asked."""
        return tuple(
            [name for name in encoders if name not in self.encoders]
            + [name for name in filters if name not in self.filters]
        )


async def inspect(tools: Tools) -> Features:
    """Ask both programs for their version and ffmpeg for its lists; takes about 0.3 s.

    No sandbox: nothing but our own arguments goes in.

    Raises: PlayheadError `tool_missing` when either is older than 5.1 or does not answer as ffmpeg does.
    """
    sandbox = NoSandbox(tools)

    async def ask(option: str) -> str:
        invocation = Invocation("ffmpeg", ("-hide_banner", option), limits=_LIMITS)
        return (await run(invocation, sandbox=sandbox)).stdout.decode("utf-8", "replace")

    # `-version` goes to ffprobe too: a machine may have them from two packages.
    probe_version = (await run(Invocation("ffprobe", ("-version",), limits=_LIMITS), sandbox=sandbox)).stdout
    require_recent("ffprobe", probe_version.decode("utf-8", "replace"))
    lists = ("-encoders", "-decoders", "-demuxers", "-muxers", "-filters")
    version, *answers = await asyncio.gather(ask("-version"), *map(ask, lists))
    return Features(require_recent("ffmpeg", version), *map(names_of, answers))


def require_recent(program: str, answer: str) -> str:
    """Return the version that `-version` told.

    Raises: PlayheadError `tool_missing` for one that is too old or no version at all.
    """
    named = re.match(rf"{program} version (\S+)", answer)
    if named is None:
        raise PlayheadError("tool_missing", f"What was found as {program} does not answer like it.")
    version = named[1]
    release = re.match(r"n?(\d+)\.(\d+)", version)
    library = re.search(r"libavutil\s+(\d+)\.\s*(\d+)", answer)
    if release:
        recent = _pair(release) >= OLDEST
    else:
        recent = library is not None and _pair(library) >= _OLDEST_LIBAVUTIL
    if not recent:
        raise PlayheadError("tool_missing", f"{program} {version[:40]} is too old: 5.1 or newer is needed.")
    return version


def names_of(answer: str) -> frozenset[str]:
    """Return the names in one of ffmpeg's lists: flags, one or more names with commas, a description."""
    names: set[str] = set()
    for line in answer.splitlines():
        # The legend above the list has "=" where a name would be; headings have no flags before them.
        match = re.match(r" [A-Z.| ]{1,7} +([0-9A-Za-z_,.-]+) +\S", line)
        if match and not re.match(r" [A-Z.| ]{1,7} = ", line):
            names.update(match[1].split(","))
    return frozenset(names)


def _pair(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2])
