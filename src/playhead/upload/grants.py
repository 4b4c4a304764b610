"""Who may create uploads: whoever has a project's key, or a grant that one with the key has made."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.key import key_of
from playhead.model.signing import Signer
from playhead.records import grants, projects
from playhead.records.database import Records, Row

_EVER = 0
"""A time at which no token has expired."""
_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_.-]{1,160})")


@dataclass(frozen=True)
class Caller:
    """Somebody who may create uploads in a project."""

    project_id: UUID
    grant: Row | None = None
    """The row of the grant that allows it; None for one with a key."""


@dataclass(frozen=True)
class Grants:
    """Reads who somebody is."""

    records: Records
    signer: Signer

    async def by_token(self, token: str, *, begun: bool = False) -> Caller:
        """The holder of a grant's token; who goes on with what was `begun` under it needs none that still works.

        Raises:
            PlayheadError: `url_invalid`, `url_expired` also when it was revoked.
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise PlayheadError("url_invalid")
        self.signer.verify("grant", found[1], found[2], _EVER if begun else int(time.time()))
        async with self.records.transaction() as tx:
            find = grants.find if begun else grants.working
            grant = await find(tx, UUID(found[1]))
        if grant is None:
            raise PlayheadError("url_expired", "This grant is over.")
        return Caller(grant["project_id"], grant)

    async def by_key(self, headers: Mapping[str, str]) -> Caller:
        """The holder of a key; `headers` are by lower-case name.

        Raises:
            PlayheadError: `invalid_key`.
        """
        key = key_of(headers)
        if key is not None:
            async with self.records.transaction() as tx:
                project_id = await projects.project_of_key(tx, key)
            if project_id is not None:
                return Caller(project_id)
        raise PlayheadError("invalid_key")
