"""Making everything of a source once more: from a failure in place, and of a ready video beside what is served.

A ready video stays as it is while it is made again: a second row, the remake, goes through processing like any other
video, seen by nobody, and one transaction puts what was made of it in the old one's place. A remake that fails leaves
no trace but an event. Whoever ends a remake holds it and then locks its video; nobody who holds a video locks its
remake, so neither waits for the other.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update

from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.states import Status, may_become
from playhead.records import captions, events, left_out, objects, turns
from playhead.records.database import Row, Transaction
from playhead.records.left_out import Part
from playhead.records.tables import images, pieces, renditions, steps, stretches, videos
from playhead.records.tables import left_out as left_out_rows

_MADE = ("piece/", "sound/", "stretch/", "rendition/", "thumbnail/", "poster/", "index/")
"""Slots of all that is made of a source."""
_COPIED = (
    *("project_id", "filename", "is_public", "metadata", "thumbnail_seconds", "loudness"),
    *("source_key", "source_size"),
)
_ANSWERED = ("track", "width", "height", "note", "key", "size_bytes", "etag", "ready_at")


async def begin(tx: Transaction, video: Row) -> None:
    """Have everything made of a video's source once more. `video` must be locked. Repeating it changes nothing.

    Raises:
        PlayheadError: `wrong_state` while it is processed for the first time, and when its source was not kept.
    """
    again = video["generation"] > 1
    if video["status"] == Status.PROCESSING and again:
        return
    if video["source_key"] is None:
        raise PlayheadError("wrong_state", "The file of this video is not here; upload it again.")
    if video["status"] == Status.READY:
        if await of_videos(tx, [video["id"]]):
            return
        remake_id = await _copy(tx, video)
    elif may_become(video["status"], Status.PROCESSING) and video["status"] == Status.FAIL:
        await _start_over(tx, video)
        remake_id = video["id"]
    else:
        raise PlayheadError("wrong_state", f"The video's status is {video['status']}.")
    await events.append(tx, video["project_id"], video["id"], EventType.REPROCESSING)
    turn = await tx.connection.execute(select(videos.c.turn).where(videos.c.id == remake_id))
    await tx.defer(jobs.inspect(remake_id, turn.scalar_one()))


async def of_videos(tx: Transaction, video_ids: list[UUID]) -> set[UUID]:
    """Those of the videos that are made once more beside what is served."""
    found = await tx.connection.execute(select(videos.c.replaces).where(videos.c.replaces.in_(video_ids)))
    return {replaced for replaced in found.scalars() if replaced is not None}


async def finish(tx: Transaction, remake: Row) -> None:
    """Put what was made in the old one's place, or give it up. `remake`, whose renditions have ended, is locked.

    A video is never worse for it: a rendition that was ready before has to be ready again, and a poster that cannot
    be taken anew stays as it was.
    """
    video = await _replaced(tx, remake)
    if video is None:
        await _discard(tx, remake)
        return
    made = await _renditions(tx, remake["id"])
    old = await _renditions(tx, video["id"])
    lost = [
        made[name]
        for name, row in old.items()
        if row["status"] == Status.READY and name in made and made[name]["status"] != Status.READY
    ]
    if lost:
        await give_up(tx, remake, PlayheadError(lost[0]["error_code"], lost[0]["error_detail"] or ""))
        return
    await _swap(tx, video, remake, old, made)
    await events.append(tx, video["project_id"], video["id"], EventType.REPROCESSED)


async def give_up(tx: Transaction, remake: Row, error: PlayheadError) -> None:
    """A remake came to nothing: its video stays as it was. `remake` must be locked."""
    video = await _replaced(tx, remake)
    await _discard(tx, remake)
    if video is not None:
        told = {"code": error.code, "message": error.message}
        await events.append(tx, video["project_id"], video["id"], EventType.REPROCESS_FAILED, told)


async def _copy(tx: Transaction, video: Row) -> UUID:
    remake_id = uuid4()
    await tx.connection.execute(
        insert(videos).values(
            id=remake_id,
            replaces=video["id"],
            generation=video["generation"] + 1,
            status=Status.PROCESSING,
            completed_at=func.clock_timestamp(),
            turn=turns.next_of(videos, video["project_id"], videos.c.status == Status.PROCESSING),
            **{name: video[name] for name in _COPIED},
        )
    )
    wanted = list(await _renditions(tx, video["id"]))
    rows = [
        {
            "id": uuid4(),
            "project_id": video["project_id"],
            "video_id": remake_id,
            "resolution": resolution,
            "status": Status.PROCESSING,
        }
        for resolution in wanted
    ]
    if rows:
        await tx.connection.execute(insert(renditions), rows)
    return remake_id


async def _start_over(tx: Transaction, video: Row) -> None:
    """A video that failed is as if its upload had just been completed."""
    for kind in _MADE:
        await objects.doom_slots(tx, video["id"], kind, grace=objects.READERS_GRACE)
    await captions.start_over(tx, video["id"])
    for table in (pieces, stretches, images, steps, left_out_rows):
        await tx.connection.execute(delete(table).where(table.c.video_id == video["id"]))
    nothing = dict.fromkeys(("error_code", "error_detail"))
    await tx.connection.execute(
        update(renditions)
        .where(renditions.c.video_id == video["id"])
        .values(status=Status.PROCESSING, **nothing, **dict.fromkeys(_ANSWERED))
    )
    await tx.connection.execute(
        update(videos)
        .where(videos.c.id == video["id"])
        .values(
            status=Status.PROCESSING,
            generation=video["generation"] + 1,
            turn=turns.next_of(videos, video["project_id"], videos.c.status == Status.PROCESSING),
            **nothing,
            **dict.fromkeys(("info", "plan", "index_key", "poster_key", "playable_at", "ready_at")),
        )
    )


async def _swap(tx: Transaction, video: Row, remake: Row, old: dict[str, Row], made: dict[str, Row]) -> None:
    here, there = video["id"], remake["id"]
    keeps_poster = remake["poster_key"] is None
    for kind in _MADE:
        if keeps_poster and kind == "poster/":
            continue
        await objects.doom_slots(tx, here, kind, grace=objects.READERS_GRACE)
    await captions.move(tx, there, here)
    await objects.move(tx, there, here)
    for name, row in made.items():
        if name in old and row["status"] == Status.READY:
            await tx.connection.execute(
                update(renditions)
                .where(renditions.c.id == old[name]["id"])
                .values(
                    status=Status.READY,
                    error_code=None,
                    error_detail=None,
                    **{column: row[column] for column in _ANSWERED},
                )
            )
    for table in (pieces, images, left_out_rows):
        await tx.connection.execute(delete(table).where(table.c.video_id == here))
        await tx.connection.execute(update(table).where(table.c.video_id == there).values(video_id=here))
    await tx.connection.execute(
        update(videos)
        .where(videos.c.id == here)
        .values(
            poster_key=video["poster_key"] if keeps_poster else remake["poster_key"],
            **{name: remake[name] for name in ("info", "plan", "index_key", "generation")},
        )
    )
    if video["poster_key"] is not None:
        await left_out.clear(tx, here, Part.POSTER)
    # A rendition that was deleted meanwhile: what was made for it alone is nobody's.
    kept = {made[name]["track"] for name in old if name in made}
    for track in {row["track"] for row in made.values()} - kept - {None}:
        for kind in ("piece", "rendition", "thumbnail"):
            await objects.doom_slots(tx, here, f"{kind}/{track}/")
        for table in (pieces, images):
            await tx.connection.execute(delete(table).where(table.c.video_id == here, table.c.track == track))
    await tx.connection.execute(delete(videos).where(videos.c.id == there))


async def _discard(tx: Transaction, remake: Row) -> None:
    await objects.doom_slots(tx, remake["id"], "")
    await tx.connection.execute(delete(videos).where(videos.c.id == remake["id"]))


async def _replaced(tx: Transaction, remake: Row) -> Row | None:
    found = await tx.connection.execute(
        select(videos).where(videos.c.id == remake["replaces"]).with_for_update()
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def _renditions(tx: Transaction, video_id: UUID) -> dict[str, Row]:
    found = await tx.connection.execute(
        select(renditions)
        .where(renditions.c.video_id == video_id)
        .order_by(renditions.c.created_at, renditions.c.id)
    )
    return {row.resolution: dict(row._mapping) for row in found}
