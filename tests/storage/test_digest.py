"""The SHA-256 of files, of several stretches and of none."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from playhead.storage import digest
from playhead.storage.digest import sha256_of


@pytest.mark.parametrize("size", [0, 1, 6, 7, 12, 100])
async def test_it_is_that_of_all_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(digest, "_STEP", 6)
    monkeypatch.setattr(digest, "_BLOCK", 3)
    data = bytes(range(size))
    (tmp_path / "file").write_bytes(data)
    assert await sha256_of(tmp_path / "file") == hashlib.sha256(data).digest()
