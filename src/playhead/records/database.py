"""The database's door: one pool, one kind of transaction, jobs enqueued inside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, event, literal, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from playhead.model.errors import PlayheadError
from playhead.model.jobs import Job

T = TypeVar("T")

POOL_SIZE = 10
"""Connections that are kept open; as many more come and go."""

SIGN_OF_LIFE_SECONDS = 2.0
"""Pause between signs of life of a transaction that waits: well below what any server is told to be silent for."""


def sqlalchemy_url(url: str) -> str:
    """`postgresql://…` as SQLAlchemy wants it, with psycopg 3 as the driver."""
    scheme, rest = url.split("://", 1)
    if scheme not in ("postgresql", "postgres"):
        raise PlayheadError(
            "database_unavailable", f"PLAYHEAD_DATABASE_URL must begin with postgresql://, not {scheme}://."
        )
    return f"postgresql+psycopg://{rest}"


_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_WAITING = text(
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:names)"
)
_HASTEN = text(
    "UPDATE procrastinate_jobs SET priority = :priority"
    " WHERE queueing_lock = :name AND status = 'todo' AND priority < :priority"
)
_MADE = "playhead_made"
"""The channel on which processes tell each other what they have made."""
_TELL = text(f"SELECT pg_notify('{_MADE}', :video_id)")
_TAKE_BACK = text("DELETE FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:names)")


class Transaction:
    """An open transaction: rows change on `connection`, jobs go out with `defer`, all or nothing."""

    def __init__(self, connection: AsyncConnection, queue: procrastinate.App) -> None:
        self.connection = connection
        self._queue = queue

    async def defer(self, job: Job) -> bool:
        """Enqueue `job` with this transaction; False when one of that name already waits.

        One that waits with a lower priority gets that of `job`.
        """
        try:
            await self._enqueue([job])
        except AlreadyEnqueued:
            await self.connection.execute(_HASTEN, {"name": job.name, "priority": job.priority})
            return False
        return True

    async def defer_all(self, due: Sequence[Job]) -> int:
        """Enqueue many jobs as `defer` does each, in one statement; how many did not wait already."""
        found = await self.connection.execute(_WAITING, {"names": [job.name for job in due]})
        waiting = set(found.scalars())
        fresh = [job for job in due if job.name not in waiting]
        try:
            await self._enqueue(fresh)
        except AlreadyEnqueued:  # somebody else has just enqueued one of them
            return sum([await self.defer(job) for job in due])
        late = [{"name": job.name, "priority": job.priority} for job in due if job.name in waiting]
        if late:
            await self.connection.execute(_HASTEN, late)
        return len(fresh)

    async def take_back(self, names: Sequence[str]) -> None:
        """Let jobs of these names that wait not run any more; those that run go on."""
        await self.connection.execute(_TAKE_BACK, {"names": list(names)})

    async def tell(self, video_id: UUID) -> None:
        """Tell whoever listens (`Records.told`), once this is committed, that something was made of a video."""
        await self.connection.execute(_TELL, {"video_id": str(video_id)})

    async def _enqueue(self, due: Sequence[Job]) -> None:
        if not due:
            return
        raw = (await self.connection.get_raw_connection()).driver_connection
        made = [
            self._queue.configure_task(
                job.task, queue=job.queue, lock=job.name, queueing_lock=job.name, priority=job.priority
            ).make_new_job(**job.arguments)
            for job in due
        ]
        # A savepoint: that a job of this name already waits must not undo the rows changed so far.
        async with self.connection.begin_nested():
            await self._queue.job_manager.batch_defer_jobs_async(made, connection=raw)

    async def meanwhile(self, work: Awaitable[T]) -> T:
        """Wait for something outside of the database, and keep the server from taking us for dead.

        Nothing else may use this transaction until it returns.
        """
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=SIGN_OF_LIFE_SECONDS))[0]:
                await self.connection.execute(text("SELECT 1"))
            return task.result()
        finally:
            task.cancel()


class Records:
    """Access to the records.

    `url` is a `postgresql://` URL. Every method of this package takes the `Transaction` it runs in.
    `silent_seconds` is how long a transaction may stand still before the server undoes it, so that a process
    which does not run any more, but is not dead either, gives its locks to those that do; None for ever.
    """

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE, silent_seconds: float | None = None) -> None:
        self.url = url
        self._engine: AsyncEngine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            pool_timeout=5,
        )
        if silent_seconds is not None:
            _limit_silence(self._engine, silent_seconds)
        self.queue = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, min_size=1, max_size=8),
            # A web process only defers, so it must not fail on tasks that only workers import.
            import_paths=[],
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One transaction: committed when the block ends well, undone when it raises.

        Raises:
            PlayheadError: `database_unavailable`, when no connection can be had, the server has run out of
                something, or the connection is lost midway: whether the commit went through is then known to nobody.
        """
        try:
            connection = await self._engine.connect()
        except (OperationalError, TimeoutError) as error:
            raise PlayheadError("database_unavailable") from error
        try:
            async with connection.begin():
                yield Transaction(connection, self.queue)
        except (DBAPIError, ConnectorException) as error:
            if _may_pass(error):
                raise PlayheadError("database_unavailable") from error
            raise
        finally:
            await connection.close()

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Transaction]:
        """One transaction that only reads, and sees one moment: what is told of a video is spread over many rows.

        Raises:
            PlayheadError: as `transaction`.
        """
        async with self.transaction() as tx:
            await tx.connection.execute(_ONE_MOMENT)
            yield tx

    async def told(self) -> AsyncGenerator[UUID, None]:
        """The videos of which something is made, each time that it is, over a connection of its own, without end.

        What is made before that connection is there, or while it is lost and nobody knows it, is not told.

        Raises:
            PlayheadError: `database_unavailable`, when there is no connection any more.
        """
        try:
            async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as listening:
                await listening.execute(f"LISTEN {_MADE}")
                async for each in listening.notifies():
                    yield UUID(each.payload)
        except psycopg.Error as error:
            raise PlayheadError("database_unavailable") from error

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()


def _limit_silence(engine: AsyncEngine, seconds: float) -> None:
    def limit(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = {round(1000 * seconds)}")
        cursor.close()
        connection.commit()

    event.listen(engine.sync_engine, "connect", limit)


_PASSING = ("08", "53", "57P", "25P03")
"""How SQLSTATEs begin that mean: no connection; no disk, memory or connection left to give; the server goes down;
it has waited for us too long."""


def _may_pass(error: DBAPIError | ConnectorException) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith(_PASSING)


def among(column: ColumnElement[UUID], ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Whether a column is one of these: as one parameter, as a statement has 65,535 at most."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


Row = dict[str, Any]
"""A row as the queries return it: column name → value."""
