"""How bombs are built: pure changes of honest files, and bytes from nothing."""

from __future__ import annotations

import struct
import zlib

from tests.media.samples import boxes
from tests.media.samples.boxes import find, make_box, overwrite, replace_box
from tests.media.samples.bytework import noise

STBL = "moov/trak/mdia/minf/stbl"


def _clock(data: bytes) -> int:
    """Ticks a second of the first track."""
    return int(struct.unpack_from(">I", data, find(data, "moov/trak/mdia/mdhd").body + 12)[0])


def _one_delta(data: bytes, delta: int) -> bytes:
    """Every frame of the first track `delta` ticks after the one before (`stts`, 8.6.1.2)."""
    count = struct.unpack_from(">I", data, find(data, f"{STBL}/stsz").body + 8)[0]
    return replace_box(data, f"{STBL}/stts", make_box("stts", struct.pack(">4I", 0, 1, count, delta)))


def stretch(data: bytes, seconds: float) -> bytes:
    """Frames that many seconds apart; the headers agree. `moov` must be last."""
    data = boxes.cut(data, "moov/trak/edts")
    slow = min(_clock(data), 1000)  # a slower clock, so that 100 hours fit into 32 bits
    data = overwrite(data, find(data, "moov/trak/mdia/mdhd").body + 12, struct.pack(">I", slow))
    data = _one_delta(data, int(seconds * slow))
    count = struct.unpack_from(">I", data, find(data, f"{STBL}/stsz").body + 8)[0]
    return claim_length(data, int(seconds * count))


def stretch_last(data: bytes) -> bytes:
    """The last frame lasts 2^31 - 1 ticks of a clock of 1000."""
    data = boxes.cut(data, "moov/trak/edts")
    data = overwrite(data, find(data, "moov/trak/mdia/mdhd").body + 12, struct.pack(">I", 1000))
    count = struct.unpack_from(">I", data, find(data, f"{STBL}/stsz").body + 8)[0]
    entries = struct.pack(">6I", 0, 2, count - 1, 40, 1, 0x7FFFFFFF)
    return claim_length(replace_box(data, f"{STBL}/stts", make_box("stts", entries)), 0x7FFFFFFF // 1000)


def squeeze(data: bytes) -> bytes:
    """One tick of 1/90000 s from frame to frame."""
    data = boxes.cut(data, "moov/trak/edts")
    data = overwrite(data, find(data, "moov/trak/mdia/mdhd").body + 12, struct.pack(">I", 90_000))
    return _one_delta(data, 1)


def claim_length(data: bytes, seconds: int) -> bytes:
    """`mvhd`, `tkhd` and `mdhd` (version 0) claim this length; the sample tables stay."""
    movie = find(data, "moov/mvhd")
    movie_clock = struct.unpack_from(">I", data, movie.body + 12)[0]
    data = overwrite(data, movie.body + 16, struct.pack(">I", min(seconds * movie_clock, 0xFFFFFFFE)))
    for box in list(boxes.boxes(data)):
        if box.path == "moov/trak/tkhd":
            data = overwrite(data, box.body + 20, struct.pack(">I", min(seconds * movie_clock, 0xFFFFFFFE)))
        if box.path == "moov/trak/mdia/mdhd":
            clock = struct.unpack_from(">I", data, box.body + 12)[0]
            data = overwrite(data, box.body + 16, struct.pack(">I", min(seconds * clock, 0xFFFFFFFE)))
    return data


def repeat_edit(data: bytes, count: int) -> bytes:
    """An edit list that plays the first second `count` times. `moov` must be last."""
    return boxes.set_edits(data, ((1000, 1024),) * count)


def claim_entries(data: bytes, kind: str, count: int) -> bytes:
    """The first table of that kind claims `count` entries; no entry is added."""
    box = next(box for box in boxes.boxes(data) if box.kind == kind)
    return overwrite(data, box.body + (8 if kind == "stsz" else 4), struct.pack(">I", count))


def equal_sizes(data: bytes, size: int, count: int) -> bytes:
    """`stsz` says that all of `count` samples have `size` bytes: no table is needed for that."""
    return overwrite(data, find(data, f"{STBL}/stsz").body + 4, struct.pack(">II", size, count))


def claim_run(data: bytes, count: int) -> bytes:
    """The first fragment's `trun` (8.8.8) claims `count` samples."""
    return overwrite(data, find(data, "moof/traf/trun").body + 4, struct.pack(">I", count))


def repeat_sample(data: bytes, count: int) -> bytes:
    """One stored frame, shown `count` times at 25 a second: every chunk points at the same bytes."""
    data = boxes.cut(data, "moov/trak/edts")
    # One sample needs no table: its size stands where the size of all would.
    size = struct.unpack_from(">I", data, find(data, f"{STBL}/stsz").body + 4)[0]
    at = struct.unpack_from(">I", data, find(data, f"{STBL}/stco").body + 8)[0]
    data = overwrite(data, find(data, "moov/trak/mdia/mdhd").body + 12, struct.pack(">I", 25))
    tables = {
        "stsz": struct.pack(">3I", 0, size, count),
        "stts": struct.pack(">4I", 0, 1, count, 1),
        "stsc": struct.pack(">5I", 0, 1, 1, 1, 1),
        "stco": struct.pack(">2I", 0, count) + struct.pack(">I", at) * count,
    }
    for kind, content in tables.items():
        data = replace_box(data, f"{STBL}/{kind}", make_box(kind, content))
    return claim_length(data, count // 25)


def repeat_track(data: bytes, count: int) -> bytes:
    """The sound track `count` more times, under new numbers. `moov` must be last."""
    box = find(data, "moov/trak", 1)
    track = data[box.start : box.end]
    number = find(data, "moov/trak/tkhd", 1).body + 12 - box.start
    copies = b"".join(overwrite(track, number, struct.pack(">I", 3 + index)) for index in range(count))
    return replace_box(data, "moov/trak", track + copies, 1)


def entry_size(data: bytes, width: int, height: int) -> bytes:
    """Another picture size in the sample entry; the bitstream stays."""
    return overwrite(data, boxes.sample_entry(data) + 32, struct.pack(">HH", width, height))


def nest(data: bytes, depth: int) -> bytes:
    """A box in a box in a box after the file's end."""
    sizes = range(8 * depth, 0, -8)
    return data + b"".join(struct.pack(">I4s", size, b"moov" if size > 8 else b"free") for size in sizes)


def crumbs(data: bytes, count: int) -> bytes:
    """Many empty boxes after the file's end."""
    return data + make_box("free") * count


def append_box(data: bytes, size: int) -> bytes:
    """A last box of a claimed size, without content."""
    if size < 1 << 32:
        return data + struct.pack(">I4s", size, b"free")
    return data + struct.pack(">I4sQ", 1, b"free", size)


def first_box_to_end(data: bytes) -> bytes:
    """Size 0 (4.2): the first box reaches to the end of the file."""
    return overwrite(data, 0, bytes(4))


def pack_moov(data: bytes, claimed: int | None) -> bytes:
    """`moov` compressed as QuickTime could (`cmov`), with the real or a claimed unpacked size."""
    box = find(data, "moov")
    moov = data[box.start : box.end]
    return data[: box.start] + _packed(zlib.compress(moov), len(moov) if claimed is None else claimed)


def _packed(compressed: bytes, size: int) -> bytes:
    dcom, cmvd = make_box("dcom", b"zlib"), make_box("cmvd", struct.pack(">I", size), compressed)
    return make_box("moov", make_box("cmov", dcom, cmvd))


def _zeroes(size: int) -> bytes:
    packer, block = zlib.compressobj(9), bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def packed_zeroes(size: int) -> bytes:
    """A QuickTime file that is only a compressed header of zeroes."""
    return make_box("ftyp", b"qt  \0\0\0\0qt  ") + _packed(_zeroes(size), size)


def gif_size(data: bytes, width: int, height: int) -> bytes:
    """Another logical screen, and first frame, of a GIF."""
    data = overwrite(data, 6, struct.pack("<HH", width, height))
    return overwrite(data, data.index(b"\x2c\0\0\0\0") + 5, struct.pack("<HH", width, height))


def gif_delay(data: bytes, hundredths: int) -> bytes:
    """Every frame of a GIF stays that long (Graphic Control Extension)."""
    at = data.find(b"\x21\xf9\x04")
    while at >= 0:
        data = overwrite(data, at + 4, struct.pack("<H", hundredths))
        at = data.find(b"\x21\xf9\x04", at + 8)
    return data


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and body of each PNG chunk."""
    found, at = [], 8
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_size(data: bytes, width: int, height: int) -> bytes:
    """Another picture and first frame size of an animated PNG, checksums right."""
    size = struct.pack(">II", width, height)
    places = {b"IHDR": 0, b"fcTL": 4}
    return _png(
        [
            (kind, overwrite(body, places[kind], size) if kind in places else body)
            for kind, body in _chunks(data)
        ]
    )


def add_icc(data: bytes, size: int) -> bytes:
    """A colour profile (`iCCP`) that unpacks to `size` zeroes."""
    chunks = _chunks(data)
    kinds = [kind for kind, _ in chunks]
    # What makes a PNG an animation stays before it, within reach of a sniff.
    after = kinds.index(b"acTL") + 1 if b"acTL" in kinds else 1
    return _png([*chunks[:after], (b"iCCP", b"bomb\0\0" + _zeroes(size)), *chunks[after:]])


def jpeg_size(data: bytes, width: int, height: int) -> bytes:
    """Another size in every JPEG frame header (SOF0) of a file, and in the AVI's own headers."""
    at = data.find(b"\xff\xc0\x00\x11\x08")
    while at >= 0:
        data = overwrite(data, at + 5, struct.pack(">HH", height, width))
        at = data.find(b"\xff\xc0\x00\x11\x08", at + 9)
    data = overwrite(data, 32 + 32, struct.pack("<II", width, height))
    return overwrite(data, data.index(b"strf") + 12, struct.pack("<II", width, height))


def vp8_size(data: bytes, width: int, height: int) -> bytes:
    """Another size in every VP8 key frame (RFC 6386, section 9.1)."""
    at = data.find(b"\x9d\x01\x2a")
    while at >= 0:
        data = overwrite(data, at + 3, struct.pack("<HH", width, height))
        at = data.find(b"\x9d\x01\x2a", at + 7)
    return data


def avi_rate(data: bytes, scale: int, rate: int) -> bytes:
    """Another frame rate, rate / scale, of an AVI's first stream."""
    return overwrite(data, data.index(b"strh") + 8 + 20, struct.pack("<II", scale, rate))


def grow_cluster(data: bytes) -> bytes:
    """The first Matroska cluster claims 2^56 - 2 bytes."""
    at = data.index(b"\x1f\x43\xb6\x75") + 4
    return data[:at] + b"\x01\xff\xff\xff\xff\xff\xff\xfe" + data[at + 8 :]


def deep_ebml(depth: int) -> bytes:
    """A Matroska file of tags in tags (SimpleTag may nest), each of unknown size."""
    head = bytes.fromhex("1a45dfa3 8b 4282 88 6d6174726f736b61")
    segment, tags, tag, nested = "18538067", "1254c367", "7373", "67c8"
    unknown = "01ffffffffffffff"
    return head + bytes.fromhex(
        f"{segment}{unknown}{tags}{unknown}{tag}{unknown}" + f"{nested}{unknown}" * depth
    )


def ts_noise(packets: int, seed: int) -> bytes:
    """Transport packets whose only sense is their sync byte."""
    body = noise(187 * packets, seed)
    return b"".join(b"\x47" + body[187 * at : 187 * at + 187] for at in range(packets))


def ts_tables(packets: int) -> bytes:
    """Programme association tables (ISO/IEC 13818-1, 2.4.4.3), a new programme in each; no checksum right."""
    found = []
    for number in range(packets):
        table = struct.pack(">BHHBBB", 0, 0xB00D, number & 0xFFFF, 0xC1, 0, 0)
        table += struct.pack(">HH", number & 0xFFFF, 0xE000 | (number % 0x1F00 + 32))
        found.append((b"\x47\x40\x00\x10\x00" + table).ljust(188, b"\xff"))
    return b"".join(found)


def ps_noise(packets: int, seed: int) -> bytes:
    """Packs and video packets of a program stream around noise."""
    body = noise(100 * packets, seed)
    pack = bytes.fromhex("000001ba 4400040004010003f8")
    return b"".join(pack + b"\0\0\x01\xe0\x00\x64" + body[100 * at : 100 * at + 100] for at in range(packets))


def mp3_noise(frames: int, seed: int) -> bytes:
    """MPEG-1 layer III headers, 128 kb/s at 44.1 kHz, around noise."""
    body = noise(413 * frames, seed)
    return b"".join(b"\xff\xfb\x90\x00" + body[413 * at : 413 * at + 413] for at in range(frames))


def h264_noise(units: int, seed: int) -> bytes:
    """H.264 start codes and unit types around noise."""
    body = noise(64 * units, seed)
    kinds = (0x67, 0x68, 0x65, 0x41)
    return b"".join(
        b"\0\0\0\x01" + bytes([kinds[at % 4]]) + body[64 * at : 64 * at + 64].replace(b"\0\0", b"\x01\x01")
        for at in range(units)
    )
