"""The kernel's own limits, from `Limits`: one list for every sandbox."""

from __future__ import annotations

from playhead.media.ffmpeg.invocation import MIB, Limits

# The watch measures memory truly, but four times a second; the ceilings here are immediate, but blunt.
_ADDRESS_SPACE_PER_MEMORY = 4


def kernel_limits(limits: Limits) -> dict[str, tuple[int, int]]:
    """Return soft and hard limits by prlimit's long option names (`resource.RLIMIT_` in lower case)."""
    return {
        # Private writable memory; an allocation beyond it fails at once with "Cannot allocate memory".
        "data": _both(limits.memory_bytes),
        # Shared mappings escape `data`, so address space is capped too, loosely: thread stacks, allocator
        # arenas and 200 libraries reserve far more than they ever touch.
        "as": _both(limits.memory_bytes * _ADDRESS_SPACE_PER_MEMORY),
        # SIGXCPU at the soft limit names the cause; SIGKILL follows for a program that ignores it.
        "cpu": (limits.cpu_seconds, limits.cpu_seconds + 1),
        # One library keeps 32 KiB from being swapped out; nothing needs more.
        "memlock": _both(MIB),
        "fsize": _both(limits.file_bytes),
        "nofile": _both(limits.open_files),
        # A core file would be a copy of a user's video in a place nobody cleans.
        "core": _both(0),
    }


def thread_limit(limits: Limits) -> tuple[int, int]:
    """Return RLIMIT_NPROC, for sandboxes whose uid or user namespace is the job's own.

    The kernel counts it per user, so under a shared uid it would count strangers' threads.
    """
    return _both(limits.threads)


def prlimit_options(limits: dict[str, tuple[int, int]]) -> tuple[str, ...]:
    """Spell limits as options of util-linux prlimit."""
    return tuple(f"--{name}={soft}:{hard}" for name, (soft, hard) in limits.items())


def _both(value: int) -> tuple[int, int]:
    return value, value
