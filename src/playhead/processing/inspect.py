"""The first step: learn what the source really is, plan what to make of it, and hand out the work."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import msgspec

from playhead.media.ffmpeg import probe
from playhead.media.ffmpeg.failures import classify
from playhead.media.ffmpeg.probe import Claims, FirstFrame, Packets, VideoClaim
from playhead.media.ffmpeg.run import Invocation, Outcome, ToolFailed, run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.media.local import LocalBytes
from playhead.media.mp4 import read_movie
from playhead.media.source import guards_of
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.media import AudioTrack, MediaInfo, VideoTrack
from playhead.model.plan import Plan
from playhead.model.states import Status
from playhead.packaging.source import view
from playhead.processing import timeline as timelines
from playhead.processing.planning import NOTHING_SERVABLE, Servable
from playhead.processing.planning import plan as make_plan
from playhead.processing.timeline import Timeline
from playhead.processing.workshop import Workshop, attempt
from playhead.records import due, events, pieces, renditions, videos
from playhead.records.database import Row

MAX_SIDE = 8192
MAX_FRAME_RATE = 240
MAX_ASPECT = 16
"""A picture more stretched than this, in either direction, is a mistake or a trap."""
FIRST_LOOKS = (1, 300)
"""Packets decoded to find the first frame: mostly one is enough."""
SOUND_LOOK = 50
"""Packets of sound decoded to find the first that is heard."""
CLOCK_MAY_RESTART = frozenset({"mpegts", "mpeg", "mpegvideo"})


async def inspect(workshop: Workshop, video_id: UUID) -> None:
    """Probe a video's source, plan, lay the plan out as rows and enqueue every job it needs."""

    async def work(video: Row, _failures: int) -> None:
        async with workshop.storage.local(video["source_key"]) as path:
            info, timeline = await examine(path, workshop.sandbox, workshop.max_duration_seconds)
            servable = await servable_of(path, timeline)
        async with workshop.records.transaction() as tx:
            current = await videos.find(tx, video_id, lock=True)
            if current is None or current["status"] != Status.PROCESSING or current["plan"] is not None:
                return
            asked = [row["resolution"] for row in (await renditions.of_videos(tx, [video_id]))[video_id]]
            planned = make_plan(info, timeline, asked, video["thumbnail_seconds"], servable)
            await pieces.lay_out(tx, video, msgspec.to_builtins(info), planned, msgspec.to_builtins(planned))
            await events.append(tx, video["project_id"], video_id, EventType.PLANNED)
            if not planned.source_reasons:
                await videos.mark_playable(tx, current)
            if servable.reasons:
                # Nothing can be played yet: the smallest track's beginning is made before anything else.
                await tx.defer(jobs.demand(video_id, planned.renditions[-1].track, 0))
            for job in await due.jobs_of(tx, video_id):
                await tx.defer(job)

    await attempt(workshop, video_id, "inspect", work)


async def servable_of(path: Path, timeline: Timeline) -> Servable:
    """What of a source players can be given as it is, by its own index."""
    try:
        movie = await read_movie(LocalBytes(path))
    except PlayheadError:
        return NOTHING_SERVABLE  # another container, or an index only ffmpeg can make sense of
    found = await asyncio.to_thread(view, movie)
    if not found.reasons and timeline.begin != 0:
        return Servable(("it begins before or after its own zero",))
    return Servable(found.reasons, found.cuts, sound=bool(found.sounds))


async def examine(path: Path, sandbox: Sandbox, max_duration_seconds: float) -> tuple[MediaInfo, Timeline]:
    """What a file is, from its first bytes, its headers, its packets and its first frame.

    Raises:
        PlayheadError: the reason why it cannot be processed, by name.
    """
    probing = _Probing(path, guards_of(path), sandbox)
    claims = await probing.claims()
    claim = _film(claims)
    sounds = [track for track in claims.audios if track.channels and track.sample_rate]
    frame, packets, starts = await asyncio.gather(
        probing.first_frame(claim), probing.packets(claim), probing.sound_starts(sounds)
    )
    timeline = timelines.from_packets(
        packets,
        claim.time_base,
        claim.average_rate or claim.nominal_rate,
        clock_may_restart=bool(CLOCK_MAY_RESTART & set(claims.container.split(","))),
    )
    heard = [track for track in sounds if track.index in starts]
    if heard:
        timeline = timeline.from_sound(starts[heard[0].index])
    video = _video_track(claim, frame, timeline)
    _within_limits(video, timeline, max_duration_seconds)
    info = MediaInfo(
        container=claims.container,
        size_bytes=path.stat().st_size,
        duration_seconds=float(timeline.duration_seconds),
        video=video,
        audio=heard[0] if heard else None,
        other_audio=tuple(heard[1:]),
    )
    return info, timeline


@dataclass(frozen=True)
class _Probing:
    """One file being asked."""

    path: Path
    guards: tuple[str, ...]
    sandbox: Sandbox

    async def claims(self) -> Claims:
        """What it says of itself."""
        return probe.read_claims((await self._run(probe.claims_invocation(self.path, self.guards))).stdout)

    async def packets(self, claim: VideoClaim) -> Packets:
        """All packets of the film."""
        asked = probe.packets_invocation(self.path, self.guards, claim.index)
        return probe.read_packets((await self._run(asked)).stdout)

    async def first_frame(self, claim: VideoClaim) -> FirstFrame:
        """The first picture that is shown. Mostly the first packet holds it; an edit list may hide many."""
        for packets in FIRST_LOOKS:
            outcome = await self._run(probe.frames_invocation(self.path, self.guards, claim.index, packets))
            frame = probe.read_frame(outcome.stdout)
            if frame is not None:
                return frame
        raise PlayheadError(await self._why_no_frame(claim, outcome.messages))

    async def _why_no_frame(self, claim: VideoClaim, messages: str) -> str:
        if claim.codec == "unknown":
            return "unsupported_codec"
        if claim.codec == "webp":
            return "unsupported_format"  # animations, which ffmpeg's decoder for still pictures skips
        if await self._encrypted():
            return "encrypted_file"
        named = classify(messages)
        return "no_frames" if named == "internal_error" else named

    async def sound_starts(self, sounds: Sequence[AudioTrack]) -> dict[int, float]:
        """Stream number → when its sound begins, in seconds, of those tracks that can be decoded."""
        starts = {}
        for track in sounds:
            asked = probe.frames_invocation(self.path, self.guards, track.index, SOUND_LOOK)
            try:
                start = probe.read_sound_start((await self._run(asked)).stdout)
            except ToolFailed:
                continue  # a track that cannot be decoded is as good as none
            if start is not None:
                starts[track.index] = start
        return starts

    async def _encrypted(self) -> bool:
        try:
            movie = await read_movie(LocalBytes(self.path))
        except PlayheadError:
            return False
        return any(track.codec in ("encv", "enca") for track in movie.tracks)

    async def _run(self, invocation: Invocation) -> Outcome:
        return await run(invocation, sandbox=self.sandbox)


def _film(claims: Claims) -> VideoClaim:
    films = [claim for claim in claims.videos if not claim.is_picture]
    if not films:
        raise PlayheadError("no_video_stream")
    return max(films, key=lambda claim: (claim.width * claim.height, -claim.index))


def _video_track(claim: VideoClaim, frame: FirstFrame, timeline: Timeline) -> VideoTrack:
    rotation = claim.rotation if frame.rotation is None else frame.rotation
    width, height = displayed_size(frame, rotation)
    return VideoTrack(
        index=claim.index,
        codec=claim.codec,
        coded_width=frame.width,
        coded_height=frame.height,
        width=width,
        height=height,
        rotation=rotation,
        time_base=(claim.time_base.numerator, claim.time_base.denominator),
        frame_rate=(timeline.rate.numerator, timeline.rate.denominator),
        pixel_format=frame.pixel_format,
        interlaced=frame.interlaced,
        color_primaries=frame.color_primaries,
        color_transfer=frame.color_transfer,
        color_space=frame.color_space,
        color_range=frame.color_range,
        profile=claim.profile,
        bit_rate=claim.bit_rate,
    )


def displayed_size(frame: FirstFrame, rotation: int) -> tuple[int, int]:
    """Width and height in square pixels, upright. Lines stay lines: only the width follows the aspect.

    Raises:
        PlayheadError: `limit_dimensions`.
    """
    aspect = frame.sample_aspect
    if not Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT:
        raise PlayheadError("limit_dimensions", "Its pixels are stretched beyond 16 to 1.")
    width, height = max(1, round(frame.width * aspect)), max(1, frame.height)
    return (height, width) if rotation in (90, 270) else (width, height)


def _within_limits(video: VideoTrack, timeline: Timeline, max_duration_seconds: float) -> None:
    sides = (video.coded_width, video.coded_height, video.width, video.height)
    if max(sides) > MAX_SIDE:
        raise PlayheadError("limit_dimensions", f"The picture is {video.width}x{video.height}.")
    if timeline.rate > MAX_FRAME_RATE * Fraction(11, 10):
        raise PlayheadError("limit_frame_rate", f"It has {float(timeline.rate):.0f} frames a second.")
    if timeline.duration_seconds > max_duration_seconds:
        raise PlayheadError(
            "limit_duration",
            f"It lasts {float(timeline.duration_seconds):.0f} seconds; {max_duration_seconds:.0f} are allowed.",
        )


def plan_of(video: Row) -> Plan:
    """The plan on a video's row."""
    return msgspec.convert(video["plan"], Plan)


def info_of(video: Row) -> MediaInfo:
    """What is known of a video's source, from its row."""
    return msgspec.convert(video["info"], MediaInfo)
