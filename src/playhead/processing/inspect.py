"""The first step: learn what the source really is, plan what to make of it, and hand out the work."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from uuid import UUID

import msgspec

from playhead.media.source import guards_of
from playhead.media.ffmpeg import probe
from playhead.media.ffmpeg.run import run
from playhead.media.ffmpeg.sandbox.port import Sandbox
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.media import MediaInfo, VideoTrack
from playhead.model.plan import Plan
from playhead.model.states import Status
from playhead.processing import timeline as timelines
from playhead.processing.planning import plan as make_plan
from playhead.processing.timeline import Timeline
from playhead.processing.workshop import Workshop, attempt
from playhead.records import due, events, pieces, renditions, videos
from playhead.records.database import Row

MAX_SIDE = 8192
MAX_FRAME_RATE = 240
MAX_ASPECT = 16
"""A picture more stretched than this, in either direction, is a mistake or a trap."""
CLOCK_MAY_RESTART = frozenset({"mpegts", "mpeg", "mpegvideo"})


async def inspect(workshop: Workshop, video_id: UUID) -> None:
    """Probe a video's source, plan, lay the plan out as rows and enqueue every job it needs."""

    async def work(video: Row, _failures: int) -> None:
        async with workshop.storage.local(video["source_key"]) as path:
            info, timeline = await examine(path, workshop.sandbox, workshop.max_duration_seconds)
        async with workshop.records.transaction() as tx:
            current = await videos.find(tx, video_id, lock=True)
            if current is None or current["status"] != Status.PROCESSING or current["plan"] is not None:
                return
            asked = [row["resolution"] for row in (await renditions.of_videos(tx, [video_id]))[video_id]]
            planned = make_plan(info, timeline, asked, video["thumbnail_seconds"])
            await pieces.lay_out(
                tx, video, msgspec.to_builtins(info), planned, msgspec.to_builtins(planned)
            )
            await events.append(tx, video["project_id"], video_id, EventType.PLANNED)
            for job in await due.jobs_of(tx, video_id):
                await tx.defer(job)

    await attempt(workshop, video_id, "inspect", work)


async def examine(path: Path, sandbox: Sandbox, max_duration_seconds: float) -> tuple[MediaInfo, Timeline]:
    """What a file is, from its first bytes, its headers, its packets and its first frame.

    Raises:
        PlayheadError: the reason why it cannot be processed, by name.
    """
    size = path.stat().st_size
    guards = guards_of(path)
    claims = probe.read_claims((await run(probe.claims_invocation(path, guards), sandbox=sandbox)).stdout)
    claim = _film(claims)
    asked = probe.frame_invocation(path, guards, claim.index)
    frame = probe.read_frame((await run(asked, sandbox=sandbox)).stdout)
    if frame is None:
        raise PlayheadError("no_frames")
    listed = await run(probe.packets_invocation(path, guards, claim.index), sandbox=sandbox)
    timeline = timelines.from_packets(
        probe.read_packets(listed.stdout),
        claim.time_base,
        claim.average_rate or claim.nominal_rate,
        clock_may_restart=bool(CLOCK_MAY_RESTART & set(claims.container.split(","))),
    )
    video = _video_track(claim, frame, timeline)
    _within_limits(video, timeline, max_duration_seconds)
    audios = [track for track in claims.audios if track.channels and track.sample_rate]
    return (
        MediaInfo(
            container=claims.container,
            size_bytes=size,
            duration_seconds=float(timeline.duration_seconds),
            video=video,
            audio=audios[0] if audios else None,
            other_audio=tuple(audios[1:]),
        ),
        timeline,
    )


def _film(claims: probe.Claims) -> probe.VideoClaim:
    films = [claim for claim in claims.videos if not claim.is_picture]
    if not films:
        raise PlayheadError("no_video_stream")
    if any(claim.encrypted for claim in films):
        raise PlayheadError("encrypted_file")
    return max(films, key=lambda claim: (claim.width * claim.height, -claim.index))


def _video_track(claim: probe.VideoClaim, frame: probe.FirstFrame, timeline: Timeline) -> VideoTrack:
    width, height = displayed_size(frame)
    return VideoTrack(
        index=claim.index,
        codec=claim.codec,
        coded_width=frame.width,
        coded_height=frame.height,
        width=width,
        height=height,
        rotation=frame.rotation,
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


def displayed_size(frame: probe.FirstFrame) -> tuple[int, int]:
    """Width and height in square pixels, upright. The wider side grows; no pixel row is thrown away.

    Raises:
        PlayheadError: `limit_dimensions`.
    """
    aspect = frame.sample_aspect
    if not Fraction(1, MAX_ASPECT) <= aspect <= MAX_ASPECT:
        raise PlayheadError("limit_dimensions", "Its pixels are stretched beyond 16 to 1.")
    wide = aspect >= 1
    width = round(frame.width * aspect) if wide else frame.width
    height = frame.height if wide else round(frame.height / aspect)
    upright = (height, width) if frame.rotation in (90, 270) else (width, height)
    return max(1, upright[0]), max(1, upright[1])


def _within_limits(video: VideoTrack, timeline: Timeline, max_duration_seconds: float) -> None:
    sides = (video.coded_width, video.coded_height, video.width, video.height)
    if max(sides) > MAX_SIDE:
        raise PlayheadError("limit_dimensions", f"The picture is {video.width}x{video.height}.")
    if timeline.rate > MAX_FRAME_RATE * Fraction(11, 10):
        raise PlayheadError("limit_frame_rate", f"It has {float(timeline.rate):.0f} frames a second.")
    if timeline.duration_seconds > max_duration_seconds:
        raise PlayheadError(
            "limit_duration",
            f"It is {float(timeline.duration_seconds):.0f} seconds long; {max_duration_seconds:.0f} are allowed.",
        )


def plan_of(video: Row) -> Plan:
    """The plan on a video's row."""
    return msgspec.convert(video["plan"], Plan)


def info_of(video: Row) -> MediaInfo:
    """What is known of a video's source, from its row."""
    return msgspec.convert(video["info"], MediaInfo)


