"""Reads the index of an AVI file by ranged reads: the pieces of OpenDML's (`ix##`), else the old one (`idx1`).

An index may leave chunks out, and then every frame behind them has another time than its number says. So it is
held against the file: chunks that it lists must lie one behind the other from the beginning to the end, and
what lies between two of them must be known to hold no frame. That takes no read but at the gaps, which are few.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import compress, islice, repeat
from operator import add, and_, lt, sub

from playhead.media.avi.chunks import HEADER, corrupt, u16, u32, u64, whole, words
from playhead.media.avi.streams import Described, Stream, described
from playhead.media.window import Bytes

HEADER_LIMIT = 4 << 20
"""The largest description of streams that is read, in bytes."""
ROW_LIMIT = 6_000_000
"""Chunks of all streams together that are listed, some 600 MB while they are; ten hours have two to four millions."""
PLACE_LIMIT = 16_384
"""Pieces that the indexes of all streams may be in: writers make one per gigabyte, or per minute."""
TOP_LIMIT = 1000
"""Chunks at the top of a file that are stepped over."""
STEP_LIMIT = 20_000
"""Chunks between frames that are stepped over. Where every frame is wrapped up (`rec `), ffprobe is not slower."""

ROW, PIECE_ROW = 16, 8
"""Bytes of a chunk in the old index, and in a piece of OpenDML's."""
_KEY, _NO_KEY = 0x10, 0x80000000
"""The flag of a key frame in the old index, and of all others in OpenDML's sizes."""
_SUFFIXES = {"video": (b"dc", b"db"), "audio": (b"wb",), "other": ()}
_OPENED = frozenset({b"movi", b"rec ", b"AVIX"})
"""Lists, by their forms, whose chunks lie open among all others."""


@dataclass(frozen=True)
class AviIndex:
    """What a file's own index says."""

    streams: tuple[Stream, ...]
    """In file order, as ffmpeg numbers them."""


@dataclass(frozen=True)
class _Top:
    """What lies at the top of a file."""

    streams: tuple[Described, ...]
    movi: int
    """Where the form of the list of all chunks lies: what the old index counts from."""
    end: int
    """Where that list ends."""


@dataclass(frozen=True)
class _Chunks:
    """The chunks of one stream."""

    sizes: array[int]
    keys: bytes
    """Not 0 where decoding can start."""


@dataclass(frozen=True)
class _Listed:
    """All chunks that an index lists."""

    streams: list[_Chunks]
    starts: array[int]
    """Where they lie, counted from `base`: those of all streams, in the order of the index."""
    sizes: array[int]
    base: int = 0


async def read_avi(source: Bytes) -> AviIndex | None:
    """The index of a stored AVI file; None where it has none, or one that does not tell of the whole file.

    Raises:
        PlayheadError: `corrupt_file`; and what `source.read` raises.
    """
    top = await _top(source)
    if any(each.kind == "other" or not each.scale or not each.rate or each.start for each in top.streams):
        return None
    listed: _Listed | None
    if any(each.places for each in top.streams):
        if _rows_in_pieces(top.streams, source.size) > ROW_LIMIT:
            return None
        listed = await _pieces(source, top.streams)
    else:
        listed = await _old(source, top)
    if listed is None or not listed.sizes or not await _is_whole(source, top.movi + 4, listed):
        return None
    return AviIndex(tuple(map(_stream, top.streams, listed.streams)))


async def _top(source: Bytes) -> _Top:
    if (await source.read(0, 4)) != b"RIFF":
        raise corrupt("it does not begin as one")
    at, streams = 12, None
    for _ in range(TOP_LIMIT):
        head = await source.read(at, 12) if at + 12 <= source.size else b""
        if len(head) < 12:
            break
        kind, size, form = head[:4], u32(head, 4), head[8:]
        if kind == b"LIST" and form == b"hdrl" and streams is None:
            if size > HEADER_LIMIT or size < 4:
                raise corrupt("its header is too large")
            streams = described(memoryview(await source.read(at + 12, size - 4)))
        elif kind == b"LIST" and form == b"movi":
            if streams is None:
                break
            return _Top(streams, at + HEADER, at + whole(size))
        at += whole(size)
    raise corrupt("there is no film in it")


def _rows_in_pieces(streams: Sequence[Described], size: int) -> int:
    """How many chunks the pieces of all indexes have room for.

    They lie in the file and none in another, so that what is listed is never more than the file has bytes for it.
    """
    places = sorted(place for each in streams for place in each.places or ())
    if len(places) > PLACE_LIMIT:
        raise corrupt("its index is in too many pieces")
    end = 0
    for place in places:
        if place.at < end:
            raise corrupt("two pieces of its index lie in the same place")
        end = place.at + place.size
    if end > size:
        raise corrupt("its index points out of the file")
    return sum(place.size for place in places) // PIECE_ROW


async def _pieces(source: Bytes, streams: Sequence[Described]) -> _Listed:
    """All chunks by the pieces of each stream's index (OpenDML, section 3.2)."""
    listed = _Listed([], array("Q"), array("I"))
    for number, told in enumerate(streams):
        sizes, keys = array("I"), bytearray()
        for place in told.places or ():
            piece = memoryview(await source.read(place.at, place.size + HEADER))
            if (u16(piece, 8), *piece[10:12]) != (2, 0, 1) or piece[16:20] not in _names(number, told):
                raise corrupt("a piece of its index is of an unknown kind")
            rows, base = u32(piece, 12), u64(piece, 20)
            if not HEADER <= base <= source.size:
                raise corrupt("its index points out of the file")
            table = words(piece[32:], 2 * rows)
            # To the frame itself, in front of which lies its header.
            listed.starts.extend(map(add, table[0::2], repeat(base - HEADER)))
            keys += bytes(map(lt, table[1::2], repeat(_NO_KEY)))
            sizes.extend(map(and_, table[1::2], repeat(_NO_KEY - 1)))
        listed.streams.append(_Chunks(sizes, bytes(keys)))
        listed.sizes.extend(sizes)
    return listed


async def _old(source: Bytes, top: _Top) -> _Listed | None:
    """The chunks of all streams by the index behind them; None when there is none, or it lists something else.

    None either when it lists too many of them.
    """
    table = await _old_table(source, top.end)
    rows = words(table, len(table) // ROW * 4)
    digits, flags = table[1::ROW], table[4::ROW]
    names = [{u32(name, 0) for name in _names(number, each)} for number, each in enumerate(top.streams)]
    if not rows or len(names) > 10 or not set(rows[0::4]) <= set().union(*names):
        return None
    starts, sizes, streams = rows[2::4], rows[3::4], []
    for number in range(len(names)):
        own = digits.translate(bytes(each == ord("0") + number for each in range(256)))
        keys = bytes(compress(flags, own)).translate(bytes(each & _KEY for each in range(256)))
        streams.append(_Chunks(array("I", compress(sizes, own)), keys))
    # From the list's form on, or from the file's beginning: whoever wrote it.
    return _Listed(streams, starts, sizes, top.movi if starts[0] < top.movi else 0)


async def _old_table(source: Bytes, at: int) -> bytes:
    """Rows of four numbers for each chunk: its name, flags, where it lies and its size."""
    for _ in range(TOP_LIMIT):
        head = await source.read(at, HEADER) if at + HEADER <= source.size else b""
        if len(head) < HEADER:
            break
        size = u32(head, 4)
        if head[:4] == b"idx1":
            if size > ROW_LIMIT * ROW:
                break
            return await source.read(at + HEADER, size)
        at += whole(size)
    return b""


def _names(number: int, stream: Described) -> list[bytes]:
    """How the chunks of a stream are called."""
    return [b"%02d" % number + suffix for suffix in _SUFFIXES[stream.kind]]


async def _is_whole(source: Bytes, begin: int, listed: _Listed) -> bool:
    """Whether nothing that a reader would take for a frame lies in the file but what is listed.

    `begin` is where the first chunk may lie.
    """
    gaps = _gaps(listed, begin - HEADER - listed.base, source.size - listed.base)
    if len(gaps) > STEP_LIMIT:
        return False
    left = STEP_LIMIT
    for behind, before in gaps:
        end = listed.base + behind + HEADER
        left = await _left_behind(source, end + end % 2, listed.base + before, left)
        if not left:
            return False
    return True


def _gaps(listed: _Listed, begin: int, end: int) -> list[tuple[int, int]]:
    """Where what is listed does not lie one behind the other between two places: end of one chunk, start of the next.

    That is, with a header between them and the byte that may make it even, in which no other frame has room. No more
    are told than are stepped over, and one.
    """
    starts, sizes = listed.starts, listed.sizes
    if _in_file_order(listed):
        return [(begin, starts[0]), (starts[-1] + sizes[-1], end)]
    # They do so if each that begins has all ends but its own behind it: in their order, that is.
    # Arrays, which are a fifth of the lists that sorting makes.
    behind = array("q", (begin,))
    behind.extend(sorted(map(add, starts, sizes)))
    before = array("q", sorted(starts))
    before.append(end)
    steps = enumerate(map(sub, before, behind))
    unusual = (number for number, step in steps if not HEADER <= step <= HEADER + 1)
    return [(behind[number], before[number]) for number in islice(unusual, STEP_LIMIT + 1)]


def _in_file_order(listed: _Listed) -> bool:
    """Whether each chunk lies right behind the one that is listed before it, as most old indexes have it."""
    try:
        steps = bytes(map(sub, islice(listed.starts, 1, None), map(add, listed.starts, listed.sizes)))
    except ValueError:
        return False  # some lie further apart, or before one another
    return not steps.translate(None, bytes((HEADER, HEADER + 1)))


async def _left_behind(source: Bytes, at: int, upto: int, left: int) -> int:
    """What is left of so many steps behind a stretch between two frames; none when there may be a frame in it."""
    while left and upto - at >= HEADER:
        head = await source.read(at, 12)
        if head[:4] in (b"LIST", b"RIFF") and head[8:] in _OPENED:
            at += 12
        elif head[:4] in (b"JUNK", b"idx1") or head[:2] == b"ix":
            at += whole(u32(head, 4))
        else:
            return 0
        left -= 1
    return left if at == upto else 0


def _stream(told: Described, listed: _Chunks) -> Stream:
    return Stream(
        kind=told.kind,
        tick=Fraction(told.scale, told.rate),
        sizes=listed.sizes,
        keys=listed.keys,
        sample_size=told.sample_size,
        block_align=told.block_align,
    )
