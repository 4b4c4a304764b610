"""Which bytes there are, against a plain set of numbers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from playhead.storage.byteset import ByteSet

END = 40
ranges = st.tuples(st.integers(0, END), st.integers(0, END))


@given(st.lists(ranges, max_size=12), ranges)
def test_it_holds_what_a_set_of_numbers_holds(added: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    model: set[int] = set()
    held = ByteSet()
    for start, stop in added:
        held.add(start, stop)
        model |= set(range(start, stop))

    assert {number for start, stop in held for number in range(start, stop)} == model
    assert len(held) == len(model)
    # Sorted, and with a gap between any two: the journal of an upload must not grow with its parts.
    listed = list(held)
    assert all(start < stop for start, stop in listed)
    assert all(before[1] < after[0] for before, after in pairwise(listed))
    start, stop = asked
    assert held.covers(start, stop) == (set(range(start, stop)) <= model)
    missing = [number for first, last in held.missing(start, stop) for number in range(first, last)]
    assert missing == sorted(set(range(start, stop)) - model)
    run = start
    while run in model:
        run += 1
    assert held.run(start) == run
