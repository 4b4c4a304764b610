"""One request on an upload's URL, as the protocols get to see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from playhead.upload.body import Body
from playhead.upload.reply import Reply


@dataclass(frozen=True)
class Request:
    """A request whose signature is good."""

    upload_id: UUID
    headers: Mapping[str, str]
    """By lower-case name."""
    body: Body


Protocol = Callable[[Request], Awaitable[Reply]]
"""Answers one kind of request; raises `PlayheadError`, or `DisconnectedError` when the sender went away."""
