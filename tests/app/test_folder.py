"""The data folder keeps its secrets to itself, and lets one supervisor at a time at its database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from playhead.app.folder import DataFolder, FolderInUseError
from playhead.app.refusal import RefusalError


def test_the_folder_is_made_and_not_for_browsing(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "deep" / "data")
    assert folder.path.stat().st_mode & 0o777 == 0o711


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RefusalError, match="cannot be made"):
        DataFolder(tmp_path / "file" / "data")


def test_secret_and_key_are_made_once_and_only_ours_to_read(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    secret, key = folder.secret(), folder.first_key()
    assert len(secret) >= 32
    assert key.startswith("ph_")
    again = DataFolder(tmp_path)
    assert (again.secret(), again.first_key()) == (secret, key)
    assert sorted(os.listdir(tmp_path)) == ["key", "secret"]
    for name in ("key", "secret"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_key_put_there_by_hand_is_taken(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ph_mine\n")
    assert DataFolder(tmp_path).first_key() == "ph_mine"


def test_an_empty_secret_is_refused_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    with pytest.raises(RefusalError, match="empty"):
        DataFolder(tmp_path).secret()


def test_the_second_is_told_who_was_first(tmp_path: Path) -> None:
    with DataFolder(tmp_path).locked(), pytest.raises(FolderInUseError, match=f"process {os.getpid()}"):
        DataFolder(tmp_path).locked().__enter__()
    with DataFolder(tmp_path).locked():
        pass
