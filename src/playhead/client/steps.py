"""Sending a file as a conversation, with no I/O: a flow yields what to ask and is told the answers.

Both clients lead the same flows, one with plain calls and one with awaited ones. What a flow yields is a `Step`, to
be carried out and answered with an `Answer` (or thrown a `PlayheadConnectionError`), or a `Pause`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from playhead.client import calls
from playhead.client.errors import PlayheadAPIError, PlayheadConnectionError
from playhead.client.parts import Range
from playhead.client.patience import pause_after

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """One request. None carries the API key: the upload's URL is the permission."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Range = b""
    """The bytes themselves, or which of the file's they are."""


@dataclass(frozen=True)
class Pause:
    """Nothing is to be done for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def error(self) -> PlayheadAPIError:
        """The answer as an error."""
        return calls.problem(self.status, self.headers, self.content)


Flow = Generator[Step | Pause, Answer | None, T]
Patience = Callable[[], Iterator[float]]
"""Makes the pauses between the attempts at one thing."""


def once(step: Step) -> Flow[Answer]:
    """One request and its answer, whatever it is."""
    answer = yield step
    assert answer is not None  # a step is always answered
    return answer


def asked(step: Step, patience: Patience, *, also: frozenset[int] = frozenset()) -> Flow[Answer]:
    """A request that may be sent again, and its good answer. `also` are statuses that pass here, besides the usual.

    Raises:
        PlayheadClientError: why there is none.
    """
    pauses = patience()
    while True:
        error: PlayheadAPIError | PlayheadConnectionError
        try:
            answer = yield from once(step)
        except PlayheadConnectionError as broken:
            error = broken
        else:
            if answer.status < 400:
                return answer
            error = answer.error
        yield Pause(pause_after(error, pauses, also))
