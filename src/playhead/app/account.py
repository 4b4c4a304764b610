"""Whose name PostgreSQL runs under: it refuses to be root.

Root starts it in a user namespace of its own, in which root's files are `nobody`'s: nothing changes hands and
no account is made. Where namespaces are forbidden, as in many containers, it runs as a system account
instead, and its files are handed over to that.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playhead.app.children import finish
from playhead.app.refusal import RefusalError

PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
"""Enough for a program that shall not depend on, or learn from, how we were started."""

_NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}", "--")
_SYSTEM_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """Somebody to run PostgreSQL as."""

    name: str
    prefix: Sequence[str]
    """What to put before a command line so that it runs under this account."""
    uid: int
    gid: int
    """Who must own the files, seen from our side."""

    @property
    def is_ours(self) -> bool:
        """Whether its files belong to whoever runs us."""
        return self.uid == os.geteuid()

    def hand_over(self, folder: Path) -> None:
        """Make the account the owner of a folder and of everything in it, if it is not yet.

        Raises:
            RefusalError: when it is somebody else's and we are not root.
        """
        if folder.stat().st_uid == self.uid:
            return
        if os.geteuid() != 0:
            raise RefusalError(f"{folder} belongs to another user: run Playhead as that one, or elsewhere.")
        for parent, _, files in os.walk(folder):
            for path in (Path(parent), *(Path(parent, file) for file in files)):
                # The cluster's own links, to tablespaces, are never followed.
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def check_can_reach(self, path: Path) -> None:
        """Refuse a path below a folder that the account may not enter.

        Raises:
            RefusalError: with the folder and the ways out.
        """
        if self.is_ours:
            return
        for folder in reversed(path.absolute().parents):
            if folder.exists() and not self._may_enter(folder):
                raise RefusalError(
                    f"PostgreSQL runs as `{self.name}` here, not as root, and that cannot enter {folder}: "
                    f"run Playhead as a normal user, have {path} elsewhere, or set PLAYHEAD_DATABASE_URL."
                )

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        bit = 0o100 if status.st_uid == self.uid else 0o010 if status.st_gid == self.gid else 0o001
        return bool(status.st_mode & bit)


def ourselves() -> Account:
    """Whoever runs us; not for root."""
    return Account("ourselves", (), os.geteuid(), os.getegid())


def in_namespace() -> Account:
    """Root's files, seen as nobody's."""
    return Account("nobody in a namespace", _NAMESPACE, os.geteuid(), os.getegid())


def system_account() -> Account:
    """An account every machine has.

    Raises:
        RefusalError: when this one does not.
    """
    for name in _SYSTEM_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = (f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups")
        return Account(name, ("setpriv", *ids, "--"), entry.pw_uid, entry.pw_gid)
    raise RefusalError(
        "PostgreSQL does not run as root, and there is no account `postgres` or `nobody` to run it as: "
        "run Playhead as a normal user, or set PLAYHEAD_DATABASE_URL."
    )


async def choose() -> Account:
    """The best account on this machine."""
    if os.geteuid() != 0:
        return ourselves()
    tried = await finish([*_NAMESPACE, "true"], PLAIN_ENVIRONMENT, within=10)
    return in_namespace() if tried.code == 0 else system_account()
