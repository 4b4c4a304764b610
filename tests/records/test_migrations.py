"""The migrated schema is the one the queries are written for, however many processes migrate at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine

from playhead.app import cluster as clusters
from playhead.model import jobs
from playhead.model.checksum import Checksums
from playhead.model.errors import PlayheadError
from playhead.records import migrate, uploads
from playhead.records.database import Records, sqlalchemy_url
from playhead.records.migrations import queue
from playhead.records.tables import metadata
from tests.postgres import Postgres


def _dump(url: str) -> list[str]:
    """Our tables as PostgreSQL itself spells them, down to the order of columns and the names of keys."""
    pg_dump = clusters.installation(Path("none")).program("pg_dump")
    tables = [f"--table=public.{name}" for name in metadata.tables]
    command = [pg_dump, "--schema-only", "--restrict-key=none", *tables, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": os.defpath})
    return done.stdout.splitlines()


async def test_the_migrated_schema_is_the_metadata(postgres: Postgres, database_url: str) -> None:
    declared = postgres.empty_database()
    engine = create_engine(sqlalchemy_url(declared))
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()
    migrated = _dump(database_url)
    assert len(migrated) > 200
    assert migrated == _dump(declared)


async def test_a_migrated_database_is_at_head(postgres: Postgres, database_url: str) -> None:
    assert await migrate.current(postgres.empty_database()) is None
    assert await migrate.current(database_url) == migrate.head()


async def test_four_upgrades_at_once_all_succeed(postgres: Postgres) -> None:
    url = postgres.empty_database()
    await asyncio.gather(*(migrate.upgrade(url) for _ in range(4)))
    assert await migrate.current(url) == migrate.head()


async def test_uploads_of_before_there_was_a_crc_stay_as_they_were(postgres: Postgres) -> None:
    url = postgres.empty_database()
    upload_id, sha256 = uuid4(), bytes(range(32))
    with migrate._connected(url) as connection:
        configuration = migrate._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "v0011")
    with psycopg.connect(url) as older:
        older.execute(
            "SET session_replication_role = replica"
        )  # its project and video are of no interest here
        older.execute(
            "INSERT INTO uploads (id, project_id, video_id, state, content_type, expires_at, sha256)"
            " VALUES (%s, %s, %s, 'waiting', 'video/mp4', now(), %s)",
            [upload_id, uuid4(), uuid4(), sha256],
        )
    await migrate.upgrade(url)
    records = Records(url)
    try:
        async with records.transaction() as tx:
            row = await uploads.find(tx, upload_id)
            assert row is not None
            assert uploads.declared(row) == Checksums(sha256=sha256)
            await uploads.declare_checksums(tx, upload_id, Checksums(sha256, bytes(8)))
            row = await uploads.find(tx, upload_id)
            assert row is not None
            assert uploads.declared(row) == Checksums(sha256, bytes(8))
    finally:
        await records.close()


async def test_the_queue_works_on_the_migrated_schema(database_url: str) -> None:
    records = Records(database_url)
    try:
        async with records.transaction() as tx:
            assert await tx.defer(jobs.sweep())
            assert not await tx.defer(jobs.sweep())
    finally:
        await records.close()


def _queue_functions(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE proname LIKE 'procrastinate%'"
        )
        return dict(found.fetchall())


async def test_an_older_queue_gets_what_is_new(postgres: Postgres, database_url: str) -> None:
    """As when the library was updated: what is new since the noted migration is run, and only that."""
    scripts = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    older = postgres.empty_database()
    with psycopg.connect(older) as connection:
        for script in scripts[:-2]:
            connection.execute(script.read_bytes())
        connection.execute("CREATE TABLE queue_schema (migration text PRIMARY KEY)")
        connection.execute("INSERT INTO queue_schema VALUES (%s)", [scripts[-3].stem])
    assert _queue_functions(older) != _queue_functions(database_url)

    engine = create_engine(sqlalchemy_url(older))
    with engine.begin() as queue_connection:
        done = queue.bring_up(queue_connection)
        again = queue.bring_up(queue_connection)
    engine.dispose()

    assert done == [script.stem for script in scripts[-2:]]
    assert again == []
    assert _queue_functions(older) == _queue_functions(database_url)


async def test_a_database_that_is_not_there_is_a_named_error() -> None:
    with pytest.raises(PlayheadError) as failure:
        await migrate.upgrade("postgresql://playhead@127.0.0.1:9/playhead")
    assert failure.value.code == "database_unavailable"


def test_a_server_that_is_too_old_is_refused() -> None:
    migrate.check_version(150000)
    with pytest.raises(PlayheadError, match="PostgreSQL 14"):
        migrate.check_version(140022)
