"""The sandbox of choice: bubblewrap's namespaces, our system call filter, prlimit. About 5 ms per start.

Needs unprivileged user namespaces, or root; stock containers refuse both (then see `landlock.py`).
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.sandbox.descriptors import readable_once
from playhead.media.ffmpeg.sandbox.paths import DEVICES, SystemPaths, require_plain, system_paths
from playhead.media.ffmpeg.sandbox.port import Enclosure
from playhead.media.ffmpeg.sandbox.rlimits import kernel_limits, prlimit_options, thread_limit
from playhead.media.ffmpeg.sandbox.seccomp import assemble, filter_program, this_architecture
from playhead.media.ffmpeg.tools import Tools, system_program

# Nobody, in a user namespace of the job's own: outside it is the worker's user, without any capability.
_NOBODY = "65534"
_OUTSIDE = "/"


class Bubblewrap:
    """Shows the program a root of its own: libraries, its inputs, its scratch folder, three devices."""

    name = "bubblewrap"

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        """Return bubblewrap's argv; its one descriptor is the filter.

        Raises: see the port.
        """
        del inherit  # bubblewrap leaves descriptors open
        program = str(self._tools.path(invocation.program))
        require_plain(invocation)
        limits = {**kernel_limits(invocation.limits), "nproc": thread_limit(invocation.limits)}
        argv = [
            system_program("bwrap"),
            *_ISOLATION,
            *_system(self._system),
            *_own_files(program, invocation),
        ]
        seccomp = readable_once(self._filter, "seccomp")
        argv += ["--seccomp", str(seccomp), "--"]
        # Limits are set inside, where the number of threads is counted for this job's namespace alone.
        argv += [system_program("prlimit"), *prlimit_options(limits)]
        return Enclosure((*argv, program, *invocation.arguments), (seccomp,))

    @cached_property
    def _filter(self) -> bytes:
        return assemble(filter_program(this_architecture()))

    @cached_property
    def _system(self) -> SystemPaths:
        return system_paths(self._tools)


_ISOLATION = (
    # Namespaces: an own network without any interface that leads out, own users, processes, IPC, host name.
    "--unshare-all",
    # No monitor between ffmpeg and us: its exit status, CPU time and memory come back through wait4.
    "--as-pid-1",
    "--die-with-parent",  # a worker that is killed takes its ffmpeg along
    *("--cap-drop", "ALL"),
    *("--uid", _NOBODY, "--gid", _NOBODY),
)


def _system(paths: SystemPaths) -> list[str]:
    readable = chain.from_iterable(("--ro-bind", path, path) for path in paths.readable)
    links = chain.from_iterable(("--symlink", target, place) for target, place in paths.links)
    # Single devices, not bubblewrap's --dev: that one brings a writable /dev/shm.
    devices = chain.from_iterable(("--dev-bind", device, device) for device in DEVICES)
    # No /proc: nothing needed is in it.
    return [*readable, *links, *devices]


def _own_files(program: str, invocation: Invocation) -> list[str]:
    prlimit = system_program("prlimit")
    options = ["--ro-bind", prlimit, prlimit, "--ro-bind", program, program]
    if invocation.scratch is not None:
        # Before the inputs, so that an input within the scratch folder is read-only all the same.
        options += ["--bind", str(invocation.scratch), str(invocation.scratch)]
    for path in invocation.reads:
        options += ["--ro-bind", str(path), str(path)]
    # The root itself is memory: without this, a place to write without a limit.
    options += ["--remount-ro", _OUTSIDE]
    return [*options, "--chdir", str(invocation.scratch or _OUTSIDE)]
