"""Captions of videos: planned from the source's own, sent apart, replaced and deleted; one to a language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from playhead.model import languages
from playhead.model.errors import PlayheadError
from playhead.model.media import TextTrack
from playhead.records import left_out, objects
from playhead.records.database import Row, Transaction
from playhead.records.left_out import Part
from playhead.records.tables import captions

MOST = 32
"""Of one video, those of its source and those sent apart together."""


async def lay_out(tx: Transaction, video: Row, texts: Sequence[TextTrack]) -> None:
    """Write down which captions are to be taken from the source. Those that were sent apart stay."""
    seen: Counter[str] = Counter()
    rows = []
    for track in texts[:MOST]:
        tag = languages.tag(track.language or languages.UNKNOWN)
        seen[tag] += 1
        # A language that comes twice is told apart by a private part of its tag (RFC 5646, section 2.2.7).
        name = tag if seen[tag] == 1 else f"{tag}-x-{seen[tag]}"
        rows.append({"language": name, "title": track.title, "stream": track.index})
    if rows:
        own = {"video_id": video["id"], "project_id": video["project_id"]}
        await tx.connection.execute(
            upsert(captions).on_conflict_do_nothing(index_elements=["video_id", "language"]),
            [row | own for row in rows],
        )


async def due(tx: Transaction, video_id: UUID) -> list[Row]:
    """Those that are still to be taken from the source."""
    found = await tx.connection.execute(
        select(captions).where(captions.c.video_id == video_id, captions.c.key.is_(None))
    )
    return [dict(row._mapping) for row in found]


async def are_due(tx: Transaction, video_id: UUID) -> bool:
    """Whether any are."""
    found = await tx.connection.execute(
        select(exists().where(captions.c.video_id == video_id, captions.c.key.is_(None)))
    )
    return bool(found.scalar_one())


async def publish(tx: Transaction, video_id: UUID, language: str, *, key: str, cues: int) -> bool:
    """Make captions of the source known; False when others came first, or nobody wants them any more."""
    won = await tx.connection.execute(
        update(captions)
        .where(captions.c.video_id == video_id, captions.c.language == language, captions.c.key.is_(None))
        .values(key=key, cues=cues)
    )
    if won.rowcount == 0:
        await objects.doom(tx, [key])
        return False
    await objects.keep(tx, [key])
    return True


async def forgo(tx: Transaction, video: Row, reasons: Mapping[str, PlayheadError]) -> None:
    """Leave captions of the source out that are still due, each by its language with the reason."""
    for language, error in reasons.items():
        gone = await tx.connection.execute(
            delete(captions).where(
                captions.c.video_id == video["id"],
                captions.c.language == language,
                captions.c.key.is_(None),
            )
        )
        if gone.rowcount:
            await left_out.note(tx, video, Part.CAPTIONS, error, language)


async def put(tx: Transaction, video: Row, language: str, *, title: str | None, key: str, cues: int) -> bool:
    """Make captions that were sent apart known, in place of any in that language; False when there are too many.

    The video must be locked: two who send the same language come one after the other.
    """
    others = await tx.connection.execute(
        select(func.count()).where(captions.c.video_id == video["id"], captions.c.language != language)
    )
    if others.scalar_one() >= MOST:
        return False
    # What they replace stays for its readers' last look.
    await objects.doom_slots(tx, video["id"], f"captions/{language.lower()}/", grace=objects.READERS_GRACE)
    values = {"title": title, "stream": None, "key": key, "cues": cues, "created_at": func.clock_timestamp()}
    own = {"video_id": video["id"], "project_id": video["project_id"], "language": language}
    await tx.connection.execute(
        upsert(captions)
        .values(**own, **values)
        .on_conflict_do_update(index_elements=["video_id", "language"], set_=values)
    )
    await objects.keep(tx, [key])
    await left_out.clear(tx, video["id"], Part.CAPTIONS, language)
    return True


async def remove(tx: Transaction, video_id: UUID, language: str) -> bool:
    """Delete captions, made or not; False when there are none in that language."""
    found = await tx.connection.execute(
        delete(captions)
        .where(captions.c.video_id == video_id, captions.c.language == language)
        .returning(captions.c.key)
    )
    row = found.one_or_none()
    if row is None:
        return False
    if row.key is not None:
        await objects.doom(tx, [row.key])
    return True


async def of_videos(tx: Transaction, video_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """The captions there are, by video, in the order of their languages."""
    found = await tx.connection.execute(
        select(captions)
        .where(captions.c.video_id.in_(video_ids), captions.c.key.is_not(None))
        .order_by(captions.c.language)
    )
    by_video: dict[UUID, list[Row]] = {video_id: [] for video_id in video_ids}
    for row in found:
        by_video[row.video_id].append(dict(row._mapping))
    return by_video


async def start_over(tx: Transaction, video_id: UUID) -> None:
    """Give up those of the source, as it is read once more. Those that were sent apart stay."""
    found = await tx.connection.execute(
        delete(captions)
        .where(captions.c.video_id == video_id, captions.c.stream.is_not(None))
        .returning(captions.c.language)
    )
    for language in found.scalars().all():
        await objects.doom_slots(tx, video_id, f"captions/{language.lower()}/", grace=objects.READERS_GRACE)


async def move(tx: Transaction, from_id: UUID, to_id: UUID) -> None:
    """Give a remake's captions to its video, before the ledger does; those sent apart go before them."""
    await start_over(tx, to_id)
    sent = select(captions.c.language).where(captions.c.video_id == to_id)
    for language in (await tx.connection.execute(sent)).scalars():
        await left_out.clear(tx, from_id, Part.CAPTIONS, language)
    lost = await tx.connection.execute(
        delete(captions)
        .where(captions.c.video_id == from_id, captions.c.language.in_(sent))
        .returning(captions.c.language)
    )
    for language in lost.scalars().all():
        await objects.doom_slots(tx, from_id, f"captions/{language.lower()}/")
    await tx.connection.execute(update(captions).where(captions.c.video_id == from_id).values(video_id=to_id))
