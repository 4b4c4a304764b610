"""CMAF init and media segments (ISO/IEC 23000-19) as views of a lane.

A segment's `tfdt` is exactly the time at which it starts to be shown, and its durations are the frames' own,
so segments follow each other without a gap whoever encoded them. What must be decoded
before it is shown makes the media clock run ahead of the presentation by a constant, the lane's `lead`;
the init segment's edit list takes that back (section 7.5.13, brand `cmfc`). Negative composition offsets
(brand `cmf2`) would need no edit list, but ffmpeg and the players built on it shift such video against the
sound by the largest of them.
"""

from __future__ import annotations

import struct
from array import array
from itertools import chain, repeat
from operator import add, le, sub

from playhead.model.errors import PlayheadError
from playhead.packaging.assembly import Assembly
from playhead.packaging.boxes import big_endian, box, full_box, table
from playhead.packaging.headers import EditRow, mvhd, stsd, trak
from playhead.packaging.lane import Lane, decode_by_duration

TRACK_ID = 1
SYNC_FLAGS = 0x02000000
"""`sample_depends_on` 2: the sample needs no other (ISO/IEC 14496-12, section 8.8.3.1)."""
OTHER_FLAGS = 0x01010000
"""`sample_depends_on` 1 and `sample_is_non_sync_sample`."""
_BASE_IS_MOOF = 0x020000
_DEFAULT_DURATION, _DEFAULT_SIZE, _DEFAULT_FLAGS = 0x08, 0x10, 0x20
_DATA_OFFSET, _FIRST_FLAGS, _DURATIONS, _SIZES, _FLAGS, _OFFSETS = 0x01, 0x04, 0x100, 0x200, 0x400, 0x800


def init_segment(lane: Lane, entry: int = 0) -> bytes:
    """The init segment for the segments of a lane that use sample entry number `entry`."""
    ftyp = box(b"ftyp", b"iso6", bytes(4), b"iso6", b"cmfc", b"mp41")
    empty = array("I")
    stbl = box(
        b"stbl",
        stsd((lane.entries[entry],)),
        table(b"stts", empty),
        table(b"stsc", empty),
        full_box(b"stsz", 0, 0, bytes(8)),
        table(b"stco", empty),
    )
    # Duration 0: to the end, for the movie box of a fragmented file does not know it.
    edits = [EditRow(0, lane.lead)] if lane.lead else []
    trex = full_box(b"trex", 0, 0, struct.pack(">5I", TRACK_ID, 1, 0, 0, 0))
    movie = mvhd(lane.timescale, 0, TRACK_ID + 1), trak(lane, TRACK_ID, 0, 0, edits, stbl), box(b"mvex", trex)
    return ftyp + box(b"moov", *movie)


def media_segment(lane: Lane, first: int, stop: int, sequence: int) -> Assembly:
    """The media segment of samples `first` to `stop`, which must begin with a sync sample.

    `sequence` is its number in the presentation, counted from 1.

    Raises:
        PlayheadError: `output_invalid` when samples from elsewhere are shown between these, or they use
            different sample entries.
    """
    shown = lane.shown[first:stop]
    times = lane.times[first:stop]
    if not first < stop or min(times) != shown[0] or max(times) != shown[-1]:
        raise PlayheadError("output_invalid", "A segment would hold frames of its neighbours.")
    if lane.section_of(first).entry != lane.section_of(stop - 1).entry:
        raise PlayheadError("output_invalid", "A segment would need two codec configurations.")
    composition = array("q", map(add, times, repeat(lane.lead)))
    end = lane.shown_at(stop)
    if lane.kind == "audio":
        decode, end = composition, end + lane.lead
    else:
        decode = _decode_times(times, shown, end, lane.lead)
    durations = array("I", map(sub, chain(decode[1:], (end,)), decode))
    offsets = array("i", map(sub, composition, decode))
    flags = array("I", (OTHER_FLAGS,)) * (stop - first)
    for number in lane.sync_between(first, stop):
        flags[number - first] = SYNC_FLAGS
    sizes, (quiet, packet) = lane.sizes(first, stop), lane.silence
    if first or not quiet:
        head = _head(sequence, decode[0], durations, sizes, flags, offsets)
        return Assembly(head, tuple(lane.spans(first, stop)))
    # Late sound begins with silence, which is stored nowhere: its bytes follow the header.
    durations = array("I", (decode[0] // quiet,)) * quiet + durations
    sizes = array("I", (len(packet),)) * quiet + sizes
    flags = array("I", (SYNC_FLAGS,)) * quiet + flags
    head = _head(sequence, 0, durations, sizes, flags, array("i", bytes(4 * quiet)) + offsets)
    return Assembly(head + packet * quiet, tuple(lane.spans(first, stop)))


def keyframe_segment(lane: Lane, sample: int, until: int, sequence: int) -> Assembly:
    """One sync sample alone, shown until the time `until`: a segment of an I-frame playlist."""
    time = lane.times[sample]
    column = array("I", (until - time,)), lane.sizes(sample, sample + 1), array("I", (SYNC_FLAGS,))
    return Assembly(
        _head(sequence, time, *column, array("i", (lane.lead,))), tuple(lane.spans(sample, sample + 1))
    )


def _decode_times(times: array[int], shown: array[int], end: int, lead: int) -> array[int]:
    """When to decode each frame of one segment: rising, from the first time of showing, before `end`.

    The best way gives each sample the very duration of its frame, which Chromium takes a sample's duration
    for. Where frames last longer than the lead can make up for, the n-th frame is decoded at the n-th time
    of showing, or, as the last resort, each frame as late as can be.
    """
    composition = array("q", map(add, times, repeat(lead)))
    for decode in (decode_by_duration(times, shown, end), shown):
        if all(map(le, decode, composition)):
            return decode
    limit = end
    for number in reversed(range(len(composition))):
        limit = min(limit - 1, composition[number])
        composition[number] = max(limit, shown[0] + number)
    composition[0] = shown[0]
    return composition


def _head(
    sequence: int, time: int, durations: array[int], sizes: array[int], flags: array[int], offsets: array[int]
) -> bytes:
    """`styp`, `moof` and the header of `mdat`; fields that all samples share are told once."""
    tfhd_flags, defaults = _BASE_IS_MOOF, []
    trun_flags, columns, first_flags = _DATA_OFFSET, [], b""
    for values, default, own in ((durations, _DEFAULT_DURATION, _DURATIONS), (sizes, _DEFAULT_SIZE, _SIZES)):
        if _uniform(values):
            tfhd_flags |= default
            defaults.append(values[0])
        else:
            trun_flags |= own
            columns.append(values)
    if _uniform(flags[1:]):
        tfhd_flags |= _DEFAULT_FLAGS
        defaults.append(flags[-1])
        if flags[0] != flags[-1]:
            trun_flags |= _FIRST_FLAGS
            first_flags = struct.pack(">I", flags[0])
    else:
        trun_flags |= _FLAGS
        columns.append(flags)
    if any(offsets):
        trun_flags |= _OFFSETS
        columns.append(array("I", offsets.tobytes()))
    tfhd = full_box(b"tfhd", 0, tfhd_flags, struct.pack(f">I{len(defaults)}I", TRACK_ID, *defaults))
    tfdt = full_box(b"tfdt", 1, 0, struct.pack(">Q", time))
    rows = array("I", repeat(0, len(sizes) * len(columns)))
    for number, column in enumerate(columns):
        rows[number :: len(columns)] = column
    mfhd = full_box(b"mfhd", 0, 0, struct.pack(">I", sequence))
    # The data starts behind this moof and mdat's header: 8 (moof) + mfhd + 8 (traf) + ... + 8 (mdat).
    trun_size = 20 + len(first_flags) + 4 * len(rows)
    data_offset = 8 + len(mfhd) + 8 + len(tfhd) + len(tfdt) + trun_size + 8
    fields = struct.pack(">Ii", len(sizes), data_offset) + first_flags
    trun = full_box(b"trun", 1, trun_flags, fields, big_endian(rows))
    moof = box(b"moof", mfhd, box(b"traf", tfhd, tfdt, trun))
    styp = box(b"styp", b"cmfs", bytes(4), b"cmfs", b"msdh")
    return styp + moof + struct.pack(">I4s", sum(sizes) + 8, b"mdat")


def _uniform(values: array[int]) -> bool:
    return not values or values.count(values[0]) == len(values)
