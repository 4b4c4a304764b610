"""Formats as views of stored MP4s: pure functions from indexes and a timeline to headers, spans and text.

Nothing here reads or writes media. A virtual file is an `Assembly`: `head` bytes, then `spans` of stored
files; `part(start, length)` answers a range request for it.

One MP4 from pieces (`joined.py`):

    pieces = [Piece(movie=await read_movie(file), start=ticks), ...]   # in timeline order; video only
    whole = join(pieces, timescale=90_000, sound=Sound(movie=..., start=0))
    whole.head, whole.spans, whole.size      # span.source k is pieces[k]; the sound is source len(pieces)
"""

from playhead.packaging.assembly import Assembly, Span
from playhead.packaging.cmaf import init_segment, keyframe_segment, media_segment
from playhead.packaging.fitness import Fitness, Limits, Reason, examine, fitness
from playhead.packaging.joined import Sound, join, progressive
from playhead.packaging.lane import Lane
from playhead.packaging.segments import Rates, Segment, cut, keyframe_boundaries, rates
from playhead.packaging.timeline import Piece, lane_of_pieces, lane_of_track

__all__ = [
    "Assembly",
    "Fitness",
    "Lane",
    "Limits",
    "Piece",
    "Rates",
    "Reason",
    "Segment",
    "Sound",
    "Span",
    "cut",
    "examine",
    "fitness",
    "init_segment",
    "join",
    "keyframe_boundaries",
    "keyframe_segment",
    "lane_of_pieces",
    "lane_of_track",
    "media_segment",
    "progressive",
    "rates",
]
