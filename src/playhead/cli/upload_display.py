"""What `playhead upload` shows while it works: bars on a terminal, lines elsewhere, always on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from playhead.client import Rendition, Video


class Display:
    """The user's view of the work. Rich leaves colours out where there is no terminal, or NO_COLOR is set."""

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._quiet = quiet

    def problem(self, sentence: str) -> None:
        """Say what went wrong; quiet or not."""
        self._console.print(sentence, style="red", markup=False, soft_wrap=True)

    def told(self, sentence: str) -> None:
        """Say what is good to know."""
        if not self._quiet:
            self._console.print(sentence, markup=False, soft_wrap=True)

    @contextmanager
    def sending(self, filename: str, size: int) -> Iterator[Callable[[int, int], None]]:
        """Show bytes, speed and time left; gives the function to call with bytes sent and bytes there are."""
        self._line(f"{filename}: sending {decimal(size)}")
        with self._bars(DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()) as bars:
            task = bars.add_task(filename, total=size)
            yield lambda sent, _: bars.update(task, completed=sent)

    @contextmanager
    def processing(self, video: Video) -> Iterator[Callable[[Video], None]]:
        """Show one bar for each rendition; gives the function to call with every look at the video."""
        self._line(f"{video.filename}: processing as {video.id}")
        with self._bars(TaskProgressColumn(), TextColumn("{task.fields[state]}", markup=False)) as bars:
            tasks: dict[str, TaskID] = {}

            def look(now: Video) -> None:
                for rendition in now.renditions:
                    if rendition.id not in tasks:
                        tasks[rendition.id] = bars.add_task(rendition.resolution, total=1.0, state="")
                    done = 1.0 if rendition.status == "ready" else rendition.progress
                    bars.update(tasks[rendition.id], completed=done, state=_state(rendition))

            yield look

    def _bars(
        self, *columns: DownloadColumn | TransferSpeedColumn | TimeRemainingColumn | TextColumn
    ) -> Progress:
        return Progress(
            # File names may hold what rich would take for markup.
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            *columns,
            console=self._console,
            disable=self._quiet or not self._console.is_terminal,
        )

    def _line(self, words: str) -> None:
        """For logs, where bars are of no use."""
        if not self._quiet and not self._console.is_terminal:
            self._console.print(words, markup=False, soft_wrap=True)


def _state(rendition: Rendition) -> str:
    return rendition.status if rendition.error is None else rendition.error.message
