"""The sample tables of `stbl` (ISO/IEC 14496-12, sections 8.6 and 8.7) read into `Samples`.

The tables may disagree in a damaged file. Sizes and chunks decide how many samples there are and must
agree; durations and composition offsets that are too short or too long are stretched or cut, as players do.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate, chain, repeat
from operator import lt, mul, sub

from playhead.media.mp4.boxes import (
    Parts,
    corrupt,
    long_words,
    signed_words,
    u32,
    words,
)
from playhead.media.mp4.samples import NO_SAMPLES, Runs, Samples

TIME_LIMIT = 1 << 60
"""No sum of durations or offset into a file goes beyond this, so 64-bit arithmetic never overflows."""
SAMPLE_ENTRY_LIMIT = 1_000
"""Sample entries one track may have; real files have one, seldom two."""


def read_samples(stbl: Parts, entry_count: int, file_size: int) -> Samples:
    """The samples that a sample table box describes.

    Raises:
        PlayheadError: `corrupt_file` when tables are missing, cut off, or contradict each other.
    """
    count, constant_size, size_table = _sizes(stbl)
    if not count:
        return NO_SAMPLES
    if constant_size * count > file_size:
        raise corrupt("its samples would be larger than the file")
    firsts, offsets, entries, longest = _chunks(stbl, count, entry_count)
    return Samples(
        count=count,
        durations=_durations(stbl, count),
        chunk_firsts=firsts,
        chunk_offsets=offsets,
        chunk_entries=entries,
        size_table=size_table,
        constant_size=constant_size,
        composition=_composition(stbl, count),
        sync=_sync(stbl, count),
        longest_chunk=longest,
    )


def _sizes(stbl: Parts) -> tuple[int, int, array[int]]:
    """The number of samples, their constant size or 0, and else the table of sizes."""
    stsz = stbl.get(b"stsz")
    if stsz is not None:
        constant, count = u32(stsz, 4), u32(stsz, 8)
        return count, constant, array("I") if constant else words(stsz, 12, count)
    stz2 = stbl.require(b"stz2")
    bits, count = u32(stz2, 4) & 0xFF, u32(stz2, 8)
    if bits not in (4, 8, 16) or (count * bits + 7) // 8 > len(stz2) - 12:
        raise corrupt("the compact size table is cut off")
    packed = bytes(stz2[12 : 12 + (count * bits + 7) // 8])
    if bits == 16:
        sizes = [high << 8 | low for high, low in zip(packed[::2], packed[1::2], strict=True)]
    elif bits == 8:
        sizes = list(packed)
    else:
        sizes = list(chain.from_iterable((byte >> 4, byte & 15) for byte in packed))[:count]
    return count, 0, array("I", sizes)


def _durations(stbl: Parts, count: int) -> Runs:
    stts = stbl.require(b"stts")
    table = words(stts, 8, u32(stts, 4) * 2)
    runs = fit_runs(Runs(table[0::2], table[1::2]), count)
    if sum(map(mul, runs.counts, runs.values)) > TIME_LIMIT:
        raise corrupt("its durations add up to more than any clock can tell")
    return runs


def _composition(stbl: Parts, count: int) -> Runs | None:
    ctts = stbl.get(b"ctts")
    if ctts is None:
        return None
    entries = u32(ctts, 4)
    counts = words(ctts, 8, entries * 2)[0::2]
    # Version 0 is unsigned on paper, but QuickTime wrote negative numbers into it: signed reads both.
    values = signed_words(ctts, 8, entries * 2)[1::2]
    if not any(values):
        return None
    return fit_runs(Runs(counts, values), count, filler=0)


def fit_runs(runs: Runs, count: int, filler: int | None = None) -> Runs:
    """The same runs cut or stretched to cover exactly `count` samples (by `filler`, else the last value)."""
    total = sum(runs.counts)
    if total == count:
        return runs
    counts, values = runs.counts[:], runs.values[:]
    if total < count:
        counts.append(count - total)
        values.append(filler if filler is not None else values[-1] if values else 0)
        return Runs(counts, values)
    covered = array("Q", accumulate(counts))
    last = bisect_left(covered, count)
    counts[last] -= covered[last] - count
    return Runs(counts[: last + 1], values[: last + 1])


def _sync(stbl: Parts, count: int) -> array[int] | None:
    stss = stbl.get(b"stss")
    if stss is None:
        return None
    numbers = words(stss, 8, u32(stss, 4))
    if not _rising(numbers):
        raise corrupt("its sync samples are not in order")
    if numbers and (numbers[0] < 1 or numbers[-1] > count):
        raise corrupt("its sync table names samples that do not exist")
    return None if len(numbers) == count else array("I", map(sub, numbers, repeat(1)))


def _chunks(stbl: Parts, count: int, entry_count: int) -> tuple[array[int], array[int], array[int], int]:
    """First sample, file offset and sample entry of each chunk that holds samples; most samples of one."""
    offsets = _chunk_offsets(stbl)
    stsc = stbl.require(b"stsc")
    rows = words(stsc, 8, u32(stsc, 4) * 3)
    starts, lengths, entries = rows[0::3], rows[1::3], rows[2::3]
    if not rows or starts[0] != 1:
        raise corrupt("its chunk table is not in order")
    # Rows may speak of chunks that have no offset, billions of them in a damaged file: those hold nothing.
    if starts[-1] > len(offsets):
        if not _rising(starts):
            raise corrupt("its chunk table is not in order")
        known = bisect_right(starts, len(offsets))
        starts, lengths, entries = starts[:known], lengths[:known], entries[:known]
    repeats = _repeats(starts, len(offsets) + 1)
    firsts = _running(Runs(repeats, lengths).expanded())
    used = bisect_left(firsts, count)
    if used == len(firsts) or used > len(offsets):
        raise corrupt("its chunks hold fewer samples than its size table")
    if entries == array("I", (1,)) * len(entries):
        numbers = array("H", (0,)) * used
    elif not 1 <= min(entries) <= max(entries) <= entry_count <= SAMPLE_ENTRY_LIMIT:
        raise corrupt("a chunk uses a sample entry that does not exist")
    else:
        numbers = array("H", map(sub, Runs(repeats, entries).expanded(), repeat(1)))[:used]
    return array("I", firsts[:used]), offsets[:used], numbers, min(count, max(lengths))


def _repeats(starts: array[int], stop: int) -> array[int]:
    """For how many chunks each row of the chunk table holds."""
    try:
        repeats = array("I", map(sub, chain(starts[1:], (stop,)), starts))
    except OverflowError:  # one begins before the one before it
        raise corrupt("its chunk table is not in order") from None
    if not all(repeats):
        raise corrupt("its chunk table is not in order")
    return repeats


def _running(lengths: array[int]) -> array[int]:
    """The sum of all lengths before each, and of all; in 32 bits where they do."""
    try:
        return array("I", accumulate(lengths, initial=0))
    except OverflowError:
        return array("Q", accumulate(lengths, initial=0))


def _rising(numbers: array[int]) -> bool:
    return all(map(lt, numbers, numbers[1:]))


def _chunk_offsets(stbl: Parts) -> array[int]:
    co64 = stbl.get(b"co64")
    if co64 is None:
        stco = stbl.require(b"stco")
        return words(stco, 8, u32(stco, 4))
    offsets = long_words(co64, 8, u32(co64, 4))
    if offsets and max(offsets) > TIME_LIMIT:
        raise corrupt("a chunk lies beyond any file")
    return offsets
