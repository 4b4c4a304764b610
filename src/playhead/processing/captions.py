"""Captions: the text in a source becomes WebVTT of our own, one file to a language."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
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
from playhead.processing.workshop import Workshop, attempt, still
from playhead.records import captions, objects, videos
from playhead.records.database import Row, Transaction
from playhead.storage import keys


async def take_captions(workshop: Workshop, video_id: UUID) -> None:
    """Take every caption track that is text out of the source; those that cannot be read are done without."""

    async def work(video: Row, failures: int) -> None:
        async with workshop.records.transaction() as tx:
            due = await captions.due(tx, video_id)
        if due:
            async with workshop.bench() as bench, workshop.storage.local(video["source_key"]) as path:
                # A second try takes them one by one, so that one that is broken does not take the others along.
                for group in [[row] for row in due] if failures else [due]:
                    await _take(workshop, video, group, path, bench, alone=failures > 0)
        await _forgo(workshop, video, [row["language"] for row in due])

    async def give_up(tx: Transaction, video: Row, _error: PlayheadError) -> None:
        await captions.forgo(tx, video_id, [row["language"] for row in await captions.due(tx, video_id)])
        await videos.settle(tx, video)

    await attempt(workshop, video_id, "captions", work, give_up)


async def _take(
    workshop: Workshop, video: Row, rows: Sequence[Row], path: Path, bench: Path, *, alone: bool
) -> None:
    plan = plan_of(video)
    written = {row["language"]: bench / f"{row['stream']}.vtt" for row in rows}
    outputs = [(row["stream"], written[row["language"]]) for row in rows]
    invocation = captions_invocation(path, guards_of(path), outputs, trusted=plan.trusted_timestamps)
    try:
        await run(invocation, sandbox=workshop.sandbox)
    except PlayheadError:
        if not alone:
            raise
    for language, output in written.items():
        if output.exists():
            with suppress(PlayheadError):
                cues = await asyncio.to_thread(_cues, output, plan)
                await _publish(workshop, video, language, cues)


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


async def _forgo(workshop: Workshop, video: Row, languages: Sequence[str]) -> None:
    """What is still due by now could not be read."""
    async with workshop.records.transaction() as tx:
        current = await still(tx, video)
        if current is not None:
            await captions.forgo(tx, video["id"], languages)
            await videos.settle(tx, current)
