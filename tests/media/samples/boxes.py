"""MP4 boxes (ISO/IEC 14496-12, section 4.2), read and changed as bytes: surgery no muxer would do."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONTAINERS = {
    b"moov",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"edts",
    b"dinf",
    b"mvex",
    b"moof",
    b"traf",
    b"udta",
}

# The a b c d of a `tkhd` transformation matrix (section 6.2.2), named for what a player does to the
# coded picture: x' = a*x + c*y, y' = b*x + d*y. Rotations are clockwise, after any mirroring.
TURNS: dict[str, tuple[int, int, int, int]] = {
    "rotate_90": (0, 1, -1, 0),
    "rotate_180": (-1, 0, 0, -1),
    "rotate_270": (0, -1, 1, 0),
    "mirror": (-1, 0, 0, 1),
    "flip": (1, 0, 0, -1),
    "mirror_rotate_90": (0, -1, -1, 0),
    "mirror_rotate_270": (0, 1, 1, 0),
}


@dataclass(frozen=True)
class Box:
    """One box: where it starts, where its payload starts, where it ends, and its ancestors."""

    path: str
    start: int
    body: int
    end: int
    parents: tuple[Box, ...] = ()

    @property
    def kind(self) -> str:
        """The last name of the path."""
        return self.path.rpartition("/")[2]


def boxes(
    data: bytes, start: int = 0, end: int | None = None, parents: tuple[Box, ...] = ()
) -> Iterator[Box]:
    """Every box that can be read, outer before inner; stops quietly where the bytes stop making sense."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and start + 16 <= end:
            size, body = struct.unpack_from(">Q", data, body)[0], start + 16
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            return
        name = kind.decode("latin-1")
        box = Box(f"{parents[-1].path}/{name}" if parents else name, start, body, start + size, parents)
        yield box
        if kind in CONTAINERS:
            yield from boxes(data, body, box.end, (*parents, box))
        start += size


def find(data: bytes, path: str, number: int = 0) -> Box:
    """The `number`-th box (from 0) at `path`; raises LookupError when there is none."""
    for index, box in enumerate(box for box in boxes(data) if box.path == path):
        if index == number:
            return box
    raise LookupError(f"no box {path} number {number}")


def overwrite(data: bytes, at: int, replacement: bytes) -> bytes:
    """The same bytes with `replacement` at offset `at`: nothing moves."""
    return data[:at] + replacement + data[at + len(replacement) :]


def replace_box(data: bytes, path: str, content: bytes, number: int = 0) -> bytes:
    """The box at `path` replaced by whole boxes in `content`; sizes of its ancestors follow.

    Chunk offsets do not follow: only for files whose `moov` is last.
    """
    box = find(data, path, number)
    grown = len(content) - (box.end - box.start)
    for parent in box.parents:
        data = overwrite(data, parent.start, struct.pack(">I", parent.end - parent.start + grown))
    return data[: box.start] + content + data[box.end :]


def make_box(kind: str, *content: bytes) -> bytes:
    """A whole box."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind.encode("latin-1") + body


def rename(data: bytes, path: str, kind: str, number: int = 0) -> bytes:
    """The box at `path` under another name."""
    return overwrite(data, find(data, path, number).start + 4, kind.encode("latin-1"))


def cut(data: bytes, path: str, number: int = 0) -> bytes:
    """The file without that box."""
    return replace_box(data, path, b"", number)


def set_matrix(data: bytes, name: str, track: int = 0) -> bytes:
    """Gives a track's `tkhd` one of `TURNS`, moved so that the picture's corner is back at 0,0."""
    box = find(data, "moov/trak/tkhd", track)
    width, height = struct.unpack_from(">II", data, box.end - 8)  # 16.16 fixed point
    a, b, c, d = TURNS[name]
    left, top = min(0, a * width + c * height), min(0, b * width + d * height)
    one = 0x10000
    matrix = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, -left, -top, 0x40000000)
    return overwrite(data, box.end - 44, matrix)


def set_edits(data: bytes, edits: tuple[tuple[int, int], ...], track: int = 0) -> bytes:
    """Gives a track the edit list `edits`: (segment duration in movie ticks, media time in its own ticks).

    Section 8.6.6, version 0, rate 1. Only for files whose `moov` is last.
    """
    entries = b"".join(struct.pack(">IiI", duration, media_time, 0x10000) for duration, media_time in edits)
    elst = make_box("elst", struct.pack(">II", 0, len(edits)), entries)
    edts = make_box("edts", elst)
    trak = find(data, "moov/trak", track)
    inner = data[trak.body : trak.end]
    for box in boxes(inner):
        if box.path == "edts":
            inner = inner[: box.start] + inner[box.end :]
            break
    tkhd = find(inner, "tkhd")
    length = sum(duration for duration, _ in edits)
    inner = overwrite(inner, tkhd.body + 20, struct.pack(">I", length))
    inner = inner[: tkhd.end] + edts + inner[tkhd.end :]
    data = replace_box(data, "moov/trak", make_box("trak", inner), track)
    return _set_movie_length(data)


def _set_movie_length(data: bytes) -> bytes:
    """`mvhd`'s duration as the longest of the tracks' (section 8.2.2, version 0)."""
    tracks = (box for box in boxes(data) if box.path == "moov/trak/tkhd")
    longest = max(struct.unpack_from(">I", data, box.body + 20)[0] for box in tracks)
    return overwrite(data, find(data, "moov/mvhd").body + 16, struct.pack(">I", longest))


def sample_entry(data: bytes, track: int = 0) -> int:
    """Offset of the first sample entry (its size field) of a track's `stsd`."""
    return find(data, "moov/trak/mdia/minf/stbl/stsd", track).body + 8


def rename_entry(data: bytes, fourcc: str, track: int = 0) -> bytes:
    """A track's codec under another four-character code."""
    return overwrite(data, sample_entry(data, track) + 4, fourcc.encode("latin-1"))


def extend_entry(data: bytes, box: bytes, track: int = 0) -> bytes:
    """Adds a box (`clap`, `pasp`, `colr`...) at the end of a track's sample entry; `moov` must be last."""
    path = "moov/trak/mdia/minf/stbl/stsd"
    stsd, entry = find(data, path, track), sample_entry(data, track)
    size = struct.unpack_from(">I", data, entry)[0]
    content = (
        data[stsd.body : entry]
        + struct.pack(">I", size + len(box))
        + data[entry + 4 : entry + size]
        + box
        + data[entry + size : stsd.end]
    )
    return replace_box(data, path, make_box("stsd", content), track)


def only(data: bytes, *kinds: str) -> bytes:
    """The top-level boxes of these kinds, in their order."""
    return b"".join(data[box.start : box.end] for box in boxes(data) if box.path in kinds)


def blank(data: bytes, path: str) -> bytes:
    """The box's payload as zeroes."""
    box = find(data, path)
    return overwrite(data, box.body, bytes(box.end - box.body))


def without_samples(data: bytes) -> bytes:
    """Every sample table (section 8.5) emptied: the tracks stay, nothing is in them."""
    empty = {"stts": 8, "ctts": 8, "stsc": 8, "stco": 8, "stss": 8, "sdtp": 4, "stsz": 12}
    for box in list(boxes(data)):
        if box.kind in empty:
            data = overwrite(data, box.body, bytes(min(empty[box.kind], box.end - box.body)))
    return data


def before(data: bytes, path: str, number: int = 0) -> bytes:
    """Everything before that box."""
    return data[: find(data, path, number).start]
