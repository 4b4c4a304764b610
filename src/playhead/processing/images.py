"""Images: the poster, taken from the source as soon as it is planned, and the caller's thumbnails."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from uuid import UUID

from playhead.media import colors
from playhead.media.ffmpeg.images import poster_invocation, thumbnail_invocation
from playhead.media.ffmpeg.pictures import DRAWN_HEIGHT, DRAWN_WIDTH
from playhead.media.ffmpeg.run import ToolFailed, run
from playhead.media.source import guards_of
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.media import MediaInfo
from playhead.model.plan import Plan
from playhead.processing.inspect import info_of, plan_of
from playhead.processing.ladder import fit
from playhead.processing.workshop import Workshop, attempt, still
from playhead.records import events, left_out, objects, videos
from playhead.records.database import Row, Transaction
from playhead.records.left_out import Part
from playhead.storage import keys

POSTER_RESOLUTION = "720p"
"""The poster is no larger than this: pages show it before anything else, so it must be light."""


async def make_poster(workshop: Workshop, video_id: UUID) -> None:
    """Take the poster from the source and publish it; where none can be taken, the video is ready without."""

    async def work(video: Row, failures: int) -> None:
        if video["poster_key"] is not None:
            return
        plan, info = plan_of(video), info_of(video)
        name = keys.poster(video_id, secrets.token_hex(4))
        async with workshop.bench() as bench, workshop.source(video) as path:
            picture = bench / "poster.jpg"
            await _take_poster(workshop, path, picture, plan, info, safely=failures > 0)
            async with workshop.records.transaction() as tx:
                await objects.reserve(tx, video["project_id"], video_id, {name.key: name.slot})
            await workshop.storage.adopt(name.key, picture)
        async with workshop.records.transaction() as tx:
            wanted = await still(tx, video) is not None
            if not wanted or not await videos.publish_poster(tx, video_id, name.key):
                await objects.doom(tx, [name.key])
                return
            await objects.keep(tx, [name.key])
            await left_out.clear(tx, video_id, Part.POSTER)
            await events.append(tx, video["project_id"], video_id, EventType.POSTER)
            await videos.settle(tx, await videos.get(tx, video_id, lock=True))

    async def give_up(tx: Transaction, video: Row, error: PlayheadError) -> None:
        await left_out.note(tx, video, Part.POSTER, error)
        await videos.settle(tx, video)

    await attempt(workshop, video_id, "poster", work, give_up)


async def _take_poster(
    workshop: Workshop, source: Path, picture: Path, plan: Plan, info: MediaInfo, *, safely: bool
) -> None:
    # The very first frame comes last, and at a second try alone: it was decoded when the source was probed.
    tries = (
        [(0.0, False)] if safely or plan.drawn else [(plan.poster_seconds, True), (0.0, True), (0.0, False)]
    )
    failure = PlayheadError("output_invalid", "No poster could be taken.")
    film = (info.video.width, info.video.height) if info.video else (DRAWN_WIDTH, DRAWN_HEIGHT)
    width, height, _ = fit(*film, POSTER_RESOLUTION)
    if plan.color is not None:
        await asyncio.to_thread(colors.place, plan.color, picture.parent)
    for at_seconds, choose in tries:
        invocation = poster_invocation(
            source,
            guards_of(source),
            info.shown,
            picture,
            plan,
            at_seconds=at_seconds,
            size=(width, height),
            choose=choose,
        )
        try:
            await run(invocation, sandbox=workshop.sandbox)
        except ToolFailed as error:
            failure = error
            continue
        if picture.exists() and picture.stat().st_size:
            return
    raise failure


async def thumbnails(
    workshop: Workshop, video: Row, track: str, rendition: Path, bench: Path
) -> list[tuple[float, str]]:
    """Take and store the caller's thumbnails from a finished rendition.

    Returns:
        The time in seconds and the object key of each, in the order asked for.
    """
    folder = bench / "thumbnails"
    await asyncio.to_thread(folder.mkdir)  # what is in a scratch folder counts, and can be written to
    taken = []
    for number, at_seconds in enumerate(plan_of(video).thumbnail_seconds):
        picture = folder / f"thumbnail-{number}.jpg"
        await run(thumbnail_invocation(rendition, picture, at_seconds=at_seconds), sandbox=workshop.sandbox)
        if not picture.exists():
            raise PlayheadError("output_invalid", f"No thumbnail could be taken at {at_seconds:.3f} s.")
        name = keys.thumbnail(video["id"], track, number, secrets.token_hex(4))
        async with workshop.records.transaction() as tx:
            await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
        await workshop.storage.adopt(name.key, picture)
        taken.append((at_seconds, name.key))
    return taken
