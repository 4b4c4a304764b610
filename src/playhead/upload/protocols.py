"""The table of what upload URLs speak: which protocol answers which request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.upload.content_range import ContentRange
from playhead.upload.put import Put
from playhead.upload.reply import Reply
from playhead.upload.request import Protocol, Request, Subject
from playhead.upload.sessions import Uploads


@dataclass(frozen=True)
class Route(Generic[Subject]):
    """Requests of one kind, and who answers them."""

    method: str
    protocol: Protocol[Subject]
    below: str = ""
    """What follows the token in the path, as a regular expression; a slash at the end is passed over."""
    header: str | None = None
    """Only requests with this header, by its lower-case name."""


def of_upload(uploads: Uploads) -> tuple[Route[UUID], ...]:
    """The protocols of one upload's URL; the first route that fits a request answers it."""

    async def end(request: Request[UUID]) -> Reply:
        await uploads.abandon(request.subject)
        return Reply(204)

    return (
        Route("PUT", ContentRange(uploads).take, header="content-range"),
        Route("PUT", Put(uploads).take),
        Route("DELETE", end),
    )


def choose(
    routes: Sequence[Route[Subject]], method: str, path: str, headers: Mapping[str, str]
) -> Protocol[Subject]:
    """Who answers a request.

    Raises:
        PlayheadError: `not_found` for a path that nothing lies at, `method_not_allowed`.
    """
    here = [route for route in routes if re.fullmatch(route.below, path.rstrip("/"))]
    if not here:
        raise PlayheadError("not_found")
    for route in here:
        if route.method == method and (route.header is None or route.header in headers):
            return route.protocol
    taken = dict.fromkeys(route.method for route in here)
    raise PlayheadError("method_not_allowed", f"This URL takes {', '.join(taken)}.")
