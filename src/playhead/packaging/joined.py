"""One faststart MP4 from a rendition's pieces and its sound, without encoding or reading any media.

The result is an `Assembly`: `ftyp`, `moov` and the header of `mdat` as bytes, then the spans of the
pieces (sources 0, 1, ...) and of the sound's file (the source after the last piece) in the order they go.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, repeat
from operator import add, le, sub
from typing import NamedTuple

from playhead.media.mp4 import Movie
from playhead.model.errors import PlayheadError
from playhead.packaging.assembly import Assembly, Span
from playhead.packaging.boxes import big_endian, box, full_box, table
from playhead.packaging.headers import EditRow, mvhd, stsd, trak
from playhead.packaging.lane import Lane
from playhead.packaging.timeline import Piece, lane_of_pieces, lane_of_track

INTERLEAVE_SECONDS = 0.5
"""Length of the turns video and sound take in the file: a player reads a second ahead in one place."""

WIDE_FROM = (1 << 32) - (1 << 28)
"""Bytes from which on chunk offsets take 64 bits: 4 GiB less room for the largest header that can be read."""


class _Chunk(NamedTuple):
    lane: Lane
    first: int
    stop: int
    time: float


class _Clock(NamedTuple):
    """The decoding of a lane: ticks from each sample to the next, and from its decode to its showing."""

    durations: array[int]
    offsets: array[int]
    delay: int
    """The media time at which the first shown sample is shown."""


def join(pieces: Sequence[Piece], timescale: int, sound: Movie | None = None) -> Assembly:
    """The faststart MP4 that shows every frame of every piece at its time on the timeline.

    `timescale` is ticks per second of the pieces' starts and of the result's video track. The first sound track of
    `sound` goes with the pictures.

    Raises:
        PlayheadError: `output_invalid` when the pieces do not fit together as `lane_of_pieces` says, or the
            sound has no packets; `corrupt_file` for a damaged sample entry.
    """
    lanes = [lane_of_pieces(pieces, timescale)]
    if sound is not None:
        track = next(sound.of_kind("audio"), None)
        if track is None:
            raise PlayheadError("output_invalid", "The sound has no packets.")
        lanes.append(lane_of_track(track, source=len(pieces)))
    return progressive(lanes)


def progressive(lanes: Sequence[Lane]) -> Assembly:
    """The faststart MP4 of these lanes; the first one's clock is the movie's."""
    chunks = sorted((chunk for lane in lanes for chunk in _chunks(lane)), key=lambda chunk: chunk.time)
    media = sum(lane.size(0, len(lane.times)) for lane in lanes)
    brands = b"isom" + struct.pack(">I", 0x200) + b"isomiso2" + lanes[0].entries[0][4:8] + b"mp41"
    ftyp = box(b"ftyp", brands)
    long = media + 8 >= 1 << 32
    mdat = struct.pack(">I4sQ", 1, b"mdat", media + 16) if long else struct.pack(">I4s", media + 8, b"mdat")
    clocks = [_clock(lane) for lane in lanes]
    # The offsets count from the header's end, and its size depends on their width alone, not on their values.
    moov = _moov(lanes, clocks, chunks, 0)
    moov = _moov(lanes, clocks, chunks, len(ftyp) + len(moov) + len(mdat))
    spans = (span for chunk in chunks for span in chunk.lane.spans(chunk.first, chunk.stop))
    return Assembly(ftyp + moov + mdat, tuple(_adjoined(spans)))


def _chunks(lane: Lane) -> Iterator[_Chunk]:
    """Turns of about half a second, each with one sample entry."""
    turn = max(1, round(INTERLEAVE_SECONDS * lane.timescale))
    firsts = [section.first for section in lane.sections]
    at, count = 0, len(lane.times)
    while at < count:
        start = lane.shown[at]
        number = bisect_right(firsts, at)
        limit = firsts[number] if number < len(firsts) else count
        stop = min(limit, max(at + 1, bisect_right(lane.shown, start + turn - 1)))
        yield _Chunk(lane, at, stop, start / lane.timescale)
        at = stop


def _adjoined(spans: Iterator[Span]) -> Iterator[Span]:
    """The same bytes with neighbouring spans of one file made one."""
    held: Span | None = None
    for span in spans:
        if held is not None and held.source == span.source and held.offset + held.length == span.offset:
            held = held._replace(length=held.length + span.length)
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held


def _moov(lanes: Sequence[Lane], clocks: Sequence[_Clock], chunks: Sequence[_Chunk], media_at: int) -> bytes:
    timescale = lanes[0].timescale
    offsets: dict[int, array[int]] = {id(lane): array("Q") for lane in lanes}
    at = media_at
    for chunk in chunks:
        offsets[id(chunk.lane)].append(at)
        at += chunk.lane.size(chunk.first, chunk.stop)
    traks, longest = [], 0
    for number, (lane, clock) in enumerate(zip(lanes, clocks, strict=True), 1):
        # Rounded up, so that a coarser clock never cuts off the end.
        shown = -(-(lane.end - lane.begin) * timescale // lane.timescale)
        before = (2 * lane.begin * timescale + lane.timescale) // (2 * lane.timescale)
        edits = [EditRow(before, -1)] if before > 0 else []
        edits.append(EditRow(shown, clock.delay + lane.begin - lane.shown[0]))
        longest = max(longest, before + shown)
        own = [chunk for chunk in chunks if chunk.lane is lane]
        stbl = _stbl(lane, clock, own, offsets[id(lane)], wide=at - media_at >= WIDE_FROM)
        traks.append(trak(lane, number, before + shown, sum(clock.durations), edits, stbl))
    return box(b"moov", mvhd(timescale, longest, len(lanes) + 1), *traks)


def _clock(lane: Lane) -> _Clock:
    """Decode times: the times of showing, delayed by as few frames as keep every decode before its showing.

    Counting the delay in frames keeps it short when frame durations vary, and gives the single run of
    equal durations that a constant frame rate should have.
    """
    times, shown = lane.times, lane.shown
    count = len(times)
    frames = next(d for d in range(count) if all(map(le, shown[: count - d], times[d:])))
    step = min(lane.duration(0, 1), lane.timescale)
    lead = array("q", (shown[0] - step * (frames - k) for k in range(frames)))
    decode = lead + shown[: count - frames]
    durations = array("I", map(sub, decode[1:], decode))
    durations.append(lane.last_duration)
    return _Clock(durations, array("I", map(sub, times, decode)), frames * step)


def _stbl(lane: Lane, clock: _Clock, chunks: Sequence[_Chunk], offsets: array[int], *, wide: bool) -> bytes:
    parts = [stsd(lane.entries), table(b"stts", _runs(clock.durations), 2)]
    if any(clock.offsets):
        parts.append(table(b"ctts", _runs(clock.offsets), 2))
    if lane.sync is not None:
        parts.append(table(b"stss", array("I", map(add, lane.sync, repeat(1)))))
    sizes = lane.sizes(0, len(lane.times))
    parts.append(full_box(b"stsz", 0, 0, struct.pack(">II", 0, len(sizes)), big_endian(sizes)))
    parts.append(_stsc(lane, chunks))
    parts.append(table(b"co64", offsets) if wide else table(b"stco", array("I", offsets)))
    return box(b"stbl", *parts)


def _stsc(lane: Lane, chunks: Sequence[_Chunk]) -> bytes:
    rows = array("I")
    previous: tuple[int, int] | None = None
    for number, chunk in enumerate(chunks, 1):
        row = (chunk.stop - chunk.first, lane.section_of(chunk.first).entry + 1)
        if row != previous:
            rows.extend((number, *row))
            previous = row
    return table(b"stsc", rows, 3)


def _runs(values: array[int]) -> array[int]:
    """The values as (count, value) pairs of equal neighbours."""
    rows = array("I")
    for value, run in groupby(values):
        rows.extend((len(list(run)), value))
    return rows
