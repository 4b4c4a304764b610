"""Programs that stand in for ffmpeg and ffprobe: the real ones, but for those runs that a rule picks out.

They stand first on the server's PATH. The folder `lib` beside them is visible in the sandbox, as for any
ffmpeg that is not the system's own, so rules can be made and lifted while the server runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Literal

import psutil

Action = Literal["wait", "slow", "hang", "crash", "kill", "garbage", "nothing", "complain"]
PROGRAMS = ("ffmpeg", "ffprobe")
_SCRIPT = Path(__file__).with_name("stand_in.sh")


class StandIn:
    """Both programs under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.bin, self._lib = folder / "bin", folder / "lib"
        self._numbers = count()
        (self._lib / "real").mkdir(parents=True)
        (self._lib / "rules").mkdir()
        self.bin.mkdir()
        os.mkfifo(self._lib / "silence")
        # Held open for writing, or its readers would wait for a writer.
        self._silence = os.open(self._lib / "silence", os.O_RDWR | os.O_CLOEXEC)
        _copy("bash", self._lib)
        for name in PROGRAMS:
            _copy(name, self._lib / "real")
            script = self.bin / name
            script.write_text(f"#!{self._lib}/bash\n{_SCRIPT.read_text()}")
            script.chmod(0o755)

    def add(self, action: Action, pattern: str) -> Path:
        """Make a rule for runs whose program and arguments match a shell pattern; unlink it to lift it."""
        rule = self._lib / "rules" / f"{next(self._numbers):04}"
        unfinished = self._lib / rule.name
        unfinished.write_text(f"{action} {pattern}\n")
        return unfinished.rename(rule)

    def close(self) -> None:
        """Let go of what it holds; its programs run no more."""
        os.close(self._silence)

    @contextmanager
    def rules(self, action: Action, patterns: Sequence[str]) -> Iterator[None]:
        """Rules for the time of the block."""
        made = [self.add(action, pattern) for pattern in patterns]
        try:
            yield
        finally:
            for rule in made:
                rule.unlink(missing_ok=True)

    def lift(self) -> None:
        """Lift every rule."""
        for rule in (self._lib / "rules").iterdir():
            rule.unlink()

    def held(self, *words: str) -> list[psutil.Process]:
        """Runs that a rule holds now and whose arguments contain all of `words`."""
        found = []
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            # The stand-in itself: not bubblewrap around it, nor the real program it turns into.
            if command[:1] == [str(self._lib / "bash")] and command[1].startswith(f"{self.bin}/"):
                text = " ".join(command[1:])
                found += [process] if all(word in text for word in words) else []
        return found


def _copy(name: str, folder: Path) -> None:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(name)
    shutil.copy(Path(path).resolve(), folder / name)
