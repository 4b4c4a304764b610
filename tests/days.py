"""Days that go by in a moment: every time that is written down anywhere moves back, and clocks stay as they are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from playhead.app.wire import Parts
from playhead.model.signing import Purpose, Signer
from playhead.records import answers, objects
from playhead.upload.cleaning import abandon_overdue, clear_incoming, look_after_multiparts

DAY = 24 * 3600
"""Seconds."""

_FOLDERS = ("incoming", "parts")
"""Those of a data folder where bytes of uploads arrive."""
_PURPOSES: dict[str, Purpose] = {"uploads": "upload", "partials": "partial", "u": "grant"}
_SIGNED = re.compile(r"/(uploads|partials|u)/([0-9a-f-]{32,36})([/.])[\w-]{8}\.([0-9]+)\.[\w-]{43}")


@dataclass(frozen=True)
class Calendar:
    """The times of one server."""

    database: str
    data: Path
    secret: str

    def go_by(self, days: float) -> None:
        """Let days go by: for every row of every table, the queue's too, and for all files that are arriving."""
        with psycopg.connect(self.database) as connection:
            found = connection.execute(
                "SELECT table_name::text, array_agg(column_name::text) FROM information_schema.columns"
                " JOIN information_schema.tables USING (table_schema, table_name)"
                " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
                " AND data_type = 'timestamp with time zone' GROUP BY 1"
            ).fetchall()
            for table, columns in found:
                moved = sql.SQL(", ").join(
                    sql.SQL("{0} = {0} - %(by)s * interval '1 second'").format(sql.Identifier(column))
                    for column in columns
                )
                query = sql.SQL("UPDATE {} SET {}").format(sql.Identifier(table), moved)
                connection.execute(query, {"by": days * DAY})
        for root in _FOLDERS:
            for path in (self.data / root).rglob("*"):
                known = path.stat()
                os.utime(path, (known.st_atime - days * DAY, known.st_mtime - days * DAY))

    def older(self, url: str, days: float) -> str:
        """A URL as it would be, had it been signed so many days earlier."""

        def signed(found: re.Match[str]) -> str:
            purpose, subject, between, ends = found.groups()
            earlier = int(int(ends) - days * DAY)
            token = Signer([self.secret]).sign(_PURPOSES[purpose], subject, earlier)
            return f"/{purpose}/{subject}{between}{token}"

        aged, count = _SIGNED.subn(signed, url)
        assert count == 1, url
        return aged

    def plant(self) -> Weeds:
        """Leave something behind that whoever tidies up takes away, to see that all of them were there."""
        folder = self.data / "incoming" / str(uuid4())
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
        with psycopg.connect(self.database) as connection:
            row = connection.execute(
                "INSERT INTO partials (id, project_id, size, tus_metadata, expires_at)"
                " SELECT %s, id, 1, '', now() FROM projects LIMIT 1 RETURNING id",
                (uuid4(),),
            ).fetchone()
        assert row is not None
        return Weeds(self.database, folder, row[0])


@dataclass(frozen=True)
class Weeds:
    """What was planted."""

    database: str
    folder: Path
    partial_id: UUID

    def are_gone(self) -> bool:
        """Whether web processes and workers have tidied up since."""
        if self.folder.exists():
            return False
        with psycopg.connect(self.database) as connection:
            return not connection.execute(
                "SELECT 1 FROM partials WHERE id = %s", (self.partial_id,)
            ).fetchall()


def calendar_of(parts: Parts) -> Calendar:
    """That of a server in this process."""
    given = parts.settings
    assert given.database_url is not None
    assert given.secret is not None
    return Calendar(given.database_url.get_secret_value(), given.data, given.secret.get_secret_value())


async def tidied(parts: Parts) -> None:
    """Do what web processes and workers do over and over, in the order in which it takes most away."""
    await abandon_overdue(parts.uploads)
    await look_after_multiparts(parts.uploads)
    await clear_incoming(parts.uploads)
    async with parts.records.transaction() as tx:
        await answers.clear(tx)
        keys = await objects.doomed(tx, 100)
    for key in keys:
        await parts.storage.delete(key)
    async with parts.records.transaction() as tx:
        await objects.forget(tx, keys)
