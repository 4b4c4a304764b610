"""What Alembic runs to find the database: the connection `records.migrate` has put in the configuration.

There is no `alembic.ini` and no offline mode; the lock is held by the caller, on this same connection.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from playhead.records.tables import metadata


def migrate(connection: Connection) -> None:
    """Run every version that is still to come, each in a transaction of its own."""
    context.configure(
        connection=connection,
        # Gives the operations the naming convention, so that a version need not spell the names of keys.
        target_metadata=metadata,
        # One that fails half-way leaves the ones before it done, and itself not begun.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
