"""The memory of a process, watched."""

from __future__ import annotations

import threading
import time

import psutil


class Peak(threading.Thread):
    """The most memory a process has while the block runs."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__()
        self._process, self._enough = process, threading.Event()
        self.bytes = 0

    def run(self) -> None:
        while not self._enough.is_set():
            self.bytes = max(self.bytes, self._process.memory_info().rss)
            time.sleep(0.01)

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.join()
