"""The index as bytes, small enough to be kept beside its video and quick to load again.

Layout: four bytes of magic, one of version, then a zlib stream of a length-prefixed JSON header followed by
the sample arrays, little-endian, in the order the header lists them. The version changes with the layout;
an index of another version is simply read from its file again.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import msgspec

from playhead.media.mp4.movie import Edit, EditSpan, Movie, Track
from playhead.media.mp4.samples import Runs, Samples

MAGIC = b"PHix"
VERSION = 2


class UnknownIndexError(ValueError):
    """The bytes are not an index of this version: read the file again."""


def to_bytes(movie: Movie) -> bytes:
    """The movie's index as bytes, about 2 to 5 bytes a sample."""
    header = {
        "timescale": movie.timescale,
        "duration": movie.duration,
        "brand": movie.brand,
        "fragmented": movie.fragmented,
        "size": movie.size,
        "tracks": [_describe(track) for track in movie.tracks],
    }
    text = msgspec.json.encode(header)
    parts = [len(text).to_bytes(4, "little"), text]
    parts += [_little(table).tobytes() for track in movie.tracks for _, table in _tables(track.samples)]
    # Level 1: the tables are mostly noise, higher levels take five times as long for a few per cent.
    return MAGIC + bytes([VERSION]) + zlib.compress(b"".join(parts), 1)


def from_bytes(data: bytes) -> Movie:
    """The movie that `to_bytes` wrote.

    Raises:
        UnknownIndexError: the bytes are of another version, cut off, or something else.
    """
    if data[:5] != MAGIC + bytes([VERSION]):
        raise UnknownIndexError("not an index of this version")
    try:
        plain = memoryview(zlib.decompress(data[5:]))
        start = 4 + int.from_bytes(plain[:4], "little")
        header = msgspec.json.decode(plain[4:start])
        tracks = []
        for described in header.pop("tracks"):
            track, start = _restore(described, plain, start)
            tracks.append(track)
        return Movie(**header, tracks=tuple(tracks))
    except (zlib.error, msgspec.DecodeError, KeyError, TypeError, ValueError) as broken:
        raise UnknownIndexError("the index is damaged") from broken


def _tables(samples: Samples) -> Iterator[tuple[str, array[int]]]:
    yield "duration_counts", samples.durations.counts
    yield "duration_values", samples.durations.values
    yield "chunk_firsts", samples.chunk_firsts
    yield "chunk_offsets", samples.chunk_offsets
    yield "chunk_entries", samples.chunk_entries
    yield "size_table", samples.size_table
    if samples.composition is not None:
        yield "composition_counts", samples.composition.counts
        yield "composition_values", samples.composition.values
    if samples.sync is not None:
        yield "sync", samples.sync


def _describe(track: Track) -> dict[str, Any]:
    return {
        "id": track.id,
        "kind": track.kind,
        "timescale": track.timescale,
        "entries": [b64encode(entry).decode() for entry in track.sample_entries],
        "spans": [[span.media_start, span.media_stop, span.start] for span in track.spans],
        "edits": [[edit.duration, edit.media_time, edit.rate] for edit in track.edits],
        "picture": [track.width, track.height, track.display_width, track.display_height],
        "matrix": track.matrix,
        "language": track.language,
        "enabled": track.enabled,
        "unfit": track.unfit,
        "samples": [
            track.samples.count,
            track.samples.constant_size,
            track.samples.start,
            track.samples.longest_chunk,
        ],
        "tables": [[name, table.typecode, len(table)] for name, table in _tables(track.samples)],
    }


def _restore(described: dict[str, Any], plain: memoryview, start: int) -> tuple[Track, int]:
    tables: dict[str, array[int]] = {}
    for name, typecode, length in described["tables"]:
        table = array(typecode)
        stop = start + length * table.itemsize
        table.frombytes(plain[start:stop])
        if len(table) != length:
            raise ValueError("a table is cut off")
        tables[name], start = _little(table), stop
    count, constant_size, first_time, longest_chunk = described["samples"]
    composition = (
        Runs(tables["composition_counts"], tables["composition_values"])
        if "composition_counts" in tables
        else None
    )
    width, height, display_width, display_height = described["picture"]
    track = Track(
        id=described["id"],
        kind=described["kind"],
        timescale=described["timescale"],
        sample_entries=tuple(b64decode(entry) for entry in described["entries"]),
        spans=tuple(EditSpan(*span) for span in described["spans"]),
        edits=tuple(Edit(*edit) for edit in described["edits"]),
        width=width,
        height=height,
        display_width=display_width,
        display_height=display_height,
        matrix=tuple(described["matrix"]),
        language=described["language"],
        enabled=described["enabled"],
        unfit=described["unfit"],
        samples=Samples(
            count=count,
            durations=Runs(tables["duration_counts"], tables["duration_values"]),
            chunk_firsts=tables["chunk_firsts"],
            chunk_offsets=tables["chunk_offsets"],
            chunk_entries=tables["chunk_entries"],
            size_table=tables["size_table"],
            constant_size=constant_size,
            composition=composition,
            sync=tables.get("sync"),
            start=first_time,
            longest_chunk=longest_chunk,
        ),
    )
    return track, start


def _little(table: array[int]) -> array[int]:
    """The same table with its bytes in little-endian order, whatever this machine's is."""
    if sys.byteorder == "little":
        return table
    swapped = table[:]
    swapped.byteswap()
    return swapped
