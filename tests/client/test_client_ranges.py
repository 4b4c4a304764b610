"""What is sent of a file to ask about it: its beginning and its index, never its media, and never too much."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playhead.client.ranges import HEAD, MOST, MOST_RANGES, telling


def box(kind: bytes, size: int) -> bytes:
    return size.to_bytes(4, "big") + kind + bytes(size - 8)


class _Long:
    """A file that is mostly holes: boxes by kind and size, of which only the headers are there."""

    def __init__(self, *boxes: tuple[bytes, int]) -> None:
        self.headers: dict[int, bytes] = {}
        self.places: dict[bytes, list[tuple[int, int]]] = {}
        self.size = 0
        for kind, size in boxes:
            large = size >= 1 << 32
            self.headers[self.size] = (
                (b"\0\0\0\1" + kind + size.to_bytes(8, "big")) if large else size.to_bytes(4, "big") + kind
            )
            self.places.setdefault(kind, []).append((self.size, size))
            self.size += size

    def read(self, start: int, length: int) -> bytes:
        return self.headers.get(start, b"").ljust(min(length, self.size - start), b"\0")


def test_a_small_file_is_sent_whole() -> None:
    data = box(b"ftyp", 24) + box(b"moov", 500) + box(b"mdat", 3000)
    assert telling(lambda start, length: data[start : start + length], len(data)) == [(0, len(data))]


def test_an_index_behind_the_media_is_sent_whole() -> None:
    film = _Long((b"ftyp", 32), (b"mdat", 5 << 30), (b"moov", 2 << 20), (b"free", 100_000))
    [moov] = film.places[b"moov"]

    ranges = telling(film.read, film.size)

    assert ranges[0] == (0, HEAD)
    assert ranges[1] == (moov[0], moov[1] + 16)  # and the header of what follows
    assert len(ranges) == 2


def test_an_index_in_front_is_sent_whole_however_long() -> None:
    film = _Long((b"ftyp", 32), (b"moov", 3 << 20), (b"mdat", 1 << 30))
    assert telling(film.read, film.size) == [(0, 32 + (3 << 20) + 16)]


def test_fragments_are_sent_without_their_media() -> None:
    film = _Long((b"ftyp", 32), (b"moov", 1000), *[(b"moof", 600), (b"mdat", 1 << 20)] * 50)
    ranges = telling(film.read, film.size)
    assert sum(length for _, length in ranges) < HEAD + 51 * 1000
    for start, length in film.places[b"moof"]:
        assert any(at <= start and start + length <= at + count for at, count in ranges)


def test_what_would_be_too_much_ends_it() -> None:
    film = _Long((b"ftyp", 32), (b"mdat", 1 << 30), (b"moov", MOST))
    assert telling(film.read, film.size) == [(0, HEAD), (32 + (1 << 30), 0)][:1]
    many = _Long(*[(b"moof", 16), (b"mdat", 1 << 20)] * (MOST_RANGES + 10))
    assert len(telling(many.read, many.size)) == MOST_RANGES


@given(st.binary(max_size=400), st.integers(0, 1 << 24))
def test_any_file_gives_ranges_within_it(start: bytes, more: int) -> None:
    data = start + bytes(min(more, 3 << 20))
    ranges = telling(lambda at, length: data[at : at + length], len(data))
    assert ranges[0] == (0, min(len(data), HEAD)) or ranges[0][1] > HEAD
    assert sum(length for _, length in ranges) <= MOST
    assert all(at + length < following for (at, length), (following, _) in pairwise(ranges))
    assert all(at >= 0 and at + length <= len(data) for at, length in ranges)
