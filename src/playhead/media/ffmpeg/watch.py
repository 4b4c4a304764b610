"""The watch on a running process: the limits the kernel does not enforce by itself."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playhead.media.ffmpeg.failures import (
    over_memory,
    over_scratch,
    over_threads,
    over_wall_time,
    quiet_too_long,
)
from playhead.media.ffmpeg.invocation import Limits
from playhead.model.errors import PlayheadError

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
# A scratch folder of an encode holds a few files; walking stops here, and so does the process.
_MOST_FILES = 10_000
_BEYOND_COUNTING = 2**63
_NUMBERS = re.compile(rb"^(VmRSS|VmSwap|VmHWM|Threads):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """What a process and its children use at one moment."""

    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    threads: int = 0
    scratch_bytes: int = 0


class Watch:
    """Judges samples against limits; pure but for what it remembers. All times are of one monotonic clock."""

    def __init__(self, limits: Limits, started: float) -> None:
        self._limits = limits
        self._started = started
        self._moved = started
        self._last_cpu = 0.0
        self.cpu_counts_as_progress = False
        """ffprobe reports nothing while it reads; its CPU limit stops one that spins."""

    def moved(self, now: float) -> None:
        """Note that the process got somewhere."""
        self._moved = now

    def judge(self, sample: Sample, now: float) -> PlayheadError | None:
        """Return why the process must be stopped, or None."""
        limits = self._limits
        if self.cpu_counts_as_progress and sample.cpu_seconds > self._last_cpu:
            self._moved = now
        self._last_cpu = sample.cpu_seconds
        if sample.memory_bytes > limits.memory_bytes:
            return over_memory(limits)
        if sample.scratch_bytes > limits.scratch_bytes:
            return over_scratch(limits)
        if sample.threads > limits.threads:
            return over_threads(limits)
        if now - self._started > limits.wall_seconds:
            return over_wall_time(limits)
        if now - self._moved > limits.quiet_seconds:
            return quiet_too_long(limits)
        return None


def take_sample(pid: int, scratch: Path | None) -> Sample:
    """Read `/proc` for `pid` and its children, and measure `scratch`; what is gone counts nothing."""
    cpu = memory = threads = 0
    members = (pid, *_children(pid))
    for member in members:
        status = _status(member)
        memory += status.get("VmRSS", 0) + status.get("VmSwap", 0)
        threads += status.get("Threads", 0)
        cpu += _cpu_ticks(member)
    return Sample(
        cpu_seconds=cpu / _CLOCK_TICKS,
        memory_bytes=memory * 1024,
        threads=threads,
        scratch_bytes=_folder_bytes(scratch) + _nameless_bytes(members) if scratch else 0,
    )


def peak_memory(pid: int) -> int:
    """Return the most memory in bytes that `pid` and its children have had so far; 0 when they are gone."""
    return sum(_status(member).get("VmHWM", 0) for member in (pid, *_children(pid))) * 1024


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []  # ended meanwhile
    found = [int(child) for child in listed.split()]
    return found + [deeper for child in found for deeper in _children(child)]


def _status(pid: int) -> dict[str, int]:
    """Return the numbers of /proc/PID/status; memory is in KiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return {}
    return {name.decode(): int(number) for name, number in _NUMBERS.findall(text)}


def _cpu_ticks(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    fields = text.rpartition(")")[2].split()  # the name in brackets may hold anything
    return int(fields[11]) + int(fields[12])  # utime, stime


def _folder_bytes(folder: Path) -> int:
    """What the files of a folder take; beyond counting where there are too many, or a folder cannot be listed."""
    total = files = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if files > _MOST_FILES:
                        return _BEYOND_COUNTING
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                return _BEYOND_COUNTING  # whoever may not look, or not so deep, must not take it for empty
            # else it was removed while we looked
    return total


def _nameless_bytes(pids: Iterable[int]) -> int:
    """What files take that a process holds open and no folder lists any more.

    A sandbox lets none come about. Without one, processes are the worker's own user, and can be looked into.
    """
    held: dict[tuple[int, int], int] = {}
    for pid in pids:
        with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
            for descriptor in descriptors:
                with suppress(OSError):  # closed while we looked, or another user's
                    found = os.stat(descriptor.path)
                    if stat.S_ISREG(found.st_mode) and not found.st_nlink:
                        held[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(held.values())
