"""What processes have used: CPU time of whole trees, their dead included, and memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

MB = 1_000_000
_TRIES = 50


def cpu_seconds(root: int) -> float:
    """User and system time of a process and all below it, so far.

    A process that was waited for counts with its parent (`cutime` and `cstime` in /proc), so a difference of
    two calls misses no ffmpeg that came and went in between. The kernel tells it to 10 ms per process.
    """
    for _ in range(_TRIES):
        try:
            top = psutil.Process(root)
            return sum(_own(process) for process in (top, *top.children(recursive=True)))
        except psutil.NoSuchProcess:
            continue  # one ended while we counted: its time is with its parent now, which was read before
    raise AssertionError(f"the processes below {root} come and go too fast to count")


def _own(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def below(root: int, word: str) -> list[int]:
    """The processes below one whose program or one of its arguments is `word`."""
    found = []
    for process in psutil.Process(root).children(recursive=True):
        try:
            words = [Path(part).name for part in process.cmdline()]
        except psutil.NoSuchProcess:
            continue
        if word in words:
            found.append(int(process.pid))
    return found


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    return [int(child.pid) for child in psutil.Process(pid).children()]


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM now, shared libraries counted in full."""
    return float(psutil.Process(pid).memory_info().rss) / MB


def proportional_mb(pids: Sequence[int]) -> float:
    """Memory of processes that share much, each shared page divided among its users."""
    return sum(float(psutil.Process(pid).memory_full_info().pss) for pid in pids) / MB


def forget_peak(pid: int) -> None:
    """Let the kernel count the peak of a process anew (`clear_refs` 5, proc(5))."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """The most memory a living process has had in RAM since it began, or since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / MB
    raise AssertionError(f"process {pid} has no memory: it has ended")


@dataclass(frozen=True)
class Cost:
    """What programs took, from the first start to the last end."""

    wall_seconds: float
    cpu_seconds: float


def spend(*commands: Sequence[str | Path], at_once: bool = False) -> Cost:
    """Run programs one after the other, or all at once.

    Raises:
        AssertionError: with what it said, when one of them fails.
    """
    started = time.perf_counter()
    used = 0.0
    running: list[subprocess.Popen[bytes]] = []
    for number, command in enumerate(commands, 1):
        running.append(start(command))
        if not at_once or number == len(commands):
            used += sum(reap(process) for process in running)
            running = []
    return Cost(time.perf_counter() - started, used)


def start(command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    """Start a reference program with nothing on its stdin and its stdout thrown away."""
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def reap(process: subprocess.Popen[bytes], *, stopped: bool = False) -> float:
    """Wait for its end; the CPU seconds that it and its children took. `stopped`: we have killed it.

    Raises:
        AssertionError: when it failed by itself.
    """
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert stopped or process.returncode == 0, said.decode(errors="replace")[-2000:]
    return usage.ru_utime + usage.ru_stime


def peak_of(command: Sequence[str | Path]) -> float:
    """Run a program and tell its peak memory in MB, looked at every 2 ms."""
    process, peak = start(command), 0.0
    while True:
        try:
            peak = max(peak, peak_mb(process.pid))
        except AssertionError:
            break  # ended, not waited for yet
        time.sleep(0.002)
    reap(process)
    return peak
