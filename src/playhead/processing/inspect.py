"""The first step: learn what the source really is, plan what to make of it, and hand out the work."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import msgspec

from playhead.media import webp
from playhead.media.mp4 import Movie, to_bytes
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.media import MediaInfo
from playhead.model.plan import Plan
from playhead.model.states import Status
from playhead.packaging import Limits
from playhead.packaging.fitness import examine_sound
from playhead.packaging.source import view
from playhead.processing import picture
from playhead.processing.ahead import ahead_of, first_piece_under_way, publish_first
from playhead.processing.ending import confirm_ending
from playhead.processing.examine import SOUNDS_LOOKED_AT, examine
from playhead.processing.own_index import OwnIndex
from playhead.processing.planning import NOTHING_SERVABLE, Servable
from playhead.processing.planning import plan as make_plan
from playhead.processing.sent import give_up_sent, verify_sent
from playhead.processing.timeline import Timeline
from playhead.processing.workshop import Workshop, attempt, still
from playhead.records import captions, due, events, objects, pieces, renditions, steps, videos
from playhead.records.database import Row, Transaction
from playhead.storage import keys


async def inspect(workshop: Workshop, video_id: UUID) -> None:
    """Probe a video's source, plan, lay the plan out as rows and enqueue every job it needs."""

    async def work(video: Row, failures: int) -> None:
        asked, calm = await _asked(workshop, video_id)
        async with AsyncExitStack() as opened:
            stored = await opened.enter_async_context(workshop.storage.local(video["source_key"]))
            await verify_sent(workshop, video_id, stored)
            path = await opened.enter_async_context(workshop.readable(stored))
            ahead = await opened.enter_async_context(ahead_of(workshop, path, asked if calm else ()))
            longest = workshop.max_duration_seconds
            info, timeline, index = await examine(
                path, workshop.sandbox, longest, ahead.begin, forgiving=failures > 0
            )
            if path.name == webp.UNPACKED:
                info = webp.as_webp(info)
            servable = await servable_of(index, info, timeline, workshop.source_limits)
            thumbnails, loudness = video["thumbnail_seconds"], video["loudness"]

            def planning(resolutions: Sequence[str]) -> Plan:
                return make_plan(info, timeline, resolutions, thumbnails, servable, loudness)

            planned = await asyncio.to_thread(planning, asked)
            index_key = await _store_index(workshop, video, index, servable)
            with first_piece_under_way(workshop, video_id):
                async with workshop.records.transaction() as tx:
                    current = await _awaiting_plan(tx, video)
                    if current is None:
                        await objects.doom(tx, [index_key] if index_key else ())
                        return
                    now_asked = await _resolutions(tx, video_id)
                    if now_asked != asked:  # some were deleted meanwhile
                        planned = await asyncio.to_thread(planning, now_asked)
                    if index_key is not None:
                        await videos.keep_index(tx, video_id, index_key)
                    begun = ahead.fits(info, planned)
                    await _lay_out(tx, current, info, planned, begun=begun)
                if begun and not await publish_first(workshop, video, ahead, planned):
                    begun = False
                    async with workshop.records.transaction() as tx:
                        await _begin(tx, video, planned)
            await _hand_out(workshop, video, planned, begun=begun)
            await _look_to_its_end(workshop, video, path, info, timeline)

    await attempt(workshop, video_id, "inspect", work, give_up_sent)


async def _awaiting_plan(tx: Transaction, video: Row) -> Row | None:
    """The video as it is now, locked, if it still needs a plan."""
    current = await still(tx, video)
    if current is None or current["status"] != Status.PROCESSING or current["plan"] is not None:
        return None
    return current


async def _lay_out(tx: Transaction, video: Row, info: MediaInfo, planned: Plan, *, begun: bool) -> None:
    """Write the plan down; its first piece is made before anything else, unless that is `begun`."""
    await captions.lay_out(tx, video, info.texts)
    await pieces.lay_out(tx, video, msgspec.to_builtins(info), planned, msgspec.to_builtins(planned))
    await events.append(tx, video["project_id"], video["id"], EventType.PLANNED)
    if not planned.source_reasons or (planned.drawn and planned.sound_from_source):
        await videos.mark_playable(tx, video)
    elif not begun:
        await _begin(tx, video, planned)


async def _begin(tx: Transaction, video: Row, planned: Plan) -> None:
    """Nothing can be played yet: have the smallest track's beginning made."""
    if not planned.drawn and planned.renditions:
        await tx.defer(jobs.beginning(video["id"], planned.renditions[-1].track, video["turn"]))


async def _hand_out(workshop: Workshop, video: Row, planned: Plan, *, begun: bool) -> None:
    """Enqueue every job that a plan needs. A film has thousands: none may hold up the one a viewer waits for."""
    async with workshop.records.transaction() as tx:
        rest = await due.jobs_of(tx, video["id"])
        if not begun and planned.source_reasons and not planned.drawn:
            # The first piece's job hands out the same chunk of the other tracks, or it would be made twice.
            rest = [job for job in rest if job.name != jobs.chunk(video["id"], 0, video["turn"]).name]
        await tx.defer_all(rest)


async def _look_to_its_end(
    workshop: Workshop, video: Row, path: Path, info: MediaInfo, timeline: Timeline
) -> None:
    """Let a film fail whose last seconds are not there, before all that comes before them is encoded."""
    try:
        await confirm_ending(path, workshop.sandbox, info, timeline)
    except PlayheadError as error:
        # At once: this step has done its part, and would be over if it were tried again.
        async with workshop.records.transaction() as tx:
            if (current := await still(tx, video)) is not None:
                await videos.fail(tx, current, error)


async def _asked(workshop: Workshop, video_id: UUID) -> tuple[list[str], bool]:
    """The resolutions that are asked for, and whether no worker has died of this step before."""
    async with workshop.records.transaction() as tx:
        return await _resolutions(tx, video_id), await steps.unended(tx, video_id, "inspect") <= 1


async def _resolutions(tx: Transaction, video_id: UUID) -> list[str]:
    return [row["resolution"] for row in (await renditions.of_videos(tx, [video_id]))[video_id]]


async def _store_index(workshop: Workshop, video: Row, index: OwnIndex, servable: Servable) -> str | None:
    """Keep what it took a walk through the whole file to know, where players are given the file itself."""
    if index.movie is None or not index.frames or (servable.reasons and not servable.sound):
        return None
    name = keys.index(video["id"], secrets.token_hex(4))
    async with workshop.records.transaction() as tx:
        await objects.reserve(tx, video["project_id"], video["id"], {name.key: name.slot})
    await workshop.storage.put(name.key, await asyncio.to_thread(to_bytes, index.movie))
    return name.key


async def servable_of(index: OwnIndex, info: MediaInfo, timeline: Timeline, limits: Limits) -> Servable:
    """What of a source players can be given as it is, by its own index."""
    if info.video is not None and info.video.aperture is not None:
        return Servable(("its edges are not meant to be seen",))
    if info.video is not None and picture.conversion(info.video) is not None:
        return Servable(("its colours are not those of every screen",))
    if index.movie is None:
        return NOTHING_SERVABLE  # another container, or an index only ffmpeg can make sense of
    found = await asyncio.to_thread(view, index.movie, limits)
    if not found.reasons and timeline.begin != 0:
        return Servable(("it begins before or after its own zero",))
    heard = bool(found.sounds) and not await asyncio.to_thread(_would_break, index.movie, info, limits)
    return Servable(found.reasons, found.cuts, sound=heard)


def _would_break(movie: Movie, info: MediaInfo, limits: Limits) -> bool:
    """Whether players would be given a sound that looks fit and cannot be decoded; it may end their playing."""
    known = {track.index for track in (info.audio, *info.other_audio) if track is not None}
    # ffmpeg numbers tracks in file order.
    sounds = [(number, track) for number, track in enumerate(movie.tracks) if track.kind == "audio"]
    return any(
        not examine_sound(movie, track, limits).reasons
        for number, track in sounds[:SOUNDS_LOOKED_AT]
        if number not in known
    )


def plan_of(video: Row) -> Plan:
    """The plan on a video's row."""
    return msgspec.convert(video["plan"], Plan)


def info_of(video: Row) -> MediaInfo:
    """What is known of a video's source, from its row."""
    return msgspec.convert(video["info"], MediaInfo)
