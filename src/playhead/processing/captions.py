"""Captions: the text in a source becomes WebVTT of our own, one file to a language."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from playhead.media.captions import Cue, read, write
from playhead.media.ffmpeg.captions import captions_invocation
from playhead.media.ffmpeg.run import run
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, Plan
from playhead.processing.inspect import plan_of
from playhead.processing.workshop import PASSING, Workshop, attempt, still
from playhead.records import captions, objects, videos
from playhead.records.database import Row, Transaction
from playhead.storage import keys


async def take_captions(workshop: Workshop, video_id: UUID) -> None:
    """Take every caption track that is text out of the source; those that cannot be read are left out."""

    async def work(video: Row, failures: int) -> None:
        async with workshop.records.transaction() as tx:
            due = await captions.due(tx, video_id)
        unread: dict[str, PlayheadError] = {}
        if due:
            async with workshop.bench() as bench, workshop.storage.local(video["source_key"]) as path:
                # A second try takes them one by one, so that one that is broken does not take the others along.
                for group in [[row] for row in due] if failures else [due]:
                    unread |= await _take(workshop, video, group, path, bench, alone=failures > 0)
        async with workshop.records.transaction() as tx:
            current = await still(tx, video)
            if current is not None:
                await captions.forgo(tx, current, unread)
                await videos.settle(tx, current)

    async def give_up(tx: Transaction, video: Row, error: PlayheadError) -> None:
        due = await captions.due(tx, video_id)
        await captions.forgo(tx, video, {row["language"]: error for row in due})
        await videos.settle(tx, video)

    await attempt(workshop, video_id, "captions", work, give_up)


async def _take(
    workshop: Workshop, video: Row, rows: Sequence[Row], path: Path, bench: Path, *, alone: bool
) -> dict[str, PlayheadError]:
    """Take some out and publish them; by language, why there are none of those that could not be read."""
    plan = plan_of(video)
    written = {row["language"]: bench / f"{row['stream']}.vtt" for row in rows}
    outputs = [(row["stream"], written[row["language"]]) for row in rows]
    invocation = captions_invocation(path, guards_of(path), outputs, trusted=plan.trusted_timestamps)
    failure = PlayheadError("captions_invalid")
    try:
        await run(invocation, sandbox=workshop.sandbox)
    except PlayheadError as error:
        if not alone or error.code in PASSING:
            raise
        failure = error
    unread: dict[str, PlayheadError] = {}
    for language, output in written.items():
        if not output.exists():
            unread[language] = failure
            continue
        try:
            cues = await asyncio.to_thread(_cues, output, plan)
        except PlayheadError as error:
            unread[language] = error
        else:
            await _publish(workshop, video, language, cues)
    return unread


def _cues(path: Path, plan: Plan) -> list[Cue]:
    """The cues on the plan's timeline, and none outside of it.

    Raises:
        PlayheadError: `captions_invalid`.
    """
    shift = round(plan.origin_seconds * 1000) if plan.trusted_timestamps else 0
    last = plan.duration * 1000 // TIMESCALE
    moved = (
        replace(cue, start=max(0, cue.start - shift), end=min(last, cue.end - shift))
        for cue in read(path.read_bytes())
    )
    return [cue for cue in moved if cue.start < cue.end]


async def _publish(workshop: Workshop, video: Row, language: str, cues: Sequence[Cue]) -> None:
    name = keys.captions(video["id"], language, secrets.token_hex(4))
    async with workshop.records.transaction() as tx:
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
    await workshop.storage.put(name.key, write(cues))
    async with workshop.records.transaction() as tx:
        if await still(tx, video) is None:
            await objects.doom(tx, [name.key])
        else:
            await captions.publish(tx, video["id"], language, key=name.key, cues=len(cues))
