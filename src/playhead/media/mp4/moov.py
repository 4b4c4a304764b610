"""The movie box (ISO/IEC 14496-12, section 8.2): tracks, headers, edit lists."""

from __future__ import annotations

from itertools import islice

from playhead.media.mp4.boxes import (
    Parts,
    children,
    corrupt,
    find,
    i64,
    require,
    u16,
    u32,
    u64,
    version_and_flags,
)
from playhead.media.mp4.movie import FOREVER, Edit, EditSpan, Kind, Movie, Track
from playhead.media.mp4.samples import NO_SAMPLES
from playhead.media.mp4.tables import SAMPLE_ENTRY_LIMIT, TIME_LIMIT, read_samples
from playhead.model.errors import PlayheadError

TRACK_LIMIT = 256
EDIT_LIMIT = 10_000
SELF_CONTAINED = 1
"""The flag of a data reference whose samples are in this very file (section 8.7.2)."""

_KINDS: dict[bytes, Kind] = {b"vide": "video", b"soun": "audio"}


def read_moov(moov: memoryview, file_size: int, brand: str) -> Movie:
    """The movie that a `moov` payload describes; fragments, if any, are not in it yet.

    Raises:
        PlayheadError: `corrupt_file`; `unsupported_format` for QuickTime's compressed movie header;
            `reference_refused` when a track's samples are in another file.
    """
    if find(moov, b"cmov") is not None:
        raise PlayheadError(
            "unsupported_format", "The movie header is compressed, which only old QuickTime reads."
        )
    mvhd = require(moov, b"mvhd")
    long = version_and_flags(mvhd)[0] == 1
    timescale = u32(mvhd, 20 if long else 12)
    duration = u64(mvhd, 24) if long else u32(mvhd, 16)
    if not timescale:
        raise corrupt("its clock has no ticks")
    traks = list(islice((box.body for box in children(moov) if box.kind == b"trak"), TRACK_LIMIT + 1))
    if len(traks) > TRACK_LIMIT:
        raise PlayheadError("limit_streams", f"The file has more than {TRACK_LIMIT} tracks.")
    return Movie(
        timescale=timescale,
        duration=0 if duration in (0xFFFFFFFF, (1 << 64) - 1) else duration,
        tracks=tuple(_track(trak, timescale, file_size) for trak in traks),
        brand=brand,
        fragmented=find(moov, b"mvex") is not None,
        size=file_size,
    )


def _track(trak: memoryview, movie_timescale: int, file_size: int) -> Track:
    parts = Parts(trak)
    tkhd, mdia = parts.require(b"tkhd"), Parts(parts.require(b"mdia"))
    version, flags = version_and_flags(tkhd)
    shift = 12 if version == 1 else 0
    mdhd, hdlr = mdia.require(b"mdhd"), mdia.require(b"hdlr")
    mdhd_long = version_and_flags(mdhd)[0] == 1
    timescale = u32(mdhd, 20 if mdhd_long else 12)
    kind: Kind = _KINDS.get(bytes(hdlr[8:12]), "other")
    if kind != "other" and not timescale:
        raise corrupt("a track's clock has no ticks")
    entries: tuple[bytes, ...] = ()
    samples = NO_SAMPLES
    edits: tuple[Edit, ...] = ()
    if kind != "other":
        minf = Parts(mdia.require(b"minf"))
        stbl = Parts(minf.require(b"stbl"))
        _refuse_references(minf)
        entries = _sample_entries(stbl.require(b"stsd"))
        samples = read_samples(stbl, len(entries), file_size)
        edits = _edits(parts.get(b"edts"))
    width, height = (
        (u16(memoryview(entries[0]), 32), u16(memoryview(entries[0]), 34)) if kind == "video" else (0, 0)
    )
    return Track(
        id=u32(tkhd, 20 if version == 1 else 12),
        kind=kind,
        timescale=timescale or 1,
        sample_entries=entries,
        samples=samples,
        edits=edits,
        spans=place_edits(edits, movie_timescale, timescale or 1),
        width=width,
        height=height,
        display_width=u32(tkhd, 76 + shift) / 65536,
        display_height=u32(tkhd, 80 + shift) / 65536,
        matrix=tuple(_signed(u32(tkhd, 40 + shift + 4 * cell)) for cell in range(9)),
        language=_language(u16(mdhd, 32 if mdhd_long else 20)),
        enabled=bool(flags & 1),
    )


def _sample_entries(stsd: memoryview) -> tuple[bytes, ...]:
    entries: list[bytes] = []
    for kind, body in islice(children(stsd, 8), SAMPLE_ENTRY_LIMIT):
        if len(body) < 28:
            raise corrupt("a sample entry is too short")
        # Made anew, so that a size of 0 or of 64 bits never leaves this parser.
        entries.append((len(body) + 8).to_bytes(4, "big") + kind + bytes(body))
    if not entries:
        raise corrupt("a track has no sample entry")
    return tuple(entries)


def _refuse_references(minf: Parts) -> None:
    dinf = minf.get(b"dinf")
    dref = None if dinf is None else find(dinf, b"dref")
    for _, body in () if dref is None else islice(children(dref, 8), SAMPLE_ENTRY_LIMIT):
        if not version_and_flags(body)[1] & SELF_CONTAINED:
            raise PlayheadError("reference_refused", "A track's samples are in another file.")


def _edits(edts: memoryview | None) -> tuple[Edit, ...]:
    elst = None if edts is None else find(edts, b"elst")
    if elst is None:
        return ()
    long, count = version_and_flags(elst)[0] == 1, u32(elst, 4)
    width = 20 if long else 12
    if count * width > len(elst) - 8:
        raise corrupt("the edit list is cut off")
    if count > EDIT_LIMIT:
        raise PlayheadError("resource_limit", f"A track has {count} edits.")
    edits = []
    for at in range(8, 8 + count * width, width):
        duration = u64(elst, at) if long else u32(elst, at)
        media_time = i64(elst, at + 8) if long else _signed(u32(elst, at + 4))
        if duration > TIME_LIMIT or not -1 <= media_time <= TIME_LIMIT:
            raise corrupt("an edit lies beyond any clock")
        edits.append(Edit(duration, media_time, u32(elst, at + width - 4)))
    return tuple(edits)


def place_edits(edits: tuple[Edit, ...], movie_timescale: int, timescale: int) -> tuple[EditSpan, ...]:
    """The stretches of media time that are presented, in track ticks (section 8.6.6).

    A last edit of duration 0 goes on to the end of the media; fragmented files are written so.
    """
    spans: list[EditSpan] = []
    elapsed = 0  # in movie ticks, so that many edits do not add up rounding errors
    for edit in edits:
        start = (elapsed * timescale * 2 + movie_timescale) // (2 * movie_timescale)
        elapsed += edit.duration
        if edit.media_time < 0:
            continue
        # Rounded up: a duration on a coarse movie clock must not cut a frame off.
        length = -(-edit.duration * timescale // movie_timescale)
        stop = edit.media_time + length if edit.duration else FOREVER
        spans.append(EditSpan(edit.media_time, stop, start))
    return tuple(spans) or (EditSpan(0, FOREVER, 0),)


def _language(packed: int) -> str:
    """The three letters packed in 15 bits; QuickTime's own language numbers become `und`."""
    if packed < 0x400 or packed == 0x7FFF:
        return "und"
    letters = "".join(chr((packed >> shift & 31) + 0x60) for shift in (10, 5, 0))
    return letters if letters.isalpha() and letters.islower() and letters.isascii() else "und"


def _signed(word: int) -> int:
    return word - (1 << 32) if word & 1 << 31 else word
