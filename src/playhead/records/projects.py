"""Projects and their keys."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.records.database import Row, Transaction
from playhead.records.tables import keys, projects

PREFIX = "ph_"
SHOWN = len(PREFIX) + 6
"""How many characters of a key are kept readable, to recognise it by."""


def new_key() -> str:
    """A fresh API key: 256 random bits behind a prefix that secret scanners can find."""
    return PREFIX + secrets.token_urlsafe(32)


def _hash(key: str) -> bytes:
    # A plain hash is enough: the key is 256 random bits, nothing to guess or to slow down.
    return hashlib.sha256(key.encode()).digest()


async def ensure_project(tx: Transaction, name: str) -> UUID:
    """The id of the project called `name`, made if there is none."""
    await tx.connection.execute(
        upsert(projects).values(id=uuid4(), name=name).on_conflict_do_nothing(index_elements=["name"])
    )
    found = await tx.connection.execute(select(projects.c.id).where(projects.c.name == name))
    return UUID(str(found.scalar_one()))


async def add_key(tx: Transaction, project_id: UUID, name: str, key: str) -> UUID:
    """Keep `key`'s hash; the key itself is not stored. Adding the same key again changes nothing."""
    key_id = uuid4()
    await tx.connection.execute(
        upsert(keys)
        .values(id=key_id, project_id=project_id, name=name, prefix=key[:SHOWN], hash=_hash(key))
        .on_conflict_do_nothing(index_elements=["hash"])
    )
    return key_id


async def project_of_key(tx: Transaction, key: str) -> UUID | None:
    """The project a key opens, or None when the key is unknown or revoked."""
    found = await tx.connection.execute(
        select(keys.c.project_id).where(keys.c.hash == _hash(key), keys.c.revoked_at.is_(None))
    )
    return found.scalar_one_or_none()


async def list_keys(tx: Transaction) -> list[Row]:
    """Every key: its id, name, prefix, project's name, when it was made and revoked."""
    found = await tx.connection.execute(
        select(
            keys.c.id,
            keys.c.name,
            keys.c.prefix,
            projects.c.name.label("project"),
            keys.c.created_at,
            keys.c.revoked_at,
        )
        .join(projects, projects.c.id == keys.c.project_id)
        .order_by(keys.c.created_at)
    )
    return [dict(row._mapping) for row in found]


async def revoke_key(tx: Transaction, prefix_or_id: str) -> int:
    """Revoke the keys with that prefix or id; how many there were."""
    matches = (keys.c.prefix == prefix_or_id) | (func.text(keys.c.id) == prefix_or_id)
    done = await tx.connection.execute(
        update(keys).where(matches, keys.c.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    return done.rowcount
