"""Byte ranges against RFC 9110, section 14."""

from __future__ import annotations

import email
from contextlib import suppress
from email import policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from playhead.delivery.ranges import MAX_RANGES, Span, framed, requested
from playhead.model.errors import PlayheadError

SIZE = 10_000


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        # The examples of section 14.1.2, for an object of 10,000 bytes.
        ("bytes=0-499", [(0, 500)]),
        ("bytes=500-999", [(500, 500)]),
        ("bytes=-500", [(9500, 500)]),
        ("bytes=9500-", [(9500, 500)]),
        ("bytes=0-0,-1", [(0, 1), (9999, 1)]),
        ("bytes=0-999,4500-5499,-1000", [(0, 1000), (4500, 1000), (9000, 1000)]),
        # Cut to the object.
        ("bytes=0-", [(0, SIZE)]),
        ("bytes=9999-10000", [(9999, 1)]),
        ("bytes=0-99999999999999999999999", [(0, SIZE)]),
        ("bytes=-99999999999999999999999", [(0, SIZE)]),
        ("bytes=0000000000000000000000001-2", [(1, 2)]),
        (f"bytes={'0' * 5000}1-2", [(1, 2)]),
        # Those that lie beyond are left out while another one remains.
        ("bytes=0-1,20000-30000", [(0, 2)]),
        ("bytes=20000-,-5", [(9995, 5)]),
        ("bytes=-0,3-4", [(3, 2)]),
        # The order asked for stays; neighbours do not overlap; space and empty elements are allowed.
        ("bytes=50-59,0-9", [(50, 10), (0, 10)]),
        ("bytes=0-9,10-19", [(0, 10), (10, 10)]),
        ("bytes= 0-1 ,, 4-5 ,", [(0, 2), (4, 2)]),
        ("BYTES=1-2", [(1, 2)]),
        ("bytes=0-0,2-2,4-4,6-6,8-8", [(0, 1), (2, 1), (4, 1), (6, 1), (8, 1)]),
    ],
)
def test_satisfiable(header: str, spans: list[tuple[int, int]]) -> None:
    assert requested(header, SIZE) == [Span(*span) for span in spans]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=5-2",
        "bytes=0-1,5-2",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=0x1-0x2",
        "bytes=١-٢",
        "bytes=1_0-2_0",
        "bytes:0-1",
        "items=0-1",
        "seconds=1-2",
        "none",
        # More than five, and any overlap.
        "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(MAX_RANGES + 1)),
        "bytes=0-9,9-10",
        "bytes=0-,0-",
        "bytes=-5,9999-",
        "bytes=0-9999,5-6",
        "bytes=" + "0-," * 1000,
        "bytes=" + "-1," * 100_000,
    ],
)
def test_answered_with_the_whole_object(header: str | None) -> None:
    assert requested(header, SIZE) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=10000-", SIZE),
        ("bytes=10000-10001,20000-", SIZE),
        ("bytes=-0", SIZE),
        ("bytes=99999999999999999999-", SIZE),
        ("bytes=0-", 0),
        ("bytes=-5", 0),
    ],
)
def test_beyond_the_end(header: str, size: int) -> None:
    with pytest.raises(PlayheadError) as caught:
        requested(header, size)
    assert caught.value.code == "range_not_satisfiable"
    assert str(size) in caught.value.detail


positions = some.one_of(some.none(), some.integers(0, 60))


@given(some.lists(some.tuples(positions, positions), min_size=1, max_size=8), some.integers(0, 50))
@example([(None, None)], 10)
def test_whatever_is_asked_no_byte_is_sent_twice_or_made_up(
    asked: list[tuple[int | None, int | None]], size: int
) -> None:
    def spelled(position: int | None) -> str:
        return "" if position is None else str(position)

    def positions_of(first: int | None, last: int | None) -> set[int]:
        if first is None:
            return set(range(max(0, size - (last or 0)), size))
        return set(range(first, size if last is None else min(last + 1, size)))

    header = "bytes=" + ",".join(f"{spelled(first)}-{spelled(last)}" for first, last in asked)
    try:
        spans = requested(header, size)
    except PlayheadError:
        assert not any(positions_of(*each) for each in asked)
        return
    if spans is None:
        return
    sent = [position for span in spans for position in range(span.start, span.end)]
    assert len(sent) == len(set(sent))
    assert set(sent) == set().union(*(positions_of(*each) for each in asked))
    assert all(span.length > 0 for span in spans)


@given(some.text(max_size=60))
def test_any_header_has_an_answer(header: str) -> None:
    with suppress(PlayheadError):
        spans = requested("bytes=" + header, SIZE)
        assert spans is None or sum(span.length for span in spans) <= SIZE


def test_several_spans_are_framed_as_a_mime_message() -> None:
    data = bytes(range(256)) * 2
    spans = [Span(0, 3), Span(500, 12), Span(10, 1)]
    parts = framed(spans, len(data), "video/mp4", "b0undary")
    body = b"".join(head + data[span.start : span.end] for head, span in zip(parts.heads, spans, strict=True))
    body += parts.tail
    assert len(body) == parts.length
    assert body.startswith(b"--b0undary\r\n")

    message = email.message_from_bytes(
        f"Content-Type: {parts.content_type}\r\n\r\n".encode() + body, policy=policy.HTTP
    )
    read = list(message.iter_parts())
    assert [part["Content-Range"] for part in read] == [span.content_range(512) for span in spans]
    assert {part.get_content_type() for part in read} == {"video/mp4"}
    assert "bytes 500-511/512" in [part["Content-Range"] for part in read]
