"""Gathering: everything the API says of some videos, in a fixed number of queries however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from playhead.model.states import Status
from playhead.records import captions, left_out, remaking, renditions, steps, uploads
from playhead.records.database import Row, Transaction


@dataclass(frozen=True)
class VideoRecord:
    """One video's rows."""

    video: Row
    renditions: list[Row]
    images: dict[str, list[Row]]
    """Thumbnails by track."""
    upload: Row | None
    captions: list[Row]
    steps: Sequence[Row] = ()
    """Those of a failed video that did not go well at once."""
    left_out: Sequence[Row] = ()
    """What could not be made and is done without."""
    reprocessing: bool = False
    """Whether it is made once more beside what is served."""


async def gather(tx: Transaction, videos: Sequence[Row]) -> list[VideoRecord]:
    """The records of the videos, in their order."""
    ids: list[UUID] = [video["id"] for video in videos]
    if not ids:
        return []
    by_video = await renditions.of_videos(tx, ids)
    images = await renditions.images_of(tx, ids)
    texts = await captions.of_videos(tx, ids)
    lacking = await left_out.of_videos(tx, ids)
    opened = await uploads.of_videos(tx, ids)
    failed = [video["id"] for video in videos if video["status"] == Status.FAIL]
    troubled = await steps.troubled(tx, failed) if failed else {}
    remade = await remaking.of_videos(tx, ids)
    return [
        VideoRecord(
            video=video,
            renditions=by_video[video["id"]],
            images={track: rows for (owner, track), rows in images.items() if owner == video["id"]},
            upload=opened.get(video["id"]),
            steps=troubled.get(video["id"], ()),
            left_out=lacking[video["id"]],
            reprocessing=video["id"] in remade,
            captions=texts[video["id"]],
        )
        for video in videos
    ]
