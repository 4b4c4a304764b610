"""Seeded damage: `mutate` is a pure function, so a number from a failing run is the whole bug report."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Callable

from tests.media.samples import boxes
from tests.media.samples.containers import NEW, OLD
from tests.media.samples.rates import PLAIN, PLAIN_MOOV_LAST
from tests.media.samples.recipes import Recipe, edit
from tests.media.samples.sample import Ended, Sample
from tests.media.samples.timing import FRAGMENTS

Change = Callable[[bytearray, random.Random], bytes | bytearray]


def mutate(seed_file: bytes, number: int) -> bytes:
    """Damage number `number` of this file: always the same bytes, never the file itself."""
    digest = hashlib.sha256(seed_file).hexdigest()
    for attempt in range(100):
        dice = random.Random(f"{digest} {number} {attempt}")
        change = _CHANGES[number % len(_CHANGES)] if len(seed_file) >= 64 else _flip_bits
        damaged = bytes(change(bytearray(seed_file), dice))
        if damaged != seed_file:
            return damaged
    raise ValueError("this file cannot be damaged")


def _span(size: int, dice: random.Random, share: float) -> tuple[int, int]:
    """A range of at most `share` of the file, anywhere."""
    length = dice.randint(1, max(1, int(size * share)))
    start = dice.randrange(max(1, size - length))
    return start, start + length


def _flip_bits(data: bytearray, dice: random.Random) -> bytearray:
    for _ in range(dice.choice((1, 1, 3, 10, 100))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return data


def _flip_header_bits(data: bytearray, dice: random.Random) -> bytearray:
    """In the first kilobyte, where the structure is densest."""
    for _ in range(dice.choice((1, 2, 5))):
        data[dice.randrange(min(1024, len(data)))] ^= 1 << dice.randrange(8)
    return data


def _extreme_numbers(data: bytearray, dice: random.Random) -> bytearray:
    """Integers at the edges, over whatever is there."""
    values = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    for _ in range(dice.choice((1, 1, 2, 8))):
        raw = struct.pack(dice.choice((">I", "<I")), dice.choice(values))
        at = dice.randrange(max(1, len(data) - 4))
        data[at : at + 4] = raw
    return data


def _zero_range(data: bytearray, dice: random.Random) -> bytearray:
    start, end = _span(len(data), dice, 0.3)
    data[start:end] = bytes(end - start)
    return data


def _noise_range(data: bytearray, dice: random.Random) -> bytearray:
    start, end = _span(len(data), dice, 0.1)
    data[start:end] = dice.randbytes(end - start)
    return data


def _cut_range(data: bytearray, dice: random.Random) -> bytearray:
    start, end = _span(len(data), dice, 0.2)
    del data[start:end]
    return data


def _repeat_range(data: bytearray, dice: random.Random) -> bytearray:
    start, end = _span(len(data), dice, 0.2)
    data[end:end] = data[start:end]
    return data


def _insert_noise(data: bytearray, dice: random.Random) -> bytearray:
    at = dice.randrange(len(data))
    data[at:at] = dice.randbytes(dice.choice((1, 2, 3, 7, 188, 4096)))
    return data


def _swap_ranges(data: bytearray, dice: random.Random) -> bytearray:
    length = dice.randint(1, max(1, len(data) // 8))
    first, second = sorted(dice.randrange(max(1, len(data) - length)) for _ in range(2))
    data[first : first + length], data[second : second + length] = (
        data[second : second + length],
        data[first : first + length],
    )
    return data


def _truncate(data: bytearray, dice: random.Random) -> bytearray:
    return data[: dice.randrange(1, len(data))]


def _drop_head(data: bytearray, dice: random.Random) -> bytearray:
    return data[dice.randrange(1, len(data)) :]


def _halves(data: bytearray, dice: random.Random) -> bytearray:
    """The two halves in the wrong order, or one of them twice."""
    middle = len(data) // 2
    first, second = data[:middle], data[middle:]
    return dice.choice((second + first, first + first, second + second))


def _with_boxes(change: Callable[[bytes, boxes.Box, random.Random], bytes]) -> Change:
    """A change of one box, for files that have boxes; a cut of a range for others."""

    def apply(data: bytearray, dice: random.Random) -> bytes | bytearray:
        found = list(boxes.boxes(bytes(data)))
        if len(found) < 3:
            return _cut_range(data, dice)
        return change(bytes(data), dice.choice(found), dice)

    return apply


def _cut_box(data: bytes, box: boxes.Box, dice: random.Random) -> bytes:
    """Without the box; its parents' sizes follow or do not."""
    gone = data[: box.start] + data[box.end :]
    if dice.random() < 0.5:
        return gone
    for parent in box.parents:
        size = parent.end - parent.start - (box.end - box.start)
        gone = boxes.overwrite(gone, parent.start, struct.pack(">I", size))
    return gone


def _rename_box(data: bytes, box: boxes.Box, dice: random.Random) -> bytes:
    names = (b"free", b"moov", b"trak", b"mdat", b"moof", b"stsd", b"\0\0\0\0", dice.randbytes(4))
    return boxes.overwrite(data, box.start + 4, dice.choice(names))


def _resize_box(data: bytes, box: boxes.Box, dice: random.Random) -> bytes:
    size = box.end - box.start
    sizes = (0, 1, 7, 8, size - 1, size + 1, size * 2, 0x7FFFFFFF, 0xFFFFFFFF)
    return boxes.overwrite(data, box.start, struct.pack(">I", dice.choice(sizes)))


def _repeat_box(data: bytes, box: boxes.Box, dice: random.Random) -> bytes:
    return data[: box.end] + data[box.start : box.end] * dice.choice((1, 2, 20)) + data[box.end :]


def _spoil_box(data: bytes, box: boxes.Box, dice: random.Random) -> bytes:
    """Four bytes at the start of the payload, where versions, flags and counts are."""
    if box.end - box.body < 4:
        return boxes.overwrite(data, box.start + 4, b"spoi")
    at = box.body + 4 * dice.randrange(min(4, (box.end - box.body) // 4))
    return boxes.overwrite(data, at, struct.pack(">I", dice.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF))))


_CHANGES: tuple[Change, ...] = (
    _flip_bits,
    _with_boxes(_cut_box),
    _zero_range,
    _with_boxes(_resize_box),
    _extreme_numbers,
    _truncate,
    _with_boxes(_spoil_box),
    _cut_range,
    _flip_header_bits,
    _with_boxes(_rename_box),
    _noise_range,
    _swap_ranges,
    _with_boxes(_repeat_box),
    _repeat_range,
    _insert_noise,
    _drop_head,
    _halves,
)


def _made(name: str) -> Recipe:
    return next(sample.make for sample in (*NEW, *OLD, *FRAGMENTS) if sample.name == name)


SEEDS: dict[str, Recipe] = {
    "mp4": PLAIN,
    "mp4_moov_last": PLAIN_MOOV_LAST,
    "mp4_fragmented": _made("fragmented"),
    "mov_prores": _made("prores"),
    "mkv": _made("mkv"),
    "webm": _made("webm_vp9"),
    "avi": _made("avi_mpeg4_b_frames"),
    "ts": _made("mpeg_ts"),
    "mpg": _made("mpeg_ps"),
    "flv": _made("flv_h264"),
    "ogv": _made("ogv"),
    "wmv": _made("wmv"),
    "gif": _made("gif"),
}
"""Name -> a valid file, of every container that is much used."""


def mutations(per_seed: int = 20, first: int = 0) -> tuple[Sample, ...]:
    """`per_seed` damaged versions of each seed, numbered from `first`. `make soak` asks for thousands."""
    return tuple(
        Sample(
            f"mutation_{name}_{number}",
            "mutations",
            f"damaged.{name.partition('_')[0]}",
            edit(recipe, mutate, number),
            Ended(),
            f"mutate({name}, {number})",
        )
        for name, recipe in SEEDS.items()
        for number in range(first, first + per_seed)
    )
