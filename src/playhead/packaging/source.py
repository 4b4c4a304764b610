"""What of a source can be given to players as it is, and where that allows segments to begin. Pure."""

from __future__ import annotations

import math
import struct
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import sub
from typing import NamedTuple

from playhead.media.mp4 import Movie, Track, configuration
from playhead.model.plan import TIMESCALE
from playhead.packaging.fitness import Limits, Reason, examine, examine_sound
from playhead.packaging.h264 import sequence_of
from playhead.packaging.lane import Lane, Section
from playhead.packaging.segments import Segment, keyframe_boundaries
from playhead.packaging.timeline import lead_for, reorder_of

SEGMENT_SECONDS = 2.0
FIRST_SEGMENT_SECONDS = 1.0
"""The first segment may be shorter: what is shorter is there sooner."""
WALKED = "mkv"
"""The brand of files that have no table of their frames."""
MAX_RATE = 66
"""Frames a second: above it the encoded renditions are thinned out, and would not switch with the source."""

LEAD_SLACK = 16
"""Ticks added to a lead whose clock is changed: rounding moves each of the frames that are reordered by one."""

UNLIMITED = Limits(bits_per_second=1 << 62, gop_seconds=math.inf, level=1 << 8)
"""For a source that was found fit before, whatever the limits were then."""


@dataclass(frozen=True)
class SourceView:
    """A source as players can be given it."""

    reasons: tuple[str, ...]
    """Why its pictures cannot, in a few words each; none when they can."""
    video: Lane | None = None
    sounds: tuple[Lane, ...] = ()
    """Its sounds that can, the first one first; none when that one has to be encoded."""
    silent: bool = False
    """Whether there is no sound at all, so that none has to be waited for."""
    cuts: tuple[int, ...] = ()
    """When each segment begins, in ticks of a plan."""


def view(movie: Movie, limits: Limits = Limits()) -> SourceView:
    """Judge a source by its index.

    Pictures are fit by themselves: sound that is not is encoded and goes with them. Which sound is the first
    must not depend on its codec, so when the first is not fit, none is taken from the source.
    """
    if movie.video is None:
        return _sound_alone(movie, limits)
    tracks = [movie.video, *movie.of_kind("audio")]
    found = examine(movie, limits)
    lanes = found.lanes
    if found.reasons:
        lanes = _lanes_apart(tracks, movie, limits, found.reasons)
    if not lanes:
        return SourceView(tuple(reason.text for reason in found.reasons))
    video = lanes[0]
    if otherwise := _shown_otherwise(tracks[0].sample_entry):
        return SourceView((otherwise,))
    if video.shown[0] != 0:
        return SourceView(("the pictures begin later than the file",))
    if len(video.times) * video.timescale > MAX_RATE * (video.end - video.begin):
        return SourceView(("more than 60 frames a second",))
    boundaries = keyframe_boundaries(video, SEGMENT_SECONDS, FIRST_SEGMENT_SECONDS)
    if movie.brand == WALKED:
        early = early_lead(video, boundaries)
        if early.reorder < reorder_of(video.times, video.shown):
            return SourceView(("its frames are reordered more than its beginning tells",))
        video = replace(video, lead=early.lead)
    cuts = tuple(rounded(time, video.timescale, TIMESCALE) for time in boundaries)
    return SourceView((), video, lanes[1:], silent=len(tracks) == 1, cuts=cuts)


class EarlyLead(NamedTuple):
    """The lead of a video as its beginning tells it."""

    lead: int
    reorder: int
    """Ticks that a frame may be decoded before it is shown, at most."""


def early_lead(video: Lane, boundaries: Sequence[int]) -> EarlyLead:
    """The lead by the header and the first segment alone, as of a file that is walked through from its beginning.

    Init segments are served before the rest is known, and must stay as they are.
    """
    stop = bisect_left(video.shown, boundaries[1]) if len(boundaries) > 1 else len(video.shown)
    sequence = sequence_of(configuration(video.entries[0], b"avcC") or b"")
    told = sequence.reorder or 0 if sequence is not None else 0
    reorder = max(reorder_of(video.times[:stop], video.shown[:stop]), told * video.last_duration)
    gaps = set(map(sub, video.shown[1 : stop + 1], video.shown)) or {0}
    return EarlyLead(lead_for(reorder, gaps, video.timescale), reorder)


def _sound_alone(movie: Movie, limits: Limits) -> SourceView:
    """The sounds of a movie without pictures, if its first one is fit."""
    lanes: tuple[Lane, ...] = ()
    for track in movie.of_kind("audio"):
        found = examine_sound(movie, track, limits)
        if found.reasons and not lanes:
            break
        lanes += found.lanes
    return SourceView(("it has no pictures",), sounds=lanes)


def _lanes_apart(
    tracks: list[Track], movie: Movie, limits: Limits, reasons: tuple[Reason, ...]
) -> tuple[Lane, ...]:
    """The lanes of a movie that is not fit as a whole: its pictures and those sounds that are fit with them.

    Empty when the reasons are in the pictures, or in what all tracks have together, such as the bit rate.
    """
    if len(tracks) < 2 or {reason.code for reason in reasons} & {"bitrate", "damaged", "truncated"}:
        return ()
    alone = examine(replace(movie, tracks=tuple(tracks[:1])), limits)
    if alone.reasons:
        return ()
    lanes = alone.lanes
    for sound in tracks[1:]:
        heard = examine_sound(movie, sound, limits)
        if heard.reasons and len(lanes) == 1:
            break
        lanes += heard.lanes
    return lanes


def _shown_otherwise(entry: bytes) -> str | None:
    """Why a picture is not to be shown as it is coded, by what its sample entry says; None when it may be.

    Inspection learns the same from the decoder, but a source is judged here before it is inspected.
    """
    if configuration(entry, b"clap") is not None:
        return "its edges are not meant to be seen"
    colour = configuration(entry, b"colr") or b""
    if colour[:4] in (b"nclx", b"nclc") and len(colour) >= 10:
        # ISO/IEC 23091-2: wide primaries, HDR transfers, and the matrices that go with them.
        primaries, transfer, matrix = struct.unpack_from(">3H", colour, 4)
        if primaries in (9, 12) or transfer in (16, 18) or matrix in (9, 10):
            return "its colours are not those of every screen"
    return None


def rounded(ticks: int, timescale: int, wanted: int) -> int:
    """A time on another clock, to the nearest tick."""
    return (2 * ticks * wanted + timescale) // (2 * timescale)


def on_clock(lane: Lane, first: int, stop: int, timescale: int) -> Lane:
    """Samples `first` to `stop` of a video as a lane of their own, at most half a tick off its own clock.

    All pictures of a video are told on one clock, since hls.js takes a change of it, when switching between
    them, for a jump in time. Only what one segment needs is converted: a film has half a million samples.
    """
    ends = rounded(lane.shown_at(stop), lane.timescale, timescale)
    times, shown = (
        array("q", (rounded(time, lane.timescale, timescale) for time in column[first:stop]))
        for column in (lane.times, lane.shown)
    )
    sections = [lane.section_of(first), *(each for each in lane.sections if first < each.first < stop)]
    return replace(
        lane,
        timescale=timescale,
        sections=tuple(
            Section(max(0, each.first - first), each.source, each.entry, each.samples, each.offset + first)
            for each in sections
        ),
        times=times,
        shown=shown,
        sync=array("I", (number - first for number in lane.sync_between(first, stop))),
        begin=shown[0],
        end=ends,
        last_duration=ends - shown[-1],
        lead=lead_on_clock(lane, timescale),
    )


def lead_on_clock(lane: Lane, timescale: int) -> int:
    """A video's lead on another clock: the same for all its segments and its init segment."""
    slack = LEAD_SLACK if lane.lead and timescale % lane.timescale else 0
    return -(-lane.lead * timescale // lane.timescale) + slack


def segments_on_clock(segments: list[Segment], lane: Lane, timescale: int) -> list[Segment]:
    """The same segments with their times on another clock."""
    if lane.timescale == timescale:
        return segments
    moved = []
    for first, stop, start, duration, size in segments:
        begin = rounded(start, lane.timescale, timescale)
        end = rounded(start + duration, lane.timescale, timescale)
        moved.append(Segment(first, stop, begin, end - begin, size))
    return moved
