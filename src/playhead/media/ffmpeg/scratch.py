"""Removing a scratch folder, whatever a program has left in it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def remove(folder: Path) -> None:
    """Remove a folder and all that is in it, as far as this user can; blocks. Nothing may write to it any more.

    A program makes folders with the rights it likes: one that may not be listed is first made one that may.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    with suppress(OSError):
        folder.chmod(0o700)
    for place, folders, _ in os.walk(folder):  # from the top, and through no symbolic link
        for name in folders:
            path = Path(place, name)
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
