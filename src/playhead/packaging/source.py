"""What of a source can be given to players as it is, and where that allows segments to begin. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from playhead.media.mp4 import Movie
from playhead.model.plan import TIMESCALE
from playhead.packaging.fitness import examine
from playhead.packaging.lane import Lane
from playhead.packaging.segments import keyframe_boundaries

SEGMENT_SECONDS = 2.0
FIRST_SEGMENT_SECONDS = 1.0
"""The first segment may be shorter: what is shorter is there sooner."""


@dataclass(frozen=True)
class SourceView:
    """A source as players can be given it."""

    reasons: tuple[str, ...]
    """Why it cannot, in a few words each; none when it can."""
    video: Lane | None = None
    sound: Lane | None = None
    cuts: tuple[int, ...] = ()
    """When each segment begins, in ticks of a plan."""


def view(movie: Movie) -> SourceView:
    """Judge a source by its index; the first sound track is the one that is played."""
    found = examine(movie)
    if found.reasons:
        return SourceView(tuple(reason.text for reason in found.reasons))
    video = found.lanes[0]
    if video.shown[0] != 0:
        return SourceView(("the pictures begin later than the file",))
    boundaries = keyframe_boundaries(video, SEGMENT_SECONDS, FIRST_SEGMENT_SECONDS)
    cuts = tuple((2 * time * TIMESCALE + video.timescale) // (2 * video.timescale) for time in boundaries)
    return SourceView((), video, next((lane for lane in found.lanes[1:]), None), cuts)
