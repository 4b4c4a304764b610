"""A worker on a machine where neither sandbox holds says so and ends, as its operator meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

# What a container with stock settings on an old kernel does: no namespaces, and no Landlock.
_POOR_MACHINE = """
    import ctypes, os, struct, sys

    NAMESPACES = 0x7E020000
    LANDLOCK, CLONE3 = 444, 435
    UNSHARE, CLONE = (272, 56) if os.uname().machine == "x86_64" else (97, 220)
    LOAD, EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
    ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
    steps = [
        (LOAD, 0, 0, 0),  # the call's number
        (EQUAL, 0, 1, LANDLOCK), (RETURN, 0, 0, ENOSYS),
        (EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ENOSYS),
        (EQUAL, 0, 1, UNSHARE), (RETURN, 0, 0, EPERM),
        (EQUAL, 1, 0, CLONE), (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 16),  # its flags
        (AND, 0, 0, NAMESPACES),
        (EQUAL, 1, 0, 0), (RETURN, 0, 0, EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]

    libc, program = ctypes.CDLL(None), Program(len(steps), code)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0  # PR_SET_SECCOMP
    os.execv(sys.argv[1], sys.argv[1:])
"""


def _start(command: str, data: Path, database_url: str, **settings: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    playhead = str(Path(sys.executable).with_name("playhead"))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_POOR_MACHINE), playhead, command],
        stderr=subprocess.PIPE,
        text=True,
        cwd=data,
        env=kept | {"PLAYHEAD_DATA": str(data), "PLAYHEAD_DATABASE_URL": database_url, **settings},
    )


def test_it_says_why_and_ends(tmp_path: Path, database_url: str) -> None:
    worker = _start("worker", tmp_path, database_url)
    try:
        _, said = worker.communicate(timeout=120)
    finally:
        worker.kill()
    assert worker.returncode == 1
    assert "bubblewrap: Inside the sandbox, ffmpeg does not work." in said
    assert "landlock: " in said
    assert said.splitlines()[-1] == "No worker can work on this machine. See `playhead doctor`."


def test_it_works_where_the_operator_says_that_none_is_needed(tmp_path: Path, database_url: str) -> None:
    worker = _start("worker", tmp_path, database_url, PLAYHEAD_UNSAFE_NO_SANDBOX="true")
    try:
        assert worker.stderr is not None
        assert any("worker started" in line for line in worker.stderr)
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=60)
    finally:
        worker.kill()
    assert worker.returncode == 0
