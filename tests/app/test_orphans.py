"""Grandchildren that lose their parent come to the supervisor, which buries the dead and leaves nobody alive."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil

# A grandchild in a session of its own, whose parent ends at once; then one more that is dead already.
SCRIPT = """
import asyncio, subprocess, sys, time
from playhead.app import orphans

def abandon(command):
    shell = ["sh", "-c", f"setsid {command} >/dev/null 2>&1 & echo $!"]
    return subprocess.run(shell, capture_output=True, text=True, check=True).stdout.strip()

async def main():
    orphans.adopt()
    burying = asyncio.create_task(orphans.bury())
    dead = [abandon("true"), abandon("true")]
    mine = await asyncio.create_subprocess_exec("sh", "-c", "exit 7")
    assert await mine.wait() == 7
    while any(orphans._parent(pid) is not None for pid in dead):
        await asyncio.sleep(0.1)
    alive = abandon("sleep 600")
    print(alive, orphans._parent(alive), flush=True)
    burying.cancel()
    orphans.end_all()
    print(orphans._parent(alive), flush=True)

asyncio.run(main())
"""


def test_orphans_are_adopted_buried_and_ended() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    first, second = printed.splitlines()
    orphan, parent = first.split()
    assert int(parent) == process.pid
    assert second == "None"
    assert not psutil.pid_exists(int(orphan))
