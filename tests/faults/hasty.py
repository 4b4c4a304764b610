"""`playhead` for fault tests: `python -m tests.faults.hasty …`. Only patience differs, which nobody can set."""

from __future__ import annotations

import sys
from functools import partial

from playhead.app import embedded, supervise
from playhead.cli.main import main
from playhead.processing import sound

QUIET_SECONDS = 10
"""Instead of a minute: how long an encode that hangs is waited for."""
START_SECONDS = 15.0
"""Instead of half a minute: how long PostgreSQL may take to start."""


def run(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    own = (sys.executable, "-m", "tests.faults.hasty")
    commands = partial(supervise.Commands, worker=(*own, "worker-process"))
    supervise.Commands = commands  # type: ignore[misc, assignment]
    sound.QUIET_SECONDS = QUIET_SECONDS
    embedded.READY_WITHIN = START_SECONDS
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
