"""No sandbox: only for `PLAYHEAD_UNSAFE_NO_SANDBOX`, on a machine whose owner trusts every file."""

from __future__ import annotations

from dataclasses import dataclass

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.sandbox.port import Enclosure
from playhead.media.ffmpeg.sandbox.rlimits import kernel_limits, prlimit_options
from playhead.media.ffmpeg.tools import Tools, system_program


@dataclass(frozen=True)
class NoSandbox:
    """Keeps the limits and the death with the parent, and nothing else."""

    tools: Tools
    name: str = "none"

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        """Return the bare program behind util-linux's prefix programs (1 ms each)."""
        del inherit  # a descriptor passed to a prefix program reaches the program itself
        return Enclosure(
            (
                system_program("setpriv"),
                "--pdeathsig=KILL",  # a worker that is killed takes its ffmpeg along
                "--no-new-privs",  # no program it starts may be set-uid
                system_program("prlimit"),
                *prlimit_options(kernel_limits(invocation.limits)),
                str(self.tools.path(invocation.program)),
                *invocation.arguments,
            )
        )
