"""The sandbox where namespaces are refused, as in stock containers: Landlock, system call filter, rlimits.

No privilege is needed. What it lacks beside bubblewrap: names and sizes of files elsewhere can be asked for
(not their contents), and an input within the scratch folder is not read-only. As root the program also
becomes a user of its own, who then owns the scratch folder; as anyone else it stays that user, and the
filter keeps it from other processes.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, cast

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.sandbox import launcher
from playhead.media.ffmpeg.sandbox.descriptors import readable_once
from playhead.media.ffmpeg.sandbox.paths import DEVICES, require_plain, system_paths
from playhead.media.ffmpeg.sandbox.port import Enclosure
from playhead.media.ffmpeg.sandbox.rlimits import kernel_limits, thread_limit
from playhead.media.ffmpeg.sandbox.seccomp import assemble, filter_program, this_architecture
from playhead.media.ffmpeg.tools import Tools
from playhead.model.errors import PlayheadError

# Rights to files (linux/landlock.h), by the version of the interface that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_REGULAR = 1 << 8
_FIRST_VERSION = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_SINCE = ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE))
# All of TCP since 4, abstract unix sockets and signals since 6: the filter refuses them on every kernel.
_NETWORK, _NETWORK_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6

_READ = _READ_FILE | _READ_DIR
# Not among them: folders, sockets, pipes, devices and links; nor removing, renaming, or running what was written.
_SCRATCH = _READ | _WRITE_FILE | _TRUNCATE | _MAKE_REGULAR
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
"""The rights that mean something for a single file; the kernel refuses a rule with others."""


class Plan(TypedDict):
    """What `launcher.py` is to do."""

    parent: int
    """The worker's process number."""
    limits: dict[str, tuple[int, int]]
    """Soft and hard, by the name of RLIMIT_ in lower case."""
    thread_limit: tuple[int, int]
    handled: tuple[int, int, int]
    """Landlock's rights that this kernel knows: files, network, scopes."""
    rules: list[tuple[str, int]]
    """Paths, and the rights beneath them."""
    scratch: str | None
    seccomp: bytes
    argv: tuple[str, ...]


class Landlock:
    """Starts ffmpeg through `launcher.py`, which locks itself in first."""

    name = "landlock"

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @cached_property
    def version(self) -> int:
        """The kernel's version of the interface.

        Raises: PlayheadError `sandbox_unavailable` when it has none.
        """
        version = int(ctypes.CDLL(None).syscall(launcher.CREATE_RULESET, None, ctypes.c_size_t(0), 1))
        if version < 1:
            raise PlayheadError("sandbox_unavailable", "This kernel has no Landlock, or it is switched off.")
        return version

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        """Return the launcher's argv; its one descriptor is the plan.

        Raises: see the port.
        """
        del inherit  # open descriptors stay open; Landlock is about opening more
        program = str(self._tools.path(invocation.program))
        require_plain(invocation)
        plan = Plan(
            parent=os.getpid(),
            limits=kernel_limits(invocation.limits),
            thread_limit=thread_limit(invocation.limits),
            handled=self._handled,
            rules=self._rules(program, invocation),
            scratch=str(invocation.scratch) if invocation.scratch else None,
            seccomp=self._filter,
            argv=(program, *invocation.arguments),
        )
        descriptor = readable_once(marshal.dumps(cast("dict[str, Any]", plan)), "plan")
        # -I: no environment, no current folder, no user's site; -S: no site at all; -B: write no bytecode.
        python = (sys.executable, "-I", "-S", "-B")
        return Enclosure((*python, launcher.__file__, str(descriptor)), (descriptor,))

    @cached_property
    def _handled(self) -> tuple[int, int, int]:
        files = _FIRST_VERSION | sum(right for since, right in _SINCE if self.version >= since)
        return (
            files,
            _NETWORK if self.version >= _NETWORK_SINCE else 0,
            _SCOPES if self.version >= _SCOPES_SINCE else 0,
        )

    def _rules(self, program: str, invocation: Invocation) -> list[tuple[str, int]]:
        wanted = [*self._system_rules, (program, _READ | _EXECUTE)]
        wanted += [(str(path), _READ) for path in invocation.reads]
        if invocation.scratch is not None:
            wanted.append((str(invocation.scratch), _SCRATCH))
        known = self._handled[0]
        return [
            (path, rights & known if Path(path).is_dir() else rights & known & _ON_FILES)
            for path, rights in wanted
        ]

    @cached_property
    def _system_rules(self) -> list[tuple[str, int]]:
        readable = [(path, _READ | _EXECUTE) for path in system_paths(self._tools).readable]
        return [*readable, *((device, _READ_FILE | _WRITE_FILE) for device in DEVICES)]

    @cached_property
    def _filter(self) -> bytes:
        return assemble(filter_program(this_architecture()))
