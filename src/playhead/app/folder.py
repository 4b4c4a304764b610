"""The data folder: one supervisor at a time on its database, and the two secrets it keeps."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhead.app.refusal import RefusalError
from playhead.records.projects import new_key


class FolderInUseError(RefusalError):
    """Another supervisor, or a command, works on this folder's database."""


class DataFolder:
    """`PLAYHEAD_DATA`, made when it is not there."""

    def __init__(self, path: Path) -> None:
        """Make sure of the folder.

        Raises:
            RefusalError: when it cannot be made or written to.
        """
        self.path = path.absolute()
        try:
            # Others may pass through, as a web server in front does to the videos, but not look around.
            self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError as error:
            raise RefusalError(f"The data folder {self.path} cannot be made: {error.strerror}.") from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise RefusalError(f"The data folder {self.path} cannot be written to by this user.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the embedded database for the time of the block; the kernel lets go of it when we die.

        Raises:
            FolderInUseError: when somebody else holds it.
        """
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
                raise FolderInUseError(
                    f"Another Playhead (process {holder}) uses {self.path}: stop it, or set PLAYHEAD_DATA."
                ) from error
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            yield
        finally:
            os.close(descriptor)

    def secret(self) -> str:
        """What signs URLs, made the first time."""
        return self._kept("secret", secrets.token_urlsafe(48))

    def first_key(self) -> str:
        """The API key that is printed at the start, made the first time."""
        return self._kept("key", new_key())

    def _kept(self, name: str, fresh: str) -> str:
        """The text kept in a file only we can read; `fresh` becomes it when there is none."""
        path = self.path / name
        # Whole or not there, and the first of two starters wins: written aside, then linked into place.
        aside = path.with_name(f"{name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{fresh}\n".encode())
            os.fsync(descriptor)
            os.link(aside, path)
        except FileExistsError:
            pass  # it was made at an earlier start
        finally:
            os.close(descriptor)
            aside.unlink()
        kept = path.read_text().strip()
        if not kept:
            raise RefusalError(f"{path} is empty: remove it, and a new one is made.")
        return kept
