"""Which server for which cluster, where its socket lies, and who lives in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from playhead.app import cluster as clusters
from playhead.app.refusal import RefusalError
from playhead.records.database import sqlalchemy_url


def _version_of(cluster: Path) -> str:
    postgres = clusters.installation(cluster).program("postgres")
    return subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout


def test_a_new_cluster_gets_the_newest_server(tmp_path: Path) -> None:
    assert "PostgreSQL) 18." in _version_of(tmp_path)


def test_an_old_cluster_keeps_its_server(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    assert "PostgreSQL) 16." in _version_of(tmp_path)


def test_a_cluster_from_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("12\n")
    with pytest.raises(RefusalError, match="PostgreSQL 12"):
        clusters.installation(tmp_path)


@pytest.mark.parametrize("length", [20, 93, 94, 400])
def test_the_socket_always_fits(length: int) -> None:
    data = Path("/" + "d" * (length - len("//postgres-run")))
    folder = clusters.socket_folder(data)
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= 107
    assert (folder == data / "postgres-run") == (length <= 93)
    assert clusters.socket_folder(data) == folder


def test_two_long_folders_do_not_share_a_socket() -> None:
    assert clusters.socket_folder(Path("/a" * 100)) != clusters.socket_folder(Path("/b" * 100))


def test_both_drivers_read_the_url_alike() -> None:
    folder = Path("/a folder/with: odd@name,and/more?")
    url = clusters.url(folder)
    options = psycopg.conninfo.conninfo_to_dict(url)
    assert (options["host"], options["user"], options["dbname"]) == (str(folder), "playhead", "playhead")
    parsed = make_url(sqlalchemy_url(url))
    assert (parsed.query["host"], parsed.username, parsed.database) == (str(folder), "playhead", "playhead")


def test_residents_are_known_by_where_they_work(tmp_path: Path) -> None:
    assert clusters.residents(tmp_path) == []
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as process:
        assert clusters.residents(tmp_path) == [process.pid]
        elsewhere = tmp_path.with_name("elsewhere")
        elsewhere.symlink_to(tmp_path)
        assert clusters.residents(elsewhere) == [process.pid], "it is the same folder"
        process.kill()
    assert clusters.residents(tmp_path) == []


def test_a_lock_file_is_removed_only_when_a_stranger_has_its_number(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    clusters.forget_stranger(tmp_path)
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n")
    clusters.forget_stranger(tmp_path)
    assert not lock.exists()
    with subprocess.Popen(["true"]) as process:
        process.wait()
    lock.write_text(f"{process.pid}\n{tmp_path}\n")
    clusters.forget_stranger(tmp_path)
    assert lock.exists()
