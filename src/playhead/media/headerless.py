"""Recognises streams without a file header by the rhythm of their sync words.

Each function takes the first bytes of a file and works in a few milliseconds whatever is in them: candidates
are counted, never tried without end.
"""

from __future__ import annotations

from collections.abc import Callable

# How many places are tried as the first frame; real files have at most a little junk before it.
_MOST_CANDIDATES = 300
_TS_STRIDES = (188, 192, 204)
"""Plain packets; with a time code before each (M2TS); with error correction after each (DVB)."""
_TS_PACKETS = 5

_MP3_RATES = {  # kbit/s by (MPEG 1 or not, layer), from the index in the header
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_FREQUENCIES = (44100, 48000, 32000)


def is_transport_stream(head: bytes) -> bool:
    """Whether MPEG-TS packets follow one another, from anywhere in the first stride or after some junk."""
    for stride in _TS_STRIDES:
        for offset in range(stride):
            column = head[offset::stride]
            found = column.find(b"\x47" * _TS_PACKETS)
            if found < 0:
                continue
            first = offset + found * stride
            packets = range(first, first + _TS_PACKETS * stride, stride)
            # Every packet carries an adaptation field, a payload or both: plain text full of "G" does not.
            if all(at + 3 < len(head) and head[at + 3] & 0x30 for at in packets):
                return True
    return False


def is_program_stream(head: bytes) -> bool:
    """Whether an MPEG-PS pack header (13818-1, 2.5.3.3, or MPEG-1's) is there with a packet behind.

    It may stand anywhere: recordings are cut wherever the disk was full.
    """
    at = head.find(b"\x00\x00\x01\xba")
    for _ in range(_MOST_CANDIDATES):
        if at < 0 or at + 14 > len(head):
            return False
        if head[at + 4] & 0xC4 == 0x44:
            end = at + 14 + (head[at + 13] & 7)
        else:
            end = at + 12 if head[at + 4] & 0xF1 == 0x21 else len(head)
        if head[end : end + 3] == b"\x00\x00\x01":
            return True
        at = head.find(b"\x00\x00\x01\xba", at + 4)
    return False


def elementary_video(head: bytes) -> str | None:
    """Return the ffmpeg demuxer for a raw video stream, by what its first start code introduces."""
    at = _after_zeros(head, b"\x00\x00\x01")
    if at is None or len(head) < at + 4:
        return None
    first, second = head[at], head[at + 1]
    if first == 0xB3 and (head[at + 3] & 0x0F) <= 8:  # sequence header, with a legal frame rate code
        return "mpegvideo"
    if first in (0xB0, 0xB5) or (first <= 0x1F and head[at + 1 :].find(b"\x00\x00\x01\x20", 0, 64) >= 0):
        return "m4v"  # MPEG-4 part 2: visual object sequence, visual object, or a bare video object layer
    if first in (0x40, 0x42, 0x46) and second == 0x01:  # VPS, SPS or access unit delimiter, layer 0
        return "hevc"
    if first & 0x80 == 0 and (first & 0x1F == 9 or (first & 0x1F == 7 and first & 0x60)):
        return "h264"  # access unit delimiter, or a sequence parameter set
    return None


def headerless_audio(head: bytes) -> str | None:
    """Return the ffmpeg demuxer for MP3, ADTS AAC, AC-3 or E-AC-3 when three frames in a row say so."""
    forms: tuple[tuple[str, bytes, Callable[[bytes], int]], ...] = (
        ("aac", b"\xff", _adts_length),
        ("mp3", b"\xff", _mp3_length),
        ("ac3", b"\x0b\x77", _ac3_length),
        ("eac3", b"\x0b\x77", _eac3_length),
    )
    for demuxer, sync, length_of in forms:
        at = head.find(sync)
        for _ in range(_MOST_CANDIDATES):
            if at < 0:
                break
            if _frames_follow(head, at, length_of):
                return demuxer
            at = head.find(sync, at + 1)
    return None


def _after_zeros(head: bytes, code: bytes) -> int | None:
    """Return where the bytes after a start code begin when only zeros stand before it, else None."""
    at = head.find(code)
    return at + len(code) if at >= 0 and not head[:at].strip(b"\x00") else None


def _frames_follow(head: bytes, at: int, length_of: Callable[[bytes], int]) -> bool:
    for _ in range(3):
        length = length_of(head[at : at + 8])
        if length <= 0:
            return False
        at += length
    return at <= len(head) + 8  # the third frame may end the file, or be cut by what we were given


def _mp3_length(frame: bytes) -> int:
    """Return the length of an MPEG audio frame (11172-3, 2.4.1.3) from its header; 0 for none."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return 0
    version, layer = frame[1] >> 3 & 3, 4 - (frame[1] >> 1 & 3)
    rate, frequency, padding = frame[2] >> 4, frame[2] >> 2 & 3, frame[2] >> 1 & 1
    if version == 1 or layer == 4 or rate in (0, 15) or frequency == 3:
        return 0
    bits = _MP3_RATES[version == 3, layer][rate - 1] * 1000
    hertz = _MP3_FREQUENCIES[frequency] >> {3: 0, 2: 1, 0: 2}[version]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    samples_per_8 = 72 if layer == 3 and version != 3 else 144
    return samples_per_8 * bits // hertz + padding


def _adts_length(frame: bytes) -> int:
    """Return the length of an ADTS frame (13818-7, 6.2); 0 for none."""
    if len(frame) < 6 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0 or frame[2] >> 2 & 15 > 12:
        return 0
    length = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
    return length if length >= 7 else 0


def _ac3_length(frame: bytes) -> int:
    """Return the length of an AC-3 frame (A/52, 5.3) in bytes; 0 for none."""
    if len(frame) < 6 or frame[:2] != b"\x0b\x77" or frame[5] >> 3 > 10:
        return 0
    frequency, code = frame[4] >> 6, frame[4] & 0x3F
    if frequency == 3 or code > 37:
        return 0
    kbits = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)[
        code >> 1
    ]
    if frequency == 1:  # 44.1 kHz does not divide: every other code is a word longer
        return (kbits * 320 // 147 + (code & 1)) * 2
    return kbits * (4 if frequency == 0 else 6)


def _eac3_length(frame: bytes) -> int:
    """Return the length of an E-AC-3 frame (A/52 annex E) in bytes; 0 for none."""
    if len(frame) < 6 or frame[:2] != b"\x0b\x77" or not 11 <= frame[5] >> 3 <= 16:
        return 0
    return ((frame[2] & 7) << 8 | frame[3]) * 2 + 2
