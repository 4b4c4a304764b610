"""Brings a database's schema up to this release: forward only, one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from playhead.model.errors import PlayheadError
from playhead.records.database import sqlalchemy_url
from playhead.records.migrations import queue

OLDEST_MAJOR = 15
"""The oldest PostgreSQL the queries are written for."""

_LOCK = 0x706C617968656164
"""Names the lock among the advisory locks of the database: `playhead` in ASCII."""


async def upgrade(url: str) -> None:
    """Run the versions the database has not seen; several processes may do so at the same time.

    Raises:
        PlayheadError: `database_unavailable`, when it cannot be reached or is older than PostgreSQL 15.
    """
    await asyncio.to_thread(_upgrade, url)


async def current(url: str) -> str | None:
    """The version the database is at; None when it was never migrated.

    Raises:
        PlayheadError: as `upgrade`.
    """
    return await asyncio.to_thread(_current, url)


def head() -> str:
    """The version this release needs."""
    newest = ScriptDirectory.from_config(_configuration()).get_current_head()
    if newest is None:
        raise LookupError("the installation has no migrations in it")
    return newest


def _upgrade(url: str) -> None:
    with _connected(url) as connection:
        # Held by the session, as each version commits by itself, and given back when the session ends.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        # Each version has committed itself; finding that none was due has left an empty transaction open.
        connection.rollback()
        with connection.begin():
            queue.bring_up(connection)


def _current(url: str) -> str | None:
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise PlayheadError("database_unavailable") from error.orig
    with connection:
        version = connection.scalar(text("SELECT current_setting('server_version_num')::int"))
        connection.rollback()
        check_version(int(version or 0))
        yield connection


def check_version(version_number: int) -> None:
    """Refuse a server that is too old; `version_number` is its `server_version_num`, such as 150004."""
    major = version_number // 10_000
    if major < OLDEST_MAJOR:
        raise PlayheadError(
            "database_unavailable",
            f"The database is PostgreSQL {major}, and Playhead needs {OLDEST_MAJOR} or newer.",
        )


def _configuration() -> Config:
    configuration = Config()
    folder = str(Path(__file__).parent / "migrations")
    # The option goes through a template, in which a percent sign of the path must be doubled.
    configuration.set_main_option("script_location", folder.replace("%", "%%"))
    return configuration
