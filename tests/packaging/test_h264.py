"""What a parameter set of H.264 says is read soon, whatever a stranger wrote into it."""

from __future__ import annotations

import time

import pytest

from playhead.packaging.h264 import Sequence, sequence_of

LONGEST = 65_535
"""Bytes: the length of a parameter set stands in two of them."""
CPU_SECONDS = 0.05
"""The first of these took 1.5 s; a file has a parameter set for each track."""


def parameters(bits: str) -> bytes:
    """An `avcC` payload with one parameter set that begins with these bits, and then has ones to the end."""
    bits += "1" * (-len(bits) % 8)
    unit = b"\x67\x42\x00\x1e" + int("1" + bits, 2).to_bytes(len(bits) // 8 + 1, "big")[1:]
    unit += b"\xff" * (LONGEST - len(unit))
    return b"\x01\x42\x00\x1e\xff\xe1" + len(unit).to_bytes(2, "big") + unit


@pytest.mark.parametrize(
    "bits",
    [
        pytest.param("0" * 260_000, id="a number of a quarter of a million bits"),
        pytest.param("11" + "010" + "111" + "0" * 19 + "1" * 20, id="a million offsets in a cycle"),
    ],
)
def test_numbers_that_no_field_may_hold_end_it(bits: str) -> None:
    begun = time.process_time()
    assert sequence_of(parameters(bits)) is None
    assert time.process_time() - begun < CPU_SECONDS


def test_those_that_it_may_hold_do_not() -> None:
    assert sequence_of(parameters("11" + "010" + "111" + "00000001" + "0000000" + "1")) == Sequence(
        66, 30, width=16, height=16, aspect=(65535, 65535), colours=(255, 255, 255), reorder=0
    )
