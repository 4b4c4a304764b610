"""PostgreSQL never runs as root, and files change hands only when they must."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from playhead.app import account as accounts
from playhead.app.account import PLAIN_ENVIRONMENT, Account
from playhead.app.children import finish
from playhead.app.refusal import RefusalError

STRANGER = Account("stranger", (), os.geteuid() + 4242, os.getegid() + 4242)


async def test_what_is_chosen_is_not_root_in_its_own_eyes() -> None:
    chosen = await accounts.choose()
    asked = await finish([*chosen.prefix, "id", "-u"], PLAIN_ENVIRONMENT)
    assert asked.code == 0
    assert int(asked.text) != 0


async def test_an_account_owns_what_it_makes(tmp_path: Path) -> None:
    chosen = await accounts.choose()
    tmp_path.chmod(0o777)
    await finish([*chosen.prefix, "touch", str(tmp_path / "made")], PLAIN_ENVIRONMENT)
    assert (tmp_path / "made").stat().st_uid == chosen.uid


def test_a_locked_parent_is_refused_by_name(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    (locked / "inner").mkdir(parents=True)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    STRANGER.check_can_reach(locked / "inner" / "cluster")
    locked.chmod(0o700)
    with pytest.raises(RefusalError, match=f"`stranger`.*cannot enter {locked}"):
        STRANGER.check_can_reach(locked / "inner" / "cluster")


def test_our_own_files_are_always_within_reach(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    accounts.ourselves().check_can_reach(tmp_path / "cluster")


def test_our_own_files_need_not_change_hands(tmp_path: Path) -> None:
    before = tmp_path.stat()
    accounts.ourselves().hand_over(tmp_path)
    assert tmp_path.stat() == before


def test_files_are_handed_over_with_everything_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").touch()
    (tmp_path / "link").symlink_to("/etc/hostname")
    given = {}

    def chown(path: Path, uid: int, gid: int, *, follow_symlinks: bool) -> None:
        assert not follow_symlinks
        given[path] = (uid, gid)

    monkeypatch.setattr(os, "chown", chown)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    STRANGER.hand_over(tmp_path)
    everything = (tmp_path, tmp_path / "inner", tmp_path / "inner" / "file", tmp_path / "link")
    assert given == dict.fromkeys(everything, (STRANGER.uid, STRANGER.gid))


def test_only_root_can_hand_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(RefusalError, match="belongs to another user"):
        STRANGER.hand_over(tmp_path)
