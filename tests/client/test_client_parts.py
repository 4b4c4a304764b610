"""The order parts are sent in, and what is left of them after each kind of answer."""

from __future__ import annotations

import pytest

from playhead.client.errors import PlayheadConnectionError
from playhead.client.parts import Parts, playing_order


def box(kind: bytes, length: int) -> bytes:
    return length.to_bytes(4, "big") + kind + bytes(length - 8)


def large_box(kind: bytes, length: int) -> bytes:
    return (1).to_bytes(4, "big") + kind + length.to_bytes(8, "big") + bytes(length - 16)


FIRST = box(b"ftyp", 24) + box(b"moov", 500) + box(b"mdat", 9000)
LAST = box(b"ftyp", 24) + box(b"free", 8) + box(b"mdat", 9000) + box(b"moov", 500) + box(b"free", 30)


@pytest.mark.parametrize(
    ("data", "order"),
    [
        (FIRST, [(0, 9524)]),
        (LAST, [(0, 48), (9032, 9562), (48, 9032)]),
        (
            box(b"ftyp", 24) + large_box(b"mdat", 9000) + box(b"moov", 500),
            [(0, 40), (9024, 9524), (40, 9024)],
        ),
        (box(b"ftyp", 24) + box(b"mdat", 9000), [(0, 9024)]),
        # A box of no size reaches to the end; one that is too large, or too small, is damaged.
        (box(b"ftyp", 24) + bytes(4) + b"mdat" + bytes(100), [(0, 132)]),
        (LAST[:5000], [(0, 5000)]),
        (box(b"ftyp", 24) + b"\0\0\0\3mdat" + bytes(100), [(0, 132)]),
        (b"\x1aE\xdf\xa3" + bytes(100), [(0, 104)]),
        (b"abc", [(0, 3)]),
    ],
)
def test_the_index_goes_before_the_media(data: bytes, order: list[tuple[int, int]]) -> None:
    assert playing_order(lambda at, length: data[at : at + length], len(data)) == order
    assert sum(stop - start for start, stop in order) == len(data)


def test_answers_leave_what_is_missing() -> None:
    parts = Parts(100, [(0, 10), (80, 100), (10, 80)])
    assert parts.headers((80, 100), "video/mp4")["Content-Range"] == "bytes 80-99/100"
    assert parts.answered((0, 10), 308, {"Range": "bytes=0-9"})
    assert (parts.next, parts.sent) == ((80, 100), 10)
    assert parts.answered((80, 100), 308, {"Range": "bytes=0-9"})
    assert (parts.next, parts.sent) == ((10, 80), 30)
    assert parts.answered(None, 308, {"Range": "bytes=0-49"})
    assert (parts.next, parts.sent) == ((50, 80), 70)
    assert not parts.answered((50, 80), 503, {})
    assert parts.answered((50, 80), 200, {})
    assert (parts.next, parts.sent) == (None, 100)


def test_a_part_of_which_nothing_arrived_is_sent_again() -> None:
    parts = Parts(100, [(0, 100)])
    assert parts.answered(None, 308, {})
    assert parts.next == (0, 100)


def test_a_server_that_forgets_is_an_error_that_passes() -> None:
    parts = Parts(100, [(0, 10), (80, 100), (10, 80)])
    parts.answered((0, 10), 308, {"Range": "bytes=0-9"})
    parts.answered((80, 100), 308, {"Range": "bytes=0-9"})
    with pytest.raises(PlayheadConnectionError):
        parts.answered((10, 80), 308, {"Range": "bytes=0-79"})
    assert parts.next == (80, 100)
