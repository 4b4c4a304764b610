"""The table of what upload URLs speak: which protocol answers which request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import Urls
from playhead.upload.content_range import ContentRange
from playhead.upload.form import Form
from playhead.upload.grants import Caller
from playhead.upload.put import Put
from playhead.upload.request import Protocol, Subject
from playhead.upload.sessions import Uploads
from playhead.upload.tus import Tus
from playhead.upload.tus_concat import Concatenation
from playhead.upload.tus_creation import TusCreation
from playhead.upload.tus_partials import Partials


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
    """What one upload's URL speaks; the first route that fits a request answers it."""
    tus = Tus(uploads)
    return (
        Route("PUT", ContentRange(uploads).take, header="content-range"),
        Route("PUT", Put(uploads).take),
        Route("HEAD", tus.head),
        Route("PATCH", tus.patch),
        Route("DELETE", tus.end),
        Route("POST", Form(uploads).take),
    )


def of_partial(uploads: Uploads, urls: Urls) -> tuple[Route[UUID], ...]:
    """What the URL of a partial speaks."""
    partials = Partials(uploads, urls)
    return (
        Route("HEAD", partials.head),
        Route("PATCH", partials.patch),
        Route("DELETE", partials.end),
    )


def of_caller(uploads: Uploads, urls: Urls, signer: Signer, below: str = "") -> tuple[Route[Caller], ...]:
    """What whoever may create uploads can do at `below`."""
    concatenation = Concatenation(uploads, urls, signer)
    creation = TusCreation(uploads, urls, Partials(uploads, urls), concatenation)
    return (Route("POST", creation.create, below=below),)


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
