"""What playing a video takes: in three queries what changes, and once what does not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, exists, select

from playhead.model.loudness import Loudness
from playhead.model.plan import AUDIO, Plan
from playhead.model.states import Status
from playhead.records import captions
from playhead.records.database import Row, Transaction
from playhead.records.tables import pieces, renditions, videos


@dataclass(frozen=True)
class Playing:
    """A video as far as players are concerned, at one moment."""

    video_id: UUID
    is_public: bool
    source_key: str
    source_size: int
    planned: bool
    """Whether its plan can be read: from then on it never changes."""
    ready: bool
    language: str | None
    """What the source says of its first sound, as its container spells it."""
    sounds: dict[str, Row]
    """Track → `key` and `size_bytes` of each encoded sound's own piece, both None until it is made."""
    captions: tuple[Row, ...]
    """`language`, `title` and `key` of those there are, in the order of their languages."""
    renditions: tuple[Row, ...]
    """`track`, `width`, `height`, `status`, `key`, `size_bytes`, and `begun`: whether its first piece is made. Of
    those not given up, always in one order."""
    generation: int = 1
    """How often it was made: what is streamed changes with it, and so do its URLs."""
    index_key: str | None = None
    """Where the index of the source is stored; None when the source holds it."""
    sound_as_it_is: bool = True
    """Whether the source's own sound may be heard; False where it is to be brought to another loudness."""


_VIDEO = (
    videos.c.id,
    videos.c.is_public,
    videos.c.status,
    videos.c.source_key,
    videos.c.replaces,
    videos.c.source_size,
    videos.c.index_key,
    videos.c.plan.is_not(None).label("planned"),
    videos.c.loudness,
    videos.c.generation,
    videos.c.info["audio"]["language"].astext.label("language"),
)
_RENDITION = (
    renditions.c.track,
    renditions.c.width,
    renditions.c.height,
    renditions.c.status.label("rendition_status"),
    renditions.c.key,
    renditions.c.size_bytes,
    exists()
    .where(
        pieces.c.video_id == renditions.c.video_id,
        pieces.c.track == renditions.c.track,
        pieces.c.chunk == 0,
        pieces.c.done_at.is_not(None),
    )
    .label("begun"),
)
_PLAYING = (
    select(*_VIDEO, *_RENDITION)
    .outerjoin(
        renditions,
        (renditions.c.video_id == videos.c.id)
        & (renditions.c.status != Status.FAIL)
        & renditions.c.track.is_not(None),
    )
    .order_by(renditions.c.created_at, renditions.c.id)
)

_SOUNDS = select(pieces.c.track, pieces.c.key, pieces.c.size_bytes).where(pieces.c.track.startswith(AUDIO))


async def is_unplanned(tx: Transaction, video_id: UUID) -> bool:
    """Whether a video is under way and not planned yet, so that what `load` tells of it does not change."""
    found = await tx.connection.execute(
        select(videos.c.id).where(
            videos.c.id == video_id, videos.c.status == Status.PROCESSING, videos.c.plan.is_(None)
        )
    )
    return found.one_or_none() is not None


async def load(tx: Transaction, video_id: UUID) -> Playing | None:
    """What there is to play of a video; None when there is no such video or it holds no source."""
    rows = (await tx.connection.execute(_PLAYING.where(videos.c.id == video_id))).all()
    if (
        not rows
        or rows[0].replaces is not None
        or rows[0].source_key is None
        or rows[0].status == Status.FAIL
    ):
        return None
    video = rows[0]
    texts = await captions.of_videos(tx, [video_id])
    sounds = await tx.connection.execute(_SOUNDS.where(pieces.c.video_id == video_id))
    return Playing(
        video_id=video_id,
        is_public=video.is_public,
        source_key=video.source_key,
        source_size=video.source_size,
        planned=video.planned,
        ready=video.status == Status.READY,
        generation=video.generation,
        sound_as_it_is=video.loudness == Loudness.SOURCE,
        index_key=video.index_key,
        language=video.language,
        sounds={row.track: {"key": row.key, "size_bytes": row.size_bytes} for row in sounds},
        captions=tuple(texts[video_id]),
        renditions=tuple(
            {
                "track": row.track,
                "width": row.width,
                "height": row.height,
                "status": row.rendition_status,
                "key": row.key,
                "size_bytes": row.size_bytes,
                "begun": row.begun,
            }
            for row in rows
            if row.track is not None
        ),
    )


async def plan(tx: Transaction, video_id: UUID) -> Plan | None:
    """A video's plan; None before it is planned. Once there it never changes."""
    # As text: a long video's plan is a quarter of a megabyte, which is decoded once, straight into its type.
    found = await tx.connection.execute(select(cast(videos.c.plan, Text)).where(videos.c.id == video_id))
    text: str | None = found.scalar_one_or_none()
    return None if text is None else msgspec.json.decode(text, type=Plan)


async def piece(tx: Transaction, video_id: UUID, track: str, chunk: int) -> Row | None:
    """One piece once it is made, or None."""
    found = await tx.connection.execute(
        select(pieces).where(
            pieces.c.video_id == video_id,
            pieces.c.track == track,
            pieces.c.chunk == chunk,
            pieces.c.done_at.is_not(None),
        )
    )
    row = found.one_or_none()
    return dict(row._mapping) if row else None


async def expected(tx: Transaction, video_id: UUID, track: str, chunk: int) -> bool:
    """Whether a piece is made already or still will be: false once its track or its video is given up."""
    wanted = exists().where(
        renditions.c.video_id == video_id,
        renditions.c.track == track,
        renditions.c.status == Status.PROCESSING,
    )
    found = await tx.connection.execute(
        select(pieces.c.done_at.is_not(None) | pieces.c.track.startswith(AUDIO) | wanted)
        .join(videos, videos.c.id == pieces.c.video_id)
        .where(
            pieces.c.video_id == video_id,
            pieces.c.track == track,
            pieces.c.chunk == chunk,
            videos.c.status != Status.FAIL,
        )
    )
    return bool(found.scalar_one_or_none())
