"""How much of a file has been sent, counted over all connections that send it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from playhead.client.parts import Range

Progress = Callable[[int, int], None]
"""Called with the bytes sent so far and the bytes there are. After a lost connection it goes on with what the
server holds; where the file cannot be rewound there is no second try."""


class Tally:
    """Counts, and tells `on_progress`. Safe to share among threads."""

    def __init__(self, size: int, on_progress: Progress | None) -> None:
        self._size = size
        self._on_progress = on_progress
        self._held = 0
        self._under_way: dict[Range, int] = {}
        self._lock = Lock()

    @property
    def arrived(self) -> int:
        """Bytes that the server, or its store, has."""
        return self._held

    def known(self, held: int) -> None:
        """The server has told what it holds; nothing else counts."""
        with self._lock:
            self._held = held
            self._under_way.clear()

    def more(self, part: Range, count: int) -> None:
        """The connection that sends a part has taken `count` bytes more."""
        with self._lock:
            self._under_way[part] = self._under_way.get(part, 0) + count
            if self._on_progress is not None:
                self._on_progress(self._held + sum(self._under_way.values()), self._size)

    def done(self, part: Range) -> None:
        """A part has arrived whole."""
        with self._lock:
            self._held += part[1] - part[0]
            self._under_way.pop(part, None)

    def lost(self, part: Range) -> None:
        """What was sent of a part does not count."""
        with self._lock:
            self._under_way.pop(part, None)
