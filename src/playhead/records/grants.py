"""Grants: each lets whoever holds its token create uploads without a key, for a short time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, exists, func, insert, or_, select, update

from playhead.records.database import Row, Transaction
from playhead.records.tables import grants, partials, uploads
from playhead.records.uploads import OPEN

KEPT_FOR = timedelta(days=30)
"""How long a grant is known after its time, and after that of what was begun under it."""
PRUNED_AT_ONCE = 1000

_IN_TIME = grants.c.expires_at > func.clock_timestamp()
_REVOKED = grants.c.revoked_at.is_not(None)
_WORKS = _IN_TIME & ~_REVOKED


async def create(
    tx: Transaction,
    project_id: UUID,
    *,
    resolutions: Sequence[str] | None,
    is_public: bool | None,
    metadata: dict[str, Any] | None,
    max_bytes: int | None,
    max_uploads: int | None,
    expires_in: timedelta,
) -> Row:
    """A new grant."""
    made = await tx.connection.execute(
        insert(grants)
        .values(
            id=uuid4(),
            project_id=project_id,
            resolutions=resolutions,
            is_public=is_public,
            metadata=metadata,
            max_bytes=max_bytes,
            max_uploads=max_uploads,
            expires_at=func.clock_timestamp() + expires_in,
        )
        .returning(grants)
    )
    return dict(made.one()._mapping)


async def working(tx: Transaction, grant_id: UUID, *, lock: bool = False) -> Row | None:
    """A grant, if its time is not over and nobody has revoked it."""
    query = select(grants).where(grants.c.id == grant_id, _WORKS)
    row = (await tx.connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return dict(row._mapping) if row else None


async def find(tx: Transaction, grant_id: UUID, *, lock: bool = False) -> Row | None:
    """A grant, whether it works or not."""
    query = select(grants).where(grants.c.id == grant_id)
    row = (await tx.connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return dict(row._mapping) if row else None


async def spend(tx: Transaction, grant_id: UUID, *, begun: bool = False) -> bool:
    """Count one upload; False when the grant allows no more. However many ask at once, none gets past it.

    One that was `begun` while the grant worked counts also when its time is over, unless it was revoked.
    """
    done = await tx.connection.execute(
        update(grants)
        .where(
            grants.c.id == grant_id,
            ~_REVOKED if begun else _WORKS,
            or_(grants.c.max_uploads.is_(None), grants.c.uploads_made < grants.c.max_uploads),
        )
        .values(uploads_made=grants.c.uploads_made + 1)
    )
    return done.rowcount == 1


async def give_back(tx: Transaction, grant_id: UUID) -> None:
    """Take back that an upload was counted, as none has come of it."""
    await tx.connection.execute(
        update(grants).where(grants.c.id == grant_id).values(uploads_made=grants.c.uploads_made - 1)
    )


async def revoke(tx: Transaction, project_id: UUID, grant_id: UUID) -> bool:
    """End a grant now; False when the project has none of that id. Doing it again changes nothing."""
    done = await tx.connection.execute(
        update(grants)
        .where(grants.c.id == grant_id, grants.c.project_id == project_id)
        .values(revoked_at=func.coalesce(grants.c.revoked_at, func.clock_timestamp()))
    )
    return done.rowcount == 1


async def prune(tx: Transaction) -> int:
    """Forget the grants that nothing can come of any more, some at a time; how many that were."""
    lately = func.now() - KEPT_FOR
    used = exists().where(
        uploads.c.grant_id == grants.c.id, or_(uploads.c.state.in_(OPEN), uploads.c.expires_at > lately)
    )
    waited_for = exists().where(partials.c.grant_id == grants.c.id)
    over = select(grants.c.id).where(grants.c.expires_at < lately, ~used, ~waited_for).limit(PRUNED_AT_ONCE)
    gone = await tx.connection.execute(delete(grants).where(grants.c.id.in_(over)))
    return gone.rowcount
