"""Who is asking: the API key of a request, and the project it opens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from playhead.model.errors import PlayheadError
from playhead.model.key import key_of
from playhead.records import projects
from playhead.records.database import Records


async def provide_project_id(
    request: Request[Any, Any, Any], records: NamedDependency[SkipValidation[Records]]
) -> UUID:
    """The project of the request's key.

    Raises:
        PlayheadError: `invalid_key`.
    """
    key = key_of(request.headers)
    if key is None:
        raise PlayheadError("invalid_key")
    async with records.transaction() as tx:
        project_id = await projects.project_of_key(tx, key)
    if project_id is None:
        raise PlayheadError("invalid_key")
    return project_id


def id_of(text: str) -> UUID:
    """An id from a path. One that is no UUID names nothing, so it is not found rather than invalid.

    Raises:
        PlayheadError: `not_found`.
    """
    try:
        return UUID(text)
    except ValueError:
        raise PlayheadError("not_found") from None
