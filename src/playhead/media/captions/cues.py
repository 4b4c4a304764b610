"""A cue, and how many and how long cues may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice

MOST_BYTES = 8 * 1024 * 1024
"""Of a file of captions: ten times that of the longest films, styles included."""
MOST_CUES = 50_000
"""A cue a second, for fourteen hours."""
MOST_TEXT = 2_000
"""Characters of a cue, markup left out; what is longer is cut off."""
MOST_LINES = 12
"""Lines of a cue; what is below is left out."""
MOST_AT_ONCE = 16
"""Cues shown at one moment: a player lays out each of them anew, whenever one comes or goes."""
LAST_MOMENT = 100 * 3_600_000 - 1
"""Milliseconds: the last time that WebVTT spells with two digits of hours."""


@dataclass(frozen=True)
class Cue:
    """Words shown for a while."""

    start: int
    """In milliseconds since the film's beginning."""
    end: int
    text: str
    """WebVTT cue text (section 4.2.2) that was written here: escaped, its tags closed, no empty lines."""
    settings: str = ""
    """WebVTT cue settings (section 4.4) that were checked, parted by blanks."""


def bounded(cues: Iterable[Cue]) -> Iterator[Cue]:
    """The cues as they may be shown: in order, within the limits of this module, none of them empty."""
    shown: list[int] = []
    timely = (cue for cue in cues if cue.text and 0 <= cue.start < cue.end <= LAST_MOMENT)
    for cue in sorted(islice(timely, MOST_CUES), key=lambda cue: cue.start):
        while shown and shown[0] <= cue.start:
            heappop(shown)
        if len(shown) < MOST_AT_ONCE:
            heappush(shown, cue.end)
            yield cue
