"""Blunt changes of whole files: what broken transfers, disks and programs do to them."""

from __future__ import annotations

import random


def join(*parts: bytes) -> bytes:
    """The files one after the other."""
    return b"".join(parts)


def keep(data: bytes, share: float) -> bytes:
    """The first `share` (0 to 1) of the file: an upload or a copy that stopped."""
    return data[: int(len(data) * share)]


def drop_last(data: bytes, count: int) -> bytes:
    """Without its last `count` bytes."""
    return data[:-count]


def noise(size: int, seed: int) -> bytes:
    """`size` bytes that mean nothing, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def zeroes(size: int) -> bytes:
    """`size` zero bytes."""
    return bytes(size)


def append_noise(data: bytes, size: int, seed: int) -> bytes:
    """Noise after the end."""
    return data + noise(size, seed)


def append_zeroes(data: bytes, size: int) -> bytes:
    """Zeroes after the end, as some file systems leave."""
    return data + bytes(size)


def prepend_noise(data: bytes, size: int, seed: int) -> bytes:
    """Noise before the beginning."""
    return noise(size, seed) + data


def zero(data: bytes, start: float, end: float) -> bytes:
    """Zeroes between two shares of the file: a sparse hole, as interrupted downloads leave."""
    first, last = int(len(data) * start), int(len(data) * end)
    return data[:first] + bytes(last - first) + data[last:]


def swap(data: bytes, old: bytes, new: bytes) -> bytes:
    """Every `old` as `new`, of the same length so that nothing moves."""
    if len(old) != len(new) or old not in data:
        raise ValueError(f"cannot swap {old!r} for {new!r}")
    return data.replace(old, new)


def with_rpus(stream: bytes, payload: bytes) -> bytes:
    """An HEVC byte stream (ITU-T H.265, annex B) with a NAL unit of Dolby Vision metadata behind every picture.

    Its type is 62; what is in it only decoders of Dolby Vision read. Each picture must be one slice.
    """
    made = []
    for unit in stream.split(b"\x00\x00\x01")[1:]:
        # The zero byte before the next start code is that one's.
        body = unit[:-1] if unit.endswith(b"\x00") else unit
        made.append(b"\x00\x00\x00\x01" + body)
        if body[0] >> 1 & 63 < 32:
            made.append(b"\x00\x00\x00\x01\x7c\x01" + payload)
    return b"".join(made)
