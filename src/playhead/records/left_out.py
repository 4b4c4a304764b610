"""The parts that a video is made without, as they could not be made: which, and why."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model.errors import PlayheadError
from playhead.model.plan import sound_track
from playhead.model.problems import reason_kept
from playhead.records.database import Row, Transaction
from playhead.records.tables import left_out


class Part(StrEnum):
    """What a video can be without."""

    POSTER = "poster"
    SOUND = "sound"
    """Any but the first; named by its track."""
    CAPTIONS = "captions"
    """Named by their language."""


async def note(tx: Transaction, video: Row, part: Part, error: PlayheadError, name: str = "") -> None:
    """Write down that a part is left out, and why."""
    why = {"error_code": error.code, "error_detail": error.detail or None}
    await tx.connection.execute(
        upsert(left_out)
        .values(video_id=video["id"], project_id=video["project_id"], part=part, name=name, **why)
        .on_conflict_do_update(index_elements=["video_id", "part", "name"], set_=why)
    )


async def has(tx: Transaction, video_id: UUID, part: Part) -> bool:
    """Whether any of that kind is left out."""
    found = await tx.connection.execute(
        select(exists().where(left_out.c.video_id == video_id, left_out.c.part == part))
    )
    return bool(found.scalar_one())


async def of_videos(tx: Transaction, video_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """What is left out of each."""
    found = await tx.connection.execute(
        select(left_out)
        .where(left_out.c.video_id.in_(video_ids))
        .order_by(left_out.c.video_id, left_out.c.part, left_out.c.name)
    )
    by_video: dict[UUID, list[Row]] = {video_id: [] for video_id in video_ids}
    for row in found:
        by_video[row.video_id].append(dict(row._mapping))
    return by_video


def told(row: Row, info: dict[str, Any] | None) -> dict[str, Any]:
    """What is told of one, `info` being what is known of the video's source."""
    if row["part"] == Part.CAPTIONS:
        language = row["name"]
    else:
        sounds = enumerate((info or {}).get("other_audio", ()), 1)
        language = next((each["language"] for at, each in sounds if sound_track(at) == row["name"]), None)
    why = reason_kept(row["error_code"], row["error_detail"]) or {}
    return {"part": row["part"], "language": language, **why}


async def clear(tx: Transaction, video_id: UUID, part: Part, name: str = "") -> None:
    """It is there after all."""
    await tx.connection.execute(
        delete(left_out).where(
            left_out.c.video_id == video_id, left_out.c.part == part, left_out.c.name == name
        )
    )
