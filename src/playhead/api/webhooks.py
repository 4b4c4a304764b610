"""`/v1/webhooks`: who is told of events."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from playhead.api.access import id_of
from playhead.api.once import Once
from playhead.events.message import new_secret
from playhead.model.errors import PlayheadError
from playhead.model.events import TELLS, EventType, Format
from playhead.records import webhooks
from playhead.records.database import Records, Row, Transaction

RecordsGiven = NamedDependency[SkipValidation[Records]]


class CreateWebhook(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /v1/webhooks`."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    format: Format = Format.STANDARD
    events: Annotated[list[EventType], msgspec.Meta(min_length=1)] | None = None
    """Which events to tell of; all that the format can tell when left out."""


class WebhooksController(Controller):
    """Webhooks of the caller's project."""

    path = "/v1/webhooks"
    tags = ("Webhooks",)

    @post(status_code=201)
    async def create(
        self,
        data: JSONBody[CreateWebhook],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        once: NamedDependency[SkipValidation[Once]],
    ) -> dict[str, Any]:
        """Register a webhook. Its secret is in this answer and in no other."""
        name, url, events = _checked_name(data.name), _checked_url(data.url), _checked_events(data)

        async def create(tx: Transaction) -> dict[str, Any]:
            row = await webhooks.add(
                tx, project_id, name=name, url=url, format=data.format, wanted=events, secret=new_secret()
            )
            return {**_view(row), "secret": row["secret"]}

        async with records.transaction() as tx:
            return await once.create(tx, project_id, create)

    @get()
    async def page(self, project_id: NamedDependency[UUID], records: RecordsGiven) -> dict[str, Any]:
        """Webhooks, oldest first, without their secrets."""
        async with records.transaction() as tx:
            rows = await webhooks.list_of(tx, project_id)
        return {"data": [_view(row) for row in rows]}

    @delete("/{webhook_id:str}", status_code=204)
    async def remove(
        self, webhook_id: FromPath[str], project_id: NamedDependency[UUID], records: RecordsGiven
    ) -> None:
        """Delete a webhook; what it was still owed is not sent any more."""
        async with records.transaction() as tx:
            if not await webhooks.remove(tx, project_id, id_of(webhook_id)):
                raise PlayheadError("not_found", "There is no such webhook.")


def _view(row: Row) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "url": row["url"],
        "format": row["format"],
        "events": row["events"],
        "created_at": row["created_at"],
    }


def _checked_name(name: str) -> str:
    if not name.isprintable() or not name.strip():
        raise PlayheadError("invalid_request", "The name has characters that cannot be shown.", field="name")
    return name


def _checked_url(url: str) -> str:
    """The URL, if it is one that can be sent to; where it leads is judged when it is.

    Raises:
        PlayheadError: `invalid_request`.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or any(map(str.isspace, url)):
        raise PlayheadError(
            "invalid_request", "The URL must be http:// or https:// with a host.", field="url"
        )
    return url


def _checked_events(data: CreateWebhook) -> list[str] | None:
    if data.events is None:
        return None
    unheard = [event for event in data.events if event not in TELLS[data.format]]
    if unheard:
        raise PlayheadError(
            "invalid_request",
            f"The {data.format} format has no message for {unheard[0]}; "
            f"it has for {', '.join(sorted(TELLS[data.format]))}.",
            field="events",
        )
    return [str(event) for event in dict.fromkeys(data.events)]
