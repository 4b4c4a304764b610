"""What players can be shown of a video at this moment: which tracks, cut where, stored as what.

A track is the source itself where that is fit, a finished rendition, or one that is still growing piece by
piece. All are cut at the same moments, so a player may change between them at any segment.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from playhead.delivery.shelf import Shelf
from playhead.media.mp4 import codec_string
from playhead.model.plan import AUDIO, TIMESCALE, Chunk, Plan, PlannedRendition
from playhead.model.states import Status
from playhead.packaging import Lane, Segment, cut
from playhead.records.playing import Playing

SOURCE = "source"
"""The name of the source's own pictures among the tracks."""


@dataclass(frozen=True)
class Whole:
    """A track all of whose samples are stored in one object."""

    name: str
    key: str
    lane: Lane
    segments: list[Segment]
    width: int
    height: int
    rate: Fraction

    @property
    def codec(self) -> str:
        """The RFC 6381 name of what it is encoded with."""
        return codec_string(self.lane.entries[0])


@dataclass(frozen=True)
class Growing:
    """A track that is being encoded; segments that are not made yet can be asked for."""

    planned: PlannedRendition
    plan: Plan

    @property
    def name(self) -> str:
        """The track's name."""
        return self.planned.track

    @property
    def codec(self) -> str:
        """What the plan makes the encoder say in its headers (RFC 6381, ISO/IEC 14496-15 annex E)."""
        profile = {"main": "4d40", "high": "6400"}[self.planned.profile]
        whole, _, tenth = self.planned.level.partition(".")
        return f"avc1.{profile}{int(whole) * 10 + int(tenth):02x}"

    def chunk_of(self, segment: int) -> Chunk:
        """The chunk that a segment is part of."""
        starts = [chunk.start for chunk in self.plan.chunks]
        return self.plan.chunks[bisect_right(starts, self.plan.segments[segment]) - 1]


Track = Whole | Growing


@dataclass(frozen=True)
class Presentation:
    """Everything a player may choose from, best pictures first."""

    pictures: tuple[Track, ...]
    """Those that are told to players."""
    behind: tuple[Growing, ...]
    """Every track under way, told or not: a player may still hold a playlist of one."""
    sound: Whole | None
    sound_due: bool
    """Whether there will be sound that is not encoded yet."""
    cuts: tuple[int, ...]
    duration: int
    """In ticks of a plan."""
    final: bool
    """Whether nothing will be added any more."""

    def durations(self) -> list[Fraction]:
        """The length of each segment of the pictures, in seconds."""
        ends = [*self.cuts[1:], self.duration]
        return [Fraction(end - start, TIMESCALE) for start, end in zip(self.cuts, ends, strict=True)]

    def track(self, name: str) -> Track | None:
        """The track of that name, the sound included."""
        if name == AUDIO:
            return self.sound
        return next((track for track in (*self.pictures, *self.behind) if track.name == name), None)


async def present(playing: Playing, shelf: Shelf) -> Presentation | None:
    """What can be shown now; None when nothing can be yet, because the source must be planned first."""
    video = playing.video
    plan = msgspec.convert(video["plan"], Plan) if video["plan"] is not None else None
    source = None
    if plan is None or not plan.source_reasons:
        source = await shelf.source(video["source_key"], video["source_size"])
    if plan is None and (source is None or source.video is None):
        return None
    cuts = plan.segments if plan is not None else source.cuts if source is not None else ()
    pictures: list[Track] = []
    if source is not None and source.video is not None:
        pictures.append(await _source(shelf, video["source_key"], source.video, cuts))
    pictures += await _finished(playing, plan, shelf)
    behind = _growing(playing, plan) if plan is not None else []
    if not pictures:
        # The smallest is soonest made for a viewer who waits.
        pictures += behind[-1:]
    sound = await _sound(playing, plan, shelf, source.sound if source is not None else None, cuts)
    return Presentation(
        pictures=tuple(pictures),
        behind=tuple(behind),
        sound=sound,
        sound_due=sound is None and plan is not None and plan.audio is not None,
        cuts=cuts,
        duration=plan.duration if plan is not None else _end(pictures),
        final=video["status"] == Status.READY,
    )


def _end(pictures: list[Track]) -> int:
    """When the first track ends, in ticks of a plan."""
    lane = pictures[0].lane if isinstance(pictures[0], Whole) else None
    return round(Fraction(lane.end * TIMESCALE, lane.timescale)) if lane is not None else 0


async def _source(shelf: Shelf, key: str, lane: Lane, cuts: tuple[int, ...]) -> Whole:
    entry = lane.entries[0]
    return Whole(
        name=SOURCE,
        key=key,
        lane=lane,
        segments=await _cut(shelf, key, lane, cuts),
        width=int.from_bytes(entry[32:34], "big"),
        height=int.from_bytes(entry[34:36], "big"),
        rate=_rate(lane),
    )


def _rate(lane: Lane) -> Fraction:
    return Fraction(len(lane.times) * lane.timescale, max(1, lane.end - lane.begin))


async def _finished(playing: Playing, plan: Plan | None, shelf: Shelf) -> list[Whole]:
    tracks: dict[str, Whole] = {}
    for row in playing.renditions:
        if plan is None or row["status"] != Status.READY or row["track"] in tracks:
            continue
        lane = await shelf.video(row["key"], plan.lead)
        segments = await _cut(shelf, row["key"], lane, plan.segments)
        tracks[row["track"]] = Whole(
            row["track"], row["key"], lane, segments, row["width"], row["height"], _rate(lane)
        )
    return sorted(tracks.values(), key=lambda track: track.width * track.height, reverse=True)


def _growing(playing: Playing, plan: Plan) -> list[Growing]:
    """The tracks under way, largest first."""
    waiting = {row["track"] for row in playing.renditions if row["status"] == Status.PROCESSING}
    by_track = {each.track: each for each in plan.renditions if each.track in waiting}
    return [Growing(planned, plan) for planned in by_track.values()]


async def _sound(
    playing: Playing, plan: Plan | None, shelf: Shelf, own: Lane | None, cuts: tuple[int, ...]
) -> Whole | None:
    """The sound that goes with all pictures; which one that is was settled by the plan."""
    if plan is None or plan.sound_from_source:
        lane, key = own, playing.video["source_key"]
    else:
        # A finished rendition holds the same packets, and outlives the sound's own piece.
        finished = next((row["key"] for row in playing.renditions if row["status"] == Status.READY), None)
        made = playing.pieces.get((AUDIO, 0))
        key = finished or (made["key"] if made else None)
        lane = await shelf.sound(key) if key else None
    if lane is None:
        return None
    return Whole(AUDIO, key, lane, await _cut(shelf, key, lane, cuts), 0, 0, Fraction(0))


async def _cut(shelf: Shelf, key: str, lane: Lane, cuts: tuple[int, ...]) -> list[Segment]:
    return await shelf.derived(f"segments {lane.kind}", key, lambda: cut(lane, cuts, TIMESCALE))
