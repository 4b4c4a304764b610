"""Encoding: one chunk for every track that lacks it, and the sound once. Results are pieces."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from uuid import UUID

from playhead.media import colors
from playhead.media.ffmpeg.encode import ChunkInput, chunk_invocation
from playhead.media.ffmpeg.invocation import AWAITED
from playhead.media.ffmpeg.run import run
from playhead.media.source import guards_of
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.media import AudioTrack, MediaInfo
from playhead.model.plan import AUDIO, Plan, PlannedRendition
from playhead.processing import stretches, verify
from playhead.processing.ahead import first_piece_over
from playhead.processing.allowance import chunk_limits
from playhead.processing.inspect import info_of, plan_of
from playhead.processing.publishing import publish
from playhead.processing.sound import encode_sound
from playhead.processing.workshop import Workshop, attempt, while_wanted
from playhead.records import pieces, renditions, videos
from playhead.records.database import Row, Transaction


async def encode_chunk(workshop: Workshop, video_id: UUID, number: int, only: str | None = None) -> None:
    """Encode one chunk of the timeline from one decode, for every track that still lacks it.

    `only` names the one track that a viewer waits for; the others are left to the job of the whole chunk.
    """
    name = f"chunk:{number}" if only is None else f"demand:{only}:{number}"
    if number == 0:
        await first_piece_over(workshop, video_id)

    async def work(video: Row, failures: int) -> None:
        async with workshop.records.transaction() as tx:
            missing = await pieces.missing_tracks(tx, video_id, number)
        tracks = [track for track in missing if only in (None, track)]
        if tracks:
            await _encode(workshop, video, number, tracks, safely=failures > 0, awaited=only is not None)
        if only is not None and number == 0 and len(missing) > len(tracks):
            # Whoever wanted the beginning of one track first has left the others' to us (`inspect`).
            async with workshop.records.transaction() as tx:
                await tx.defer(jobs.chunk(video_id, 0, video["turn"]))

    async def give_up(tx: Transaction, video: Row, error: PlayheadError) -> None:
        missing = await pieces.missing_tracks(tx, video_id, number)
        await renditions.fail(tx, video_id, [track for track in missing if only in (None, track)], error)
        await videos.settle(tx, video)

    await attempt(workshop, video_id, name, work, give_up)


async def _encode(
    workshop: Workshop, video: Row, number: int, tracks: list[str], *, safely: bool, awaited: bool
) -> None:
    plan = plan_of(video)
    chunk = plan.chunks[number]
    wanted = _of_tracks(plan, tracks)
    async with workshop.bench() as bench, workshop.source(video) as path:
        source = ChunkInput(
            path=path,
            stream=info_of(video).shown,
            guards=guards_of(path),
            safely=safely,
        )
        outputs = [(track, bench / f"{track.track}.mp4") for track in wanted]
        if plan.color is not None:
            await asyncio.to_thread(colors.place, plan.color, bench)
        limits = chunk_limits(chunk, wanted, from_beginning=safely or chunk.seek_seconds is None)
        invocation = chunk_invocation(source, plan, chunk, outputs, limits)
        if awaited:
            invocation = replace(invocation, niceness=AWAITED)
        await while_wanted(workshop, video, run(invocation, sandbox=workshop.sandbox))
        checked = {
            track.track: await verify.piece(output, chunk, track, strict=not safely)
            for track, output in outputs
        }
        await verify.decodes(list(checked.values()), number, workshop.sandbox, invocation.niceness)
        made = {track.track: output for track, output in outputs}
        frames = {track: each.frames for track, each in checked.items()}
        await publish(workshop, video, plan, number, made, frames)


async def encode_audio(workshop: Workshop, video_id: UUID, track: str = AUDIO) -> None:
    """Encode the whole of one sound track, once for all renditions.

    Without the first the video fails; any other that cannot be encoded is left out.
    """

    async def work(video: Row, failures: int) -> None:
        async with workshop.records.transaction() as tx:
            if track not in await pieces.missing_sounds(tx, video_id):
                return
        plan = plan_of(video)
        heard = _heard(plan, info_of(video), track)
        async with workshop.bench() as bench, workshop.source(video) as path:
            source = ChunkInput(path=path, stream=heard.index, guards=guards_of(path))
            output = bench / "audio.mp4"
            lasts = plan.sound_seconds_of(track)
            cuts = stretches.cuts(plan, track)
            async with stretches.published(workshop, video, track, bench) if cuts else nullcontext():
                encoding = encode_sound(
                    workshop.sandbox,
                    source,
                    plan,
                    output,
                    heard.sample_rate,
                    lasts,
                    cuts=cuts,
                    filled=failures > 0,
                )
                await while_wanted(workshop, video, encoding)
            packets = await verify.audio(output, lasts, workshop.sandbox, strict=failures == 0)
            await publish(workshop, video, plan, 0, {track: output}, {track: packets})

    async def give_up(tx: Transaction, video: Row, error: PlayheadError) -> None:
        if track == AUDIO:
            await videos.fail(tx, video, error)
            return
        await pieces.forgo(tx, video, track, error)
        for waiting in await pieces.complete_tracks(tx, video_id):
            await tx.defer(jobs.finalise(video_id, waiting, video["turn"]))

    await attempt(workshop, video_id, "audio" if track == AUDIO else f"audio:{track}", work, give_up)


def _heard(plan: Plan, info: MediaInfo, track: str) -> AudioTrack:
    """What the source says of a planned sound."""
    stream = next((each.stream for each in plan.other_sounds if each.track == track), plan.audio)
    known = [each for each in (info.audio, *info.other_audio) if each is not None]
    return next(each for each in known if each.index == stream)


def _of_tracks(plan: Plan, tracks: list[str]) -> list[PlannedRendition]:
    """One planned rendition per track, largest first."""
    by_track = {planned.track: planned for planned in plan.renditions}
    return [planned for track, planned in by_track.items() if track in tracks]
