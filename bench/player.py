"""A player's first steps: from the multivariant playlist to the bytes of the first segment."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal
from urllib.parse import urljoin

from bench.traffic import Connection

LOOK_EVERY = 0.005
PATIENCE = 120.0
_BANDWIDTH = re.compile(r"[:,]BANDWIDTH=(\d+)")
_MAP = re.compile(r'#EXT-X-MAP:URI="([^"]+)"')

Taste = Literal["best", "smallest"]


@dataclass(frozen=True)
class FirstSegment:
    """What a player has when it can show its first picture."""

    playlist: str
    """The path of the variant that was played."""
    init: bytes
    media: bytes


def first_segment(connection: Connection, master: str, taste: Taste) -> FirstSegment:
    """Follow the playlists from the path of the multivariant one; what is not ready yet is asked for again.

    Raises:
        AssertionError: when it takes longer than `PATIENCE`, or a playlist is not one.
    """
    deadline = time.monotonic() + PATIENCE

    def fetch(path: str) -> bytes:
        while True:
            status, body = connection.read(path)
            if status == 200:
                return body
            assert status in (404, 503), f"{status} for {path}: {body[:300]!r}"
            assert time.monotonic() < deadline, f"still {status} for {path}: {body[:300]!r}"
            time.sleep(LOOK_EVERY)

    playlist = urljoin(master, _variant(fetch(master).decode(), taste))
    text = fetch(playlist).decode()
    init = _MAP.search(text)
    assert init is not None, text[:500]
    segment = next(line for line in text.splitlines() if line and not line.startswith("#"))
    return FirstSegment(playlist, fetch(urljoin(playlist, init[1])), fetch(urljoin(playlist, segment)))


def _variant(master: str, taste: Taste) -> str:
    lines = master.splitlines()
    found: list[tuple[int, str]] = []
    for line, following in pairwise(lines):
        if line.startswith("#EXT-X-STREAM-INF:") and (bandwidth := _BANDWIDTH.search(line)):
            found.append((int(bandwidth[1]), following))
    assert found, f"no variant in {master[:500]}"
    choose: Callable[[list[tuple[int, str]]], tuple[int, str]] = max if taste == "best" else min
    return choose(found)[1]
