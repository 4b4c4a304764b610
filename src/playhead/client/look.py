"""Asking what would become of a file: the ranges that tell, and those that the server asks for besides. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from playhead.client import calls
from playhead.client.body import Body
from playhead.client.calls import Call
from playhead.client.models import Preflight
from playhead.client.ranges import MOST, telling

_ROUNDS = 4
"""How often a server may ask for more."""


class Look:
    """One question, asked again with more as long as that is of use."""

    def __init__(self, body: Body, resolutions: Sequence[str] | None) -> None:
        if not body.repeatable:
            raise ValueError("This file cannot be rewound, so it cannot be looked at before it is sent.")
        self._body = body
        self._resolutions = resolutions
        self._ranges = {start: body.read(start, length) for start, length in telling(body.read, body.size)}
        self._left = _ROUNDS
        self._answer: Preflight | None = None
        self._more = True

    @property
    def next(self) -> Call[Preflight] | None:
        """What to ask now; None when there is an answer."""
        if not self._more:
            return None
        self._more = False
        return calls.preflight(self._body.named(), self._body.size, self._ranges, self._resolutions)

    @property
    def answer(self) -> Preflight:
        """The last word."""
        assert self._answer is not None  # asked for once `next` is None
        return self._answer

    def told(self, answer: Preflight) -> None:
        """Note an answer."""
        self._answer = answer
        self._left -= 1
        for wanted in answer.wanted if self._left > 0 else ():
            if sum(map(len, self._ranges.values())) + wanted.length <= MOST:
                self._ranges[wanted.start] = self._body.read(wanted.start, wanted.length)
                self._more = True
