"""What the rows share: a scratch folder, the kept clips, and one running server."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from tests.live import Live, serving

LAST_WORDS = 6000
"""Characters of the server's log."""


class Stage:
    """The surroundings of one run. `quick` asks every row for the smallest work that still gives numbers."""

    def __init__(self, *, quick: bool) -> None:
        self.quick = quick
        self._held = ExitStack()
        self._folders = 0

    def __enter__(self) -> Self:
        # Not in memory: uploads and renditions are written to a disk in earnest.
        self._root = Path(self._held.enter_context(TemporaryDirectory(prefix="playhead-bench-")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.__exit__(kind, error, trace)

    def folder(self) -> Path:
        """A fresh folder, gone after the run."""
        self._folders += 1
        made = self._root / str(self._folders)
        made.mkdir()
        return made

    @cached_property
    def server(self) -> Live:
        """A `playhead serve` with default settings, started at the first wish and kept for the later rows."""
        return self._held.enter_context(serving(self.folder()))

    def last_words(self) -> str:
        """What the server has said last, for a row that failed: its log goes with the folder."""
        return self.server.output()[-LAST_WORDS:] if "server" in self.__dict__ else ""
