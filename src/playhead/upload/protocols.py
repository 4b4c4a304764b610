"""The table of what an upload's URL speaks: which protocol answers which request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playhead.model.errors import PlayheadError
from playhead.upload.content_range import ContentRange
from playhead.upload.put import Put
from playhead.upload.reply import Reply
from playhead.upload.request import Protocol, Request
from playhead.upload.sessions import Uploads


@dataclass(frozen=True)
class Route:
    """Requests of one method, and who answers them."""

    method: str
    protocol: Protocol
    header: str | None = None
    """Only requests with this header, by its lower-case name."""


def of_upload(uploads: Uploads) -> tuple[Route, ...]:
    """The protocols of one upload's URL; the first route that fits a request answers it."""

    async def end(request: Request) -> Reply:
        await uploads.abandon(request.upload_id)
        return Reply(204)

    return (
        Route("PUT", ContentRange(uploads).take, header="content-range"),
        Route("PUT", Put(uploads).take),
        Route("DELETE", end),
    )


def methods(routes: Sequence[Route]) -> list[str]:
    """The methods that are answered, each once, in the table's order."""
    return list(dict.fromkeys(route.method for route in routes))


def choose(routes: Sequence[Route], method: str, headers: Mapping[str, str]) -> Protocol:
    """Who answers a request.

    Raises:
        PlayheadError: `method_not_allowed`.
    """
    for route in routes:
        if route.method == method and (route.header is None or route.header in headers):
            return route.protocol
    raise PlayheadError("method_not_allowed", f"This URL takes {', '.join(methods(routes))}.")
