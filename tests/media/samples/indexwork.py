"""How indexes are bent that Playhead reads itself: AVI's chunks and Matroska's elements, as pure changes of bytes."""

from __future__ import annotations

import struct

from tests.media.samples.boxes import overwrite

EMPTY = b"\xec\x80"
"""A `Void` of two bytes: the smallest element there is (RFC 8794, section 11.3.2)."""
_SEGMENT, _CLUSTER, _RATE = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\xb5\x88"
_WIDE = 1 << 56
"""The marker of a size in eight bytes; all ones is a size that is not told."""


def element(name: bytes, *body: bytes) -> bytes:
    """One element of EBML, its size in eight bytes."""
    payload = b"".join(body)
    return name + (len(payload) | _WIDE).to_bytes(8, "big") + payload


def lace(frames: int, body: bytes = b"", track: int = 1) -> bytes:
    """A `SimpleBlock` whose payload is shared by so many frames of one size."""
    size = (5 + len(body) | 1 << 28).to_bytes(4, "big")
    return b"\xa3" + size + bytes((0x80 | track, 0, 0, 0x84, frames - 1)) + body


def add_cluster(data: bytes, *blocks: bytes) -> bytes:
    """One more cluster at the end of a Matroska file, in the segment, which ends where the file does."""
    made = data + element(_CLUSTER, element(b"\xe7", b"\0"), *blocks)
    at = data.index(_SEGMENT) + 4
    return overwrite(made, at, (len(made) - at - 8 | _WIDE).to_bytes(8, "big"))


def add_laces(data: bytes, blocks: int, frames: int = 256) -> bytes:
    """A cluster of blocks, each of so many frames without a byte."""
    return add_cluster(data, lace(frames) * blocks)


def add_voids(data: bytes, count: int) -> bytes:
    """So many empty elements before all others of a Matroska's segment, whose size is not told then."""
    at = data.index(_SEGMENT) + 4
    return data[:at] + (_WIDE * 2 - 1).to_bytes(8, "big") + EMPTY * count + data[at + 8 :]


def sound_rate(data: bytes, rate: float) -> bytes:
    """Another sampling rate in the header of a Matroska file."""
    return overwrite(data, data.index(_RATE) + 2, struct.pack(">d", rate))


def chunk(kind: bytes, *body: bytes) -> bytes:
    """One chunk of RIFF."""
    payload = b"".join(body)
    return kind + struct.pack("<I", len(payload)) + payload + bytes(len(payload) % 2)


def listed(form: bytes, *body: bytes) -> bytes:
    """A list of chunks."""
    return chunk(b"LIST", form, *body)


def piece(rows: int, at: int, stream: int = 0) -> bytes:
    """A piece of OpenDML's index: so many frames of four bytes, all of them at one place."""
    head = struct.pack("<HBBI4sQI", 2, 0, 1, rows, b"%02ddc" % stream, at, 0)
    return chunk(b"ix%02d" % stream, head, struct.pack("<2I", 8, 4) * rows)


def pieces(rows: int, places: list[tuple[int, int]] | int, told: int | None = None) -> bytes:
    """An AVI of one film whose index has one piece of so many rows, named at each place, or so often where it is.

    `told` is how many places it says that there are.
    """
    count = places if isinstance(places, int) else len(places)
    film = chunk(b"00dc", b"abcd") + piece(rows, 12)
    strh = struct.pack(
        "<4s4sIHHIIIIIIII4H", b"vids", b"MJPG", 0, 0, 0, 0, 1, 25, 0, rows, 0, 0, 0, 0, 0, 32, 18
    )
    strf = struct.pack("<3i2H4sIiiII", 40, 32, 18, 1, 24, b"MJPG", 0, 0, 0, 0, 0)
    head = struct.pack("<HBBI4s12x", 4, 0, 0, count if told is None else told, b"00dc")

    def header(place: int) -> bytes:
        named = [(place, 32 + 8 * rows)] * places if isinstance(places, int) else places
        table = b"".join(struct.pack("<QII", at, size, rows) for at, size in named)
        stream = listed(b"strl", chunk(b"strh", strh), chunk(b"strf", strf), chunk(b"indx", head, table))
        return listed(b"hdrl", chunk(b"avih", bytes(56)), stream)

    where = 12 + len(header(0)) + 12 + 12
    return chunk(b"RIFF", b"AVI ", header(where), listed(b"movi", film))


def junk_behind(data: bytes, count: int) -> bytes:
    """So many empty chunks behind the frames of an AVI as ffmpeg writes it."""
    at = data.index(b"movi") - 4
    end = at + 4 + struct.unpack_from("<I", data, at)[0]
    data = overwrite(data, at, struct.pack("<I", end - at - 4 + 8 * count))
    made = data[:end] + chunk(b"JUNK") * count + data[end:]
    return overwrite(made, 4, struct.pack("<I", len(made) - 8))


def short_index(data: bytes) -> bytes:
    """The index of an AVI's first stream is two bytes long: ffmpeg leaves room for it in the header."""
    at = data.index(b"JUNK")
    size = struct.unpack_from("<I", data, at + 4)[0]
    bent = chunk(b"indx", b"\4\0") + chunk(b"JUNK", bytes(size - 10))
    return data[:at] + bent + data[at + len(bent) :]
