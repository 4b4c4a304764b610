"""Made files, kept under `.cache/media`: keyed by what made them, published by one rename."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import uuid
from functools import cache
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[3] / ".cache" / "media"


class Makes(Protocol):
    """What the cache can keep: something that writes one file and can tell its content's identity."""

    def identity(self) -> str:
        """A text that changes whenever the made bytes would."""

    def write(self, target: Path, kept: Cache) -> None:
        """Write the file at `target`; take the files it is derived from out of `kept`."""


@cache
def ffmpeg_version() -> str:
    """The first line of `ffmpeg -version`: another build may make other bytes."""
    done = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


class Cache:
    """A folder of made files. Any number of processes may use one folder at once."""

    def __init__(self, folder: Path = ROOT) -> None:
        self.folder = folder

    def take(self, made: Makes, filename: str) -> Path:
        """The file `made` writes, from the cache if it is there. Only the name's suffix is kept."""
        key = hashlib.sha256(f"{ffmpeg_version()}\n{made.identity()}".encode()).hexdigest()[:24]
        suffix = re.search(r"\.[A-Za-z0-9]{1,5}$", filename)
        target = self.folder / key / f"sample{suffix.group() if suffix else ''}"
        if not target.exists():
            self._publish(made, target)
        return target

    def _publish(self, made: Makes, target: Path) -> None:
        # Written in a folder of its own and renamed as a file: a killed or racing process leaves
        # either nothing or a whole file under the final name.
        attempt = self.folder / "attempts" / uuid.uuid4().hex
        attempt.mkdir(parents=True)
        try:
            made.write(attempt / target.name, self)
            target.parent.mkdir(parents=True, exist_ok=True)
            (attempt / target.name).replace(target)
        finally:
            shutil.rmtree(attempt)
