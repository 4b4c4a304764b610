"""What is remembered of an unfinished upload, so that another run of the program goes on with it.

One small JSON file for each, named by a digest of who sends what where: a file that has changed, another server, key
or wish is another upload. It is on the disk before the first byte is sent. It holds the upload's URL, which lets its
holder send that one file, and never the API key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from playhead.client.body import Readable
from playhead.client.calls import Wish
from playhead.client.models import Unfinished

_END = 64 * 1024
"""Bytes of a file's beginning and end that are looked at to know it again."""
_OLDEST_SECONDS = 30 * 24 * 3600
"""What is older is forgotten, unless its server said that it lives longer."""


class Memory:
    """The file that remembers one upload; without one nothing is remembered.

    That it cannot be written is no reason not to send: the upload is then not taken up again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @staticmethod
    def of(source: Readable | object, filename: str, server: str, api_key: str, wish: Wish) -> Memory:
        """The memory for sending this file there with that wish; what is no path is not remembered.

        Raises:
            OSError: the file cannot be read.
        """
        if not isinstance(source, str | os.PathLike):
            return Memory()
        file = Path(source)
        if not file.is_file():  # a pipe by its name
            return Memory()
        told = [_identity(file), server, filename, dict(wish)]
        # Two projects do not take up each other's uploads; the key itself cannot be had from this.
        digest = hmac.new(api_key.encode(), msgspec.json.encode(told, order="sorted"), hashlib.sha256)
        return Memory(state_folder() / f"{digest.hexdigest()[:40]}.json")

    def recall(self) -> Unfinished | None:
        """What was begun; None when nothing was, or it cannot be read."""
        return None if self._path is None else _read(self._path)

    def keep(self, begun: Unfinished) -> None:
        """Remember, durably."""
        if self._path is None:
            return
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _forget_old(self._path.parent)
            fresh = self._path.with_name(f".{self._path.name}-{secrets.token_hex(4)}")
            try:
                # For the user alone: whoever has the URL may send.
                descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(msgspec.json.encode(begun))
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
                _flush(self._path.parent)
            finally:
                fresh.unlink(missing_ok=True)

    def forget(self) -> None:
        """It is over."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def state_folder() -> Path:
    """Where unfinished uploads are remembered: `$XDG_STATE_HOME/playhead/uploads`, or what stands for it here."""
    return user_state_path("playhead") / "uploads"


def _identity(file: Path) -> list[object]:
    """What tells a file from every other, and from itself once it was changed."""
    known = file.stat()
    with file.open("rb") as opened:
        ends = hashlib.sha256(opened.read(_END))
        opened.seek(max(0, known.st_size - _END))
        ends.update(opened.read(_END))
    return [str(file.resolve()), known.st_size, known.st_mtime_ns, ends.hexdigest()]


def _read(path: Path) -> Unfinished | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Unfinished)
    except (OSError, msgspec.DecodeError):
        return None


def _forget_old(folder: Path) -> None:
    now = time.time()
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < now - _OLDEST_SECONDS and not _lives(_read(path), now):
                path.unlink()


def _lives(begun: Unfinished | None, now: float) -> bool:
    ends = None if begun is None else begun.upload.expires_at
    return ends is not None and ends.timestamp() > now


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
