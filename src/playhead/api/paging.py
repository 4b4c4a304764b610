"""Pages of videos: a cursor in, the records of one page and the next cursor out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from playhead.api import cursor as cursors
from playhead.api.gather import VideoRecord, gather
from playhead.model.errors import PlayheadError
from playhead.model.states import Status
from playhead.records import videos
from playhead.records.database import Records


@dataclass(frozen=True)
class Page:
    """Some of a project's videos, newest first."""

    records: list[VideoRecord]
    next_cursor: str | None
    """Where the next page begins; None after the last."""


async def page_of(
    records: Records,
    project_id: UUID,
    *,
    limit: int,
    cursor: str | None,
    status: str | None,
    is_public: bool | None = None,
) -> Page:
    """One page of a project's videos.

    Raises:
        PlayheadError: `invalid_request` for a limit, cursor or status that is none.
    """
    if status is not None and status not in list(Status):
        raise PlayheadError("invalid_request", f"status must be one of {', '.join(Status)}.", field="status")
    before, length = cursors.decode(cursor), cursors.check_limit(limit)
    async with records.moment() as tx:
        # One more than asked for tells whether there is a next page.
        rows = await videos.page(
            tx, project_id, limit=length + 1, before=before, status=status, is_public=is_public
        )
        found = await gather(tx, rows[:length])
    last = rows[length - 1] if len(rows) > length else None
    return Page(found, cursors.encode(last["created_at"], last["id"]) if last else None)
