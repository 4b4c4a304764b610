"""Formats as views of stored MP4s: pure functions from indexes and a timeline to headers, spans and text.

Nothing here reads or writes media. A virtual file is an `Assembly`: `head` bytes, then `spans` of stored
files; `part(start, length)` answers a range request for it.

A `Lane` is one rendition on its timeline, whatever it is stored in (`timeline.py`):

    lane = lane_of_track(movie.video)                       # a finished MP4, or a source that is fit
    lane = lane_of_pieces([Piece(movie, start), ...], timescale=90_000)   # span.source k is pieces[k]

One faststart MP4 (`joined.py`), source numbers as above, the sound's file after the last piece:

    whole = join(pieces, timescale=90_000, sound=movie)

HLS and DASH (`segments.py`, `cmaf.py`, then text by the modules `hls` and `dash`):

    examine(movie).reasons                                  # why a source cannot be served as it is
    boundaries = keyframe_boundaries(lane, target=4, first=1)
    segments = cut(lane, boundaries, lane.timescale)        # the same boundaries cut every rendition and sound
    init_segment(lane), media_segment(lane, segments[0].first, segments[0].stop, sequence=1)
    rates(segments, lane.timescale)                         # BANDWIDTH and AVERAGE-BANDWIDTH

Sound that is still being encoded is cut by when it will end, and served from the stretches of it that are there
(`steady.py`):

    segments = cut(Steady(48_000, end), boundaries, timescale=90_000)
    lane = lane_of_stretches([movie, ...], first)           # span.source k is movies[k]

All renditions of one init segment must have one lead: tell it to `lane_of_pieces` while pieces are missing.
Pieces whose parameter sets differ join into a file with several sample entries. ffmpeg and Apple's players
follow those; Chromium needs the sets in each keyframe too (x264's `repeat-headers=1`).
"""

from playhead.packaging.assembly import Assembly, Span
from playhead.packaging.cmaf import init_segment, keyframe_segment, media_segment
from playhead.packaging.fitness import Fitness, Limits, Reason, examine, fitness
from playhead.packaging.joined import join, progressive
from playhead.packaging.lane import Lane
from playhead.packaging.segments import Rates, Segment, cut, header_size, keyframe_boundaries, rates
from playhead.packaging.steady import PRIMING, Steady, lane_of_stretches, whole_packets
from playhead.packaging.timeline import Piece, lane_of_pieces, lane_of_track

__all__ = [
    "PRIMING",
    "Assembly",
    "Fitness",
    "Lane",
    "Limits",
    "Piece",
    "Rates",
    "Reason",
    "Segment",
    "Span",
    "Steady",
    "cut",
    "examine",
    "fitness",
    "header_size",
    "init_segment",
    "join",
    "keyframe_boundaries",
    "keyframe_segment",
    "lane_of_pieces",
    "lane_of_stretches",
    "lane_of_track",
    "media_segment",
    "progressive",
    "rates",
    "whole_packets",
]
