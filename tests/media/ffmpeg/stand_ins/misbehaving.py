"""Stands in for an ffmpeg that goes wrong in one way; its last argument names the way.

Imports the standard library only.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

MIB = 1024 * 1024


def _progress() -> int:
    return next(int(value.removeprefix("pipe:")) for value in sys.argv if value.startswith("pipe:"))


def hang() -> None:
    time.sleep(600)


def crash() -> None:
    ctypes.string_at(0)


def abort() -> None:
    os.abort()


def foreign_call() -> None:
    """Make a system call of the other convention of an x86_64 kernel."""
    ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 | 39))


def stderr_flood() -> None:
    for number in range(20_000):
        sys.stderr.write(f"\x1b[31mnoise {number}\x07\r\n" + "x" * 500)
    sys.stderr.write("the last words\n")
    sys.stderr.flush()
    sys.exit(1)


def stdout_flood() -> None:
    while True:
        os.write(1, b"x" * 65536)


def some_stdout() -> None:
    os.write(1, b"y" * 1_000_000)


def memory() -> None:
    kept = []
    while True:
        kept.append(bytearray(16 * MIB))


def shared_memory() -> None:
    """Take memory that RLIMIT_DATA does not count, and hold it until the watch sees it."""
    shared = mmap.mmap(-1, 512 * MIB)
    for at in range(0, len(shared), 4096):
        shared[at] = 1
    time.sleep(600)


def spin() -> None:
    while True:
        pass


def fork_bomb() -> None:
    while True:
        os.fork()


def thread_bomb() -> None:
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()


def large_file() -> None:
    with open("large", "wb") as file:
        while True:
            file.write(b"x" * MIB)


def many_files() -> None:
    number = 0
    while True:
        number += 1
        with open(f"file-{number}", "wb") as file:
            file.write(b"x" * MIB)


def unlinked_files() -> None:
    """Hold files of no name, each as large as a file may be."""
    _hold(os.unlink)


def replaced_files() -> None:
    """Hold files whose names others have taken over."""

    def replace(name: str) -> None:
        with open("other", "wb"):
            pass
        os.replace("other", name)

    _hold(replace)


def unnamed_files() -> None:
    """Hold files that never had a name."""
    while True:
        _fill(os.open(".", os.O_TMPFILE | os.O_WRONLY))


def hidden_folder() -> None:
    """Write into a folder that its owner may not list."""
    os.mkdir("hidden", mode=0o300)
    for number in range(1, 1000):
        with open(f"hidden/file-{number}", "wb") as file:
            file.write(b"x" * MIB)
    time.sleep(600)


def _hold(lose_the_name: Callable[[str], None]) -> None:
    while True:
        file = os.open("file", os.O_CREAT | os.O_WRONLY)
        lose_the_name("file")
        _fill(file)


def _fill(file: int) -> None:
    """Write 7 MiB, and keep the file open."""
    for _ in range(7):
        os.write(file, b"x" * MIB)
    time.sleep(0.01)


def no_frames_but_reports() -> None:
    """Report like ffmpeg, again and again, without getting anywhere."""
    while True:
        os.write(_progress(), b"frame=0\nout_time_us=N/A\nprogress=continue\n")
        time.sleep(0.05)


def slow_but_moving() -> None:
    for frame in range(1, 13):
        os.write(_progress(), f"frame={frame}\nout_time_us={frame}00000\nprogress=continue\n".encode())
        time.sleep(0.25)


def tell_surroundings() -> None:
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    print(json.dumps([niceness, os.getcwd(), sorted(os.environ), sorted(os.listdir("."))]))


def outlive() -> None:
    """Leave a grandchild behind, in a session of its own, that holds the pipes and counts in a file."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                with open("alive", "a", encoding="utf-8") as file:
                    file.write("x")
                time.sleep(0.02)
        os._exit(0)


def live_on() -> None:
    while True:
        with open("alive", "a", encoding="utf-8") as file:
            file.write("x")
        time.sleep(0.02)


def main() -> NoReturn:
    ways: dict[str, Callable[[], None]] = {
        name: value for name, value in globals().items() if callable(value) and not name.startswith("_")
    }
    ways[sys.argv[-1]]()
    sys.exit(0)


if __name__ == "__main__":
    main()
