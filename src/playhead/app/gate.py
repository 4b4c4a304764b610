"""A gate between the supervisor and its children: they load their code while the database is starting.

Loading takes a child longer than starting takes PostgreSQL, so the two happen at the same time. The gate is a
pipe on which nothing is ever written: it ends, for everybody who reads it, when it is opened.
"""

from __future__ import annotations

import os


class Gate:
    """The supervisor's side. Children inherit `read_end`; one that comes after the opening just walks on."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()
        self._is_open = False

    def open(self) -> None:
        """Let everybody through, for good."""
        if not self._is_open:
            self._is_open = True
            os.close(self._write_end)

    def remove(self) -> None:
        """Give back what it is made of."""
        self.open()
        os.close(self.read_end)


def wait_at(read_end: int) -> None:
    """Wait until the gate is open. Blocks: a child at the gate has nothing else to do."""
    os.read(read_end, 1)
    os.close(read_end)
