"""`Idempotency-Key` where files are taken: who creates an upload twice by one key gets the first one again.

The body is the file, so it is no part of what the key stands for unless its caller says so. A file that is refused
frees the key: nothing is there that a second try could find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from playhead.model.idempotency import idempotency_key
from playhead.records import answers
from playhead.records.database import Records, Transaction


@dataclass(frozen=True)
class Once:
    """One creating request that carries a key."""

    project_id: UUID
    key: str
    """As it is kept: the keys of a grant's holders are their own."""
    asked: bytes
    """A digest of what is asked for."""

    async def before(self, tx: Transaction) -> UUID | None:
        """What this key has created before; None when it is to be created now, and noted.

        Raises:
            PlayheadError: `idempotency_key_reused`.
        """
        found = await answers.claim(tx, self.project_id, self.key, self.asked)
        return None if found is None else UUID(found)

    async def note(self, tx: Transaction, created: UUID) -> None:
        """Keep what was created, in the transaction that creates it."""
        await answers.keep(tx, self.project_id, self.key, str(created))

    async def free(self, records: Records) -> None:
        """Nothing has come of it."""
        async with records.transaction() as tx:
            await answers.forget(tx, self.project_id, self.key)


def once(
    headers: Mapping[str, str], project_id: UUID, asked: Sequence[bytes], *, grant_id: UUID | None = None
) -> Once | None:
    """Whether a request is to be carried out once only. `headers` are by lower-case name.

    Raises:
        PlayheadError: as `idempotency_key`.
    """
    key = idempotency_key(headers)
    if key is None:
        return None
    kept = key if grant_id is None else f"{grant_id} {key}"
    lengths = b",".join(str(len(each)).encode() for each in asked)
    return Once(project_id, kept, hashlib.sha256(b"\0".join((lengths, *asked))).digest())
