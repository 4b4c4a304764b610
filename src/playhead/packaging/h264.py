"""The few facts of an H.264 sequence parameter set that decide whether every player can show it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose parameter sets tell chroma format and bit depth (ITU-T H.264, section 7.3.2.1.1)."""

MOST_REORDERED = 16
"""Frames that a decoder ever holds back (section A.3.1)."""
MOST_OFFSETS = 255
"""In a cycle of picture order counts (section 7.4.2.1.1)."""
LONGEST_CODE = 32
"""Bits of the largest number that a field may hold (section 9.1)."""
_EXTENDED = 255
"""The number of an aspect ratio that is told in full (table E-1)."""
_SHAPES = "1:1 12:11 10:11 16:11 40:33 24:11 20:11 32:11 80:33 18:11 15:11 64:33 160:99 4:3 3:2 2:1"
_ASPECTS = {
    number: (int(shape.partition(":")[0]), int(shape.partition(":")[2]))
    for number, shape in enumerate(_SHAPES.split(), 1)
}


@dataclass(frozen=True)
class Sequence:
    """What a sequence parameter set says."""

    profile: int
    level: int
    """Ten times the level's number."""
    chroma_format: int = 1
    """1 is 4:2:0."""
    bit_depth: int = 8
    interlaced: bool = False
    width: int = 0
    """Pixels that are meant to be seen."""
    height: int = 0
    aspect: tuple[int, int] | None = None
    """Width to height of a pixel; None when it is not told."""
    colours: tuple[int, int, int] | None = None
    """Primaries, transfer and matrix by their numbers in ISO/IEC 23091-2; None when they are not told."""
    reorder: int | None = None
    """Frames that may be decoded before one that is shown before them; None when it is not told."""


def sequence_of(avcc: bytes) -> Sequence | None:
    """The first sequence parameter set of an `avcC` payload (ISO/IEC 14496-15 section 5.3.3.1).

    None when there is none, as in `avc3` files, or when it is cut off.
    """
    if len(avcc) < 8 or not avcc[5] & 31:
        return None
    length = int.from_bytes(avcc[6:8], "big")
    try:
        return _parsed(avcc[8 : 8 + length])
    except IndexError:
        return None


def _parsed(unit: bytes) -> Sequence:
    # 00 00 03 is 00 00 with a byte against false start codes.
    bits = _Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))
    profile, _, level = bits.take(8), bits.take(8), bits.take(8)
    bits.golomb()  # seq_parameter_set_id
    chroma, depth = 1, 8
    if profile in _WITH_CHROMA:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        depth = 8 + max(bits.golomb(), bits.golomb())
        bits.take(1)
        if bits.take(1):
            _skip_scaling(bits, 12 if chroma == 3 else 8)
    bits.golomb()  # log2_max_frame_num_minus4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(bits.golomb(MOST_OFFSETS)):
            bits.golomb()
    bits.golomb()  # max_num_ref_frames
    bits.take(1)
    across, down = 16 * (bits.golomb() + 1), 16 * (bits.golomb() + 1)
    frames_only = bits.take(1)
    if not frames_only:
        down *= 2
        bits.take(1)
    bits.take(1)  # direct_8x8_inference_flag
    if bits.take(1):
        # Cropping counts in units of a chroma sample (table 6-1), and of a line of each field.
        unit_x, unit_y = (1 if chroma in (0, 3) else 2), (2 if chroma == 1 else 1) * (2 - frames_only)
        across -= unit_x * (bits.golomb() + bits.golomb())
        down -= unit_y * (bits.golomb() + bits.golomb())
    aspect = colours = reorder = None
    with suppress(IndexError):  # what is beyond here is worth knowing, but nothing depends on it
        if bits.take(1):
            aspect, colours = _usability(bits)
            reorder = _reorder(bits)
    return Sequence(profile, level, chroma, depth, not frames_only, across, down, aspect, colours, reorder)


def _usability(bits: _Bits) -> tuple[tuple[int, int] | None, tuple[int, int, int] | None]:
    """The pixels' shape and the colours (section E.1.1)."""
    aspect = None
    if bits.take(1):
        number = bits.take(8)
        aspect = (bits.take(16), bits.take(16)) if number == _EXTENDED else _ASPECTS.get(number)
    if bits.take(1):
        bits.take(1)  # overscan_appropriate_flag
    colours = None
    if bits.take(1):
        bits.take(4)  # video_format and its range
        if bits.take(1):
            colours = bits.take(8), bits.take(8), bits.take(8)
    return aspect if aspect and all(aspect) else None, colours


def _reorder(bits: _Bits) -> int | None:
    """`max_num_reorder_frames`, from behind the colours (section E.1.1)."""
    if bits.take(1):  # where chroma lies
        bits.golomb()
        bits.golomb()
    if bits.take(1):  # timing
        bits.take(65)
    buffered = False
    for _ in range(2):
        if bits.take(1):
            _skip_buffer(bits)
            buffered = True
    if buffered:
        bits.take(1)  # low_delay_hrd_flag
    bits.take(1)  # pic_struct_present_flag
    if not bits.take(1):
        return None
    bits.take(1)  # motion_vectors_over_pic_boundaries_flag
    for _ in range(4):  # the largest pictures, macroblocks and vectors
        bits.golomb()
    reorder = bits.golomb()
    return reorder if reorder <= MOST_REORDERED else None


def _skip_buffer(bits: _Bits) -> None:
    """Parameters of a hypothetical decoder's buffer (section E.1.2)."""
    count = bits.golomb() + 1
    bits.take(8)
    for _ in range(min(count, 32)):
        bits.golomb()
        bits.golomb()
        bits.take(1)
    bits.take(20)


def _skip_scaling(bits: _Bits, lists: int) -> None:
    for number in range(lists):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if number < 6 else 64):
            if following:
                code = bits.golomb()
                following = (last + (-(code // 2) if code % 2 == 0 else (code + 1) // 2)) % 256
            last = following or last


class _Bits:
    """Reads bits from the most significant on; IndexError at the end, and for numbers that no field may hold."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self, most: int = (1 << LONGEST_CODE) - 1) -> int:
        """An unsigned Exp-Golomb code (section 9.1) of a number up to `most`."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > LONGEST_CODE:
                raise IndexError
        number = (1 << zeros) - 1 + self.take(zeros)
        if number > most:
            raise IndexError
        return number
