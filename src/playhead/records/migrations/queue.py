"""Procrastinate's own tables, brought up to what the installed library expects.

They follow the library's version, not ours: `pip install` may bring a newer one than the one this release
was tested with. So the newest of its migrations that the database has is written down beside them.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

_NOTE = "CREATE TABLE IF NOT EXISTS queue_schema (migration text PRIMARY KEY)"
_NEWEST = "SELECT max(migration) FROM queue_schema"
_REMEMBER = "INSERT INTO queue_schema (migration) VALUES (:name)"


def bring_up(connection: Connection) -> list[str]:
    """Install the queue's tables, or what is new since they were installed; the names of what was done.

    Runs in the caller's transaction and under the caller's lock.
    """
    connection.execute(text(_NOTE))
    installed: str | None = connection.scalar(text(_NEWEST))
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    # Their names begin with a zero-padded version, so that they sort in the order they are to be applied.
    if installed is None:
        _run(connection, SchemaManager.get_schema())
        due = files[-1:]
    else:
        due = [file for file in files if file.stem > installed]
        for file in due:
            _run(connection, file.read_text(encoding="utf-8"))
    for file in due:
        connection.execute(text(_REMEMBER), {"name": file.stem})
    return [file.stem for file in due]


def _run(connection: Connection, script: str) -> None:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"migrations run on psycopg, not on {type(driver).__name__}")
    # The driver's own call: many statements in one string, and its % signs are nobody's placeholders.
    driver.execute(script.encode())
