"""Lanes from stored files: from the pieces of a rendition, or from one track of a finished MP4 or source."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import add, sub

from playhead.media.mp4 import NEVER, Movie, Track, sound_format
from playhead.model.errors import PlayheadError
from playhead.packaging.entries import sound_entry, visual_entry
from playhead.packaging.lane import Lane, Section
from playhead.packaging.silence import PACKET, silent_packet

PRIMING_SECONDS = 0.25
"""Hidden sound kept before the first heard packet: more than any encoder's priming needs."""
REORDER_LIMIT = 64
"""Samples among the last decoded that may hold the last shown; no codec here reorders over more than 16."""
LEAD_SECONDS = 0.5
"""The longest lead: a player that ignores edit lists is out of sync by as much."""


@dataclass(frozen=True)
class Piece:
    """One stored MP4 that covers part of a rendition's timeline."""

    movie: Movie
    start: int
    """When its first frame is shown, in timeline ticks."""
    end: int | None = None
    """When its last frame ends, in timeline ticks; None: when the next piece starts, or as the file says."""


def lane_of_pieces(pieces: Sequence[Piece], timescale: int, lead: int | None = None) -> Lane:
    """The video lane of a rendition made of pieces in timeline order; its source k is `pieces[k]`.

    A frame is shown at its piece's start plus its time in the piece since that piece's first frame;
    the last frame of a piece lasts until the next piece's first. `lead` (see `Lane`) must be told when more
    pieces of the rendition are to come, for its init segment cannot change: two frames for x264's presets.

    Raises:
        PlayheadError: `output_invalid` when a piece has no frames, hides some by its edit list, or starts
            before the last frame of the one before; `corrupt_file` for a damaged sample entry.
    """
    entries: dict[bytes, int] = {}
    times, sync = array("q"), array("I")
    sections: list[Section] = []
    track, last_shown = None, -1
    for number, piece in enumerate(pieces):
        track, base = _whole_video(piece.movie), len(times)
        placed = _placed(track, piece.start, timescale)
        if min(placed) <= last_shown:
            raise PlayheadError(
                "output_invalid", "A piece starts before the last frame of the one before it."
            )
        last_shown = max(placed)
        sections += _sections(track, number, 0, track.samples.count, base, entries)
        sync.extend(map(add, _sync_numbers(track), repeat(base)))
        times.extend(placed)
    if track is None:
        raise PlayheadError("output_invalid", "There are no pieces.")
    told = pieces[-1].end
    own = _scaled(track.samples.last_duration, track.timescale, timescale)
    last_duration = max(1, own if told is None else told - last_shown)
    shown, gaps = _order(times)
    return Lane(
        kind="video",
        timescale=timescale,
        entries=tuple(entries),
        sections=tuple(sections),
        times=times,
        shown=shown,
        lead=lead_for(reorder_of(times, shown), gaps, timescale) if lead is None else lead,
        sync=None if len(sync) == len(times) else sync,
        begin=pieces[0].start,
        end=last_shown + last_duration,
        last_duration=last_duration,
        display_width=track.display_width or track.width,
        display_height=track.display_height or track.height,
        matrix=track.matrix,
        language=track.language,
    )


def lane_of_track(track: Track, source: int = 0) -> Lane:
    """The lane of one track of a stored file, its edit list applied.

    Samples that the edit list hides are left out where that does no harm (`shown_range`); the packets that
    prime a sound decoder stay. `fitness` tells beforehand whether that is possible.

    Raises:
        PlayheadError: `output_invalid` when it is not, or when two samples have one time;
            `corrupt_file` for a damaged sample entry.
    """
    first, stop = shown_range(track)
    if track.kind == "other" or first >= stop:
        raise PlayheadError("output_invalid", "Its edit list hides what cannot be left out.")
    entries: dict[bytes, int] = {}
    sections = tuple(_sections(track, source, first, stop, -first, entries))
    times = track.presentation_times
    if (first, stop) != (0, len(times)):
        times = times[first:stop]
    last_shown = max(times[-REORDER_LIMIT:])
    end = track.presentation_end
    last_duration = track.samples.last_duration
    if track.kind == "video":
        # The edit list may end the last frame early, and some files give their last frame no duration.
        last_duration = min(last_duration or end - last_shown, max(1, end - last_shown))
        end = last_shown + last_duration
    begin = max(0, track.spans[0].start, min(times[:REORDER_LIMIT]))
    if end <= begin:
        raise PlayheadError("output_invalid", "Its edit list hides all of it.")
    shown, gaps = _order(times, track.shown_times)
    silence = _silence(shown[0], tuple(entries), track.timescale) if track.kind == "audio" else (0, b"")
    if track.kind == "audio":
        lead = max(0, silence[0] * PACKET - shown[0])
    else:
        lead = lead_for(reorder_of(times, shown), gaps, track.timescale)
    return Lane(
        kind=track.kind,
        timescale=track.timescale,
        entries=tuple(entries),
        sections=sections,
        times=times,
        shown=shown,
        lead=lead,
        silence=silence,
        sync=_sync_between(track, first, stop),
        begin=begin,
        end=end,
        last_duration=max(1, last_duration),
        display_width=track.display_width or track.width,
        display_height=track.display_height or track.height,
        matrix=track.matrix,
        language=track.language,
    )


def shown_range(track: Track) -> tuple[int, int]:
    """The samples (first, stop) in decode order that a lane needs; empty when the edit list asks for more.

    A lane cannot hide frames. So a video's first shown frame must be a sync sample, with every sample before
    it hidden, and after the last shown one every sample must be hidden too. Sound needs no such care, but
    of a trimmed start only the last packets are kept.
    """
    times, span = track.presentation_times, track.spans[0]
    if len(track.spans) != 1 or track.rate_changed or not times:
        return 0, 0
    begin, end = span.start, track.presentation_end
    if track.kind == "audio":
        first = bisect_left(times, begin - round(PRIMING_SECONDS * track.timescale))
        return first, bisect_left(times, end)
    stop = len(times)
    while stop and times[stop - 1] >= end:
        stop -= 1
    first = 0
    if track.shown_times[0] < begin:
        hidden = max(number for number, time in enumerate(times) if time < begin)
        first = next((number for number in _sync_numbers(track) if number > hidden), stop)
        if min(times[first:stop], default=NEVER) != min((time for time in times if time >= begin), default=0):
            return 0, 0
    if stop == len(times) and track.shown_times[-1] < end:
        return first, stop
    return (first, stop) if max(times[first:stop], default=end) < end else (0, 0)


def _whole_video(movie: Movie) -> Track:
    track = movie.video
    if track is None:
        raise PlayheadError("output_invalid", "A piece has no frames.")
    if len(track.spans) != 1 or track.spans[0].media_start > min(track.composition_times):
        raise PlayheadError("output_invalid", "A piece hides frames by its edit list.")
    return track


def _placed(track: Track, start: int, timescale: int) -> array[int]:
    times = track.composition_times
    first = min(times)
    if track.timescale == timescale:
        return array("q", map(add, times, repeat(start - first)))
    return array("q", (start + _scaled(time - first, track.timescale, timescale) for time in times))


def _scaled(ticks: int, timescale: int, wanted: int) -> int:
    return (2 * ticks * wanted + timescale) // (2 * timescale)


def _sync_numbers(track: Track) -> Sequence[int]:
    return range(track.samples.count) if track.samples.sync is None else track.samples.sync


def _sync_between(track: Track, first: int, stop: int) -> array[int] | None:
    numbers = track.samples.sync
    return None if numbers is None else array("I", (n - first for n in numbers if first <= n < stop))


def _sections(
    track: Track, source: int, first: int, stop: int, shift: int, entries: dict[bytes, int]
) -> Iterator[Section]:
    """One section per run of chunks with the same sample entry; `entries` collects the distinct ones."""
    samples = track.samples
    portable = visual_entry if track.kind == "video" else sound_entry
    known = [entries.setdefault(portable(entry), len(entries)) for entry in track.sample_entries]
    if len(known) == 1:
        yield Section(first + shift, source, known[0], samples, -shift)
        return
    previous = None
    for chunk in range(samples.chunk_of(first), len(samples.chunk_firsts)):
        start = max(first, samples.chunk_firsts[chunk])
        entry = known[samples.chunk_entries[chunk]]
        if start < stop and entry != previous:
            yield Section(start + shift, source, entry, samples, -shift)
            previous = entry


def _order(times: array[int], known: array[int] | None = None) -> tuple[array[int], set[int]]:
    """The times in the order of showing, and the different distances between them.

    `known` may hold the same times, and others, in that order already.

    Raises:
        PlayheadError: `output_invalid` when two are the same.
    """
    shown = known if known is not None and len(known) == len(times) else array("q", sorted(times))
    gaps = {0} if shown is times else set(map(sub, shown[1:], shown))
    if shown is not times and gaps and min(gaps) <= 0:
        raise PlayheadError("output_invalid", "Two samples have the same time.")
    return shown, gaps


def _silence(late: int, entries: tuple[bytes, ...], timescale: int) -> tuple[int, bytes]:
    """As many packets of silence as begin at 0 or before it, so that none overlaps the first packet."""
    packet = silent_packet(entries[0]) if late > 0 else b""
    # Only where a tick is a sample are packets as long as they should be.
    known = packet and timescale == sound_format(entries[0]).sample_rate
    return (-(-late // PACKET), packet) if known else (0, b"")


def lead_for(reorder: int, gaps: set[int], timescale: int) -> int:
    """The lead for frames that are decoded up to `reorder` ticks before they are shown, within reason.

    Where frames last differently, by `gaps`, decoding each for its own duration needs as much more as two
    frames can differ in: encoders here keep two back. More would be right but never needed, less falls back.
    """
    if reorder:
        reorder += 2 * (max(gaps) - min(gaps))
    return min(reorder, round(LEAD_SECONDS * timescale))


def reorder_of(times: array[int], shown: array[int]) -> int:
    """Ticks by which frames are decoded before they would be if each were shown at once, at most."""
    return 0 if times == shown else max(map(sub, shown, times))
