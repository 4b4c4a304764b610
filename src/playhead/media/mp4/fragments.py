"""Movie fragments (ISO/IEC 14496-12, section 8.8): each `moof` adds samples to the tracks of the movie."""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress, repeat
from operator import ne, sub

from playhead.media.mp4.boxes import (
    Box,
    children,
    corrupt,
    find,
    signed_words,
    u32,
    u64,
    version_and_flags,
    words,
)
from playhead.media.mp4.movie import Movie, Track
from playhead.media.mp4.samples import Runs, Samples
from playhead.media.mp4.tables import TIME_LIMIT
from playhead.model.errors import PlayheadError

FRAGMENT_SAMPLE_LIMIT = 20_000_000
"""Samples one fragmented file may have; a run without per-sample fields claims them without any bytes."""
BOXES_AT_ONCE = 1000
"""Boxes of a fragment between two pauses: some milliseconds."""
NON_SYNC = 0x10000
"""`sample_is_non_sync_sample` in the sample flags (section 8.8.3.1)."""


@dataclass(frozen=True)
class _Defaults:
    entry: int
    duration: int
    size: int
    flags: int


@dataclass
class _Growing:
    """The samples of one track while its fragments are read."""

    durations: array[int] = field(default_factory=lambda: array("I"))
    composition: array[int] = field(default_factory=lambda: array("i"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    sync: array[int] = field(default_factory=lambda: array("I"))
    chunk_firsts: array[int] = field(default_factory=lambda: array("I"))
    chunk_offsets: array[int] = field(default_factory=lambda: array("Q"))
    chunk_entries: array[int] = field(default_factory=lambda: array("H"))
    entry_count: int = 1
    start: int = 0
    end: int = 0

    def seek(self, time: int) -> None:
        """Let the next sample decode at `time` by giving the one before it the duration that is needed."""
        if not self.sizes:
            self.start = self.end = time
        elif time != self.end:
            last = self.durations[-1] + time - self.end
            if not 0 <= last < 1 << 32:
                raise corrupt("its fragments are not in the order of time")
            self.durations[-1] = last
            self.end = time


class FragmentReader:
    """Collects the fragments of one movie, in file order.

    A fragment that the end of the file cuts off ends the movie before it; that is the caller's to see.
    """

    def __init__(self, movie: Movie, moov: memoryview, most_samples: int = FRAGMENT_SAMPLE_LIMIT) -> None:
        self._movie = movie
        self._most_samples = most_samples
        self._total = sum(track.samples.count for track in movie.tracks)
        self._check_total()
        self._tracks = {track.id: _continued(track) for track in movie.tracks if track.kind != "other"}
        self._defaults = {u32(trex, 4): _Defaults(*words(trex, 8, 4)) for trex in _trexes(moov)}

    def adding(self, moof: memoryview, at: int) -> Iterator[None]:
        """Add the fragment whose `moof` box starts at byte `at` of the file, pausing after every thousand boxes.

        A fragment may have as many bytes as an index: whoever adds it may have to stop before its end.

        Raises:
            PlayheadError: `corrupt_file`, or `resource_limit` when there are too many samples.
        """
        data_end = at
        for number, (kind, traf) in enumerate(children(moof)):
            if kind == b"traf":
                data_end = yield from self._adding_track(traf, at, data_end)
            if number % BOXES_AT_ONCE == 0 or len(traf) > BOXES_AT_ONCE:
                yield

    def movie(self) -> Movie:
        """The movie with the samples of all fragments added."""
        tracks = []
        for track in self._movie.tracks:
            grown = self._tracks.get(track.id)
            tracks.append(replace(track, samples=_settled(grown)) if grown and grown.sizes else track)
        return replace(self._movie, tracks=tuple(tracks))

    def _check_total(self) -> None:
        if self._total > self._most_samples:
            raise PlayheadError("resource_limit", "The file has too many samples.")

    def _adding_track(self, traf: memoryview, moof_at: int, data_end: int) -> Generator[None, None, int]:
        boxes = list(children(traf))
        tfhd = _first(boxes, b"tfhd")
        if tfhd is None:
            raise corrupt("the tfhd box is missing")
        flags, track_id = version_and_flags(tfhd)[1], u32(tfhd, 4)
        at, base = 8, moof_at if flags & 0x20000 else data_end
        if flags & 1:
            base, at = u64(tfhd, at), at + 8
        fields = list(chain.from_iterable((words(tfhd, at, bin(flags & 0x3A).count("1")), repeat(0, 4))))
        given = self._defaults.get(track_id, _Defaults(1, 0, 0, 0))
        picked = [fields.pop(0) if flags & bit else None for bit in (2, 8, 16, 32)]
        defaults = _Defaults(
            *(
                default if value is None else value
                for value, default in zip(
                    picked, (given.entry, given.duration, given.size, given.flags), strict=True
                )
            )
        )
        track = self._tracks.get(track_id)
        if track is None:
            return data_end
        tfdt = _first(boxes, b"tfdt")
        if tfdt is not None:
            time = u64(tfdt, 4) if version_and_flags(tfdt)[0] == 1 else u32(tfdt, 4)
            if time > TIME_LIMIT:
                raise corrupt("a fragment lies beyond any clock")
            track.seek(time)
        end = base
        for number, (kind, trun) in enumerate(boxes):
            if kind == b"trun":
                end = self._add_run(track, trun, base, end, defaults)
            if number % BOXES_AT_ONCE == 0:
                yield
        return end

    def _add_run(self, track: _Growing, trun: memoryview, base: int, data: int, defaults: _Defaults) -> int:
        flags = version_and_flags(trun)[1]
        count, at = u32(trun, 4), 8
        if flags & 1:
            data, at = base + signed_words(trun, at, 1)[0], at + 4
        first_flags = None
        if flags & 4:
            first_flags, at = u32(trun, at), at + 4
        self._total += count
        if self._total > self._movie.size:
            raise corrupt("its fragments claim more samples than the file has bytes")
        self._check_total()
        if not count:
            return data
        bits = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
        table = words(trun, at, count * len(bits))
        columns = {bit: table[index :: len(bits)] for index, bit in enumerate(bits)}
        sizes = columns.get(0x200) or array("I", (defaults.size,)) * count
        durations = columns.get(0x100) or array("I", (defaults.duration,)) * count
        sample_flags = columns.get(0x400) or array("I", (defaults.flags,)) * count
        if first_flags is not None:
            sample_flags[0] = first_flags
        length = sum(sizes)
        if not 0 <= data <= TIME_LIMIT or not 1 <= defaults.entry <= track.entry_count:
            raise corrupt("a fragment points outside of the file")
        first = len(track.sizes)
        track.chunk_firsts.append(first)
        track.chunk_offsets.append(data)
        track.chunk_entries.append(defaults.entry - 1)
        track.sync.extend(first + i for i, word in enumerate(sample_flags) if not word & NON_SYNC)
        track.sizes.extend(sizes)
        track.durations.extend(durations)
        # Signed for version 0 too, as in `ctts`.
        shown = columns.get(0x800)
        track.composition.extend(array("i", shown.tobytes()) if shown else array("i", (0,)) * count)
        track.end += sum(durations)
        return data + length


def _first(boxes: Sequence[Box], kind: bytes) -> memoryview | None:
    return next((box.body for box in boxes if box.kind == kind), None)


def _trexes(moov: memoryview) -> list[memoryview]:
    mvex = find(moov, b"mvex")
    return [] if mvex is None else [body for kind, body in children(mvex) if kind == b"trex"]


def _continued(track: Track) -> _Growing:
    """The samples that the movie box itself lists, ready to be added to."""
    samples = track.samples
    grown = _Growing(entry_count=len(track.sample_entries), end=samples.duration)
    if samples.count:
        grown.durations = samples.durations.expanded()
        offsets = samples.composition_offsets
        grown.composition = offsets[:] if offsets else array("i", (0,)) * samples.count
        grown.sizes = samples.sizes[:]
        grown.sync = array("I", range(samples.count)) if samples.sync is None else samples.sync[:]
        grown.chunk_firsts = samples.chunk_firsts[:]
        grown.chunk_offsets = array("Q", samples.chunk_offsets)
        grown.chunk_entries = samples.chunk_entries[:]
    return grown


def _settled(grown: _Growing) -> Samples:
    count = len(grown.sizes)
    ones = array("I", (1,)) * count
    return Samples(
        count=count,
        durations=run_lengths(grown.durations),
        chunk_firsts=grown.chunk_firsts,
        chunk_offsets=grown.chunk_offsets,
        chunk_entries=grown.chunk_entries,
        size_table=grown.sizes,
        composition=Runs(ones, grown.composition) if any(grown.composition) else None,
        sync=None if len(grown.sync) == count else grown.sync,
        start=grown.start,
    )


def run_lengths(values: array[int]) -> Runs:
    """The values as runs of equal ones; always at least one run when there is a value."""
    count = len(values)
    # What differs from the one before it begins a run, and so does the first.
    starts = array("I", compress(range(count), chain((True,), map(ne, values[1:], values))))
    lengths = array("I", map(sub, chain(starts[1:], (count,)), starts))
    return Runs(lengths, array(values.typecode, map(values.__getitem__, starts)))
