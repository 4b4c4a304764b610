"""The few facts of an H.264 sequence parameter set that decide whether every player can show it."""

from __future__ import annotations

from dataclasses import dataclass

_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose parameter sets tell chroma format and bit depth (ITU-T H.264, section 7.3.2.1.1)."""


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
        for _ in range(bits.golomb()):
            bits.golomb()
    bits.golomb()  # max_num_ref_frames
    bits.take(1)
    bits.golomb()  # width
    bits.golomb()  # height
    return Sequence(profile, level, chroma, depth, interlaced=not bits.take(1))


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
    """Reads bits from the most significant on; IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """An unsigned Exp-Golomb code (section 9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)
