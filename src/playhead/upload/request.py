"""One request on the data plane, as the protocols get to see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from playhead.upload.body import Body
from playhead.upload.reply import Reply

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Request(Generic[Subject]):
    """A request that has been let in."""

    subject: Subject
    """What its URL or key opens: the id of an upload, or a caller who may create some."""
    method: str
    """As the client means it: `X-HTTP-Method-Override` counts."""
    path: str
    """What its URL has behind the token."""
    query: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Body


Protocol = Callable[[Request[Subject]], Awaitable[Reply]]
"""Answers one kind of request; raises `PlayheadError`, or `DisconnectedError` when the sender went away."""
