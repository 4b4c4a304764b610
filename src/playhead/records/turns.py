"""Turns: whose work comes next when several projects have more than can be done at once.

Start-time fair queueing (Goyal, Vin and Cheng 1996), with one video as the unit. A project's videos follow each
other at a distance of one turn; a project that had nothing to do starts where work stands now. So of two projects
with a backlog each gets every other video, and the first video of a project waits for one of each other's, however
many those have. A turn never changes: whatever is lost and enqueued again comes back to its place.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Table, func, select


def next_of(table: Table, project_id: UUID, under_way: ColumnElement[bool]) -> ColumnElement[int]:
    """The turn of a project's next row in a table with turns; `under_way` picks out what is still to be done.

    Two that are asked for at the same time may be the same, which does no harm.
    """
    last: ScalarSelect[int] = (
        select(func.max(table.c.turn) + 1)
        .where(table.c.project_id == project_id, under_way)
        .correlate(None)
        .scalar_subquery()
    )
    now: ScalarSelect[int] = select(func.min(table.c.turn)).where(under_way).correlate(None).scalar_subquery()
    return func.greatest(last, now, 0)
