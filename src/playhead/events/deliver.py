"""Delivering one event to one webhook: read what is owed, send it, write down how it went.

The request is made outside of any transaction. A worker that dies on the way leaves the delivery due, so that
it is made again: at least once, under the same `webhook-id`.
"""

from __future__ import annotations

from datetime import datetime

from playhead.events import hyperserve, standard
from playhead.events.message import Event, Message
from playhead.events.schedule import again_in
from playhead.events.sender import Outcome, Sender
from playhead.model.events import EventType, Format
from playhead.model.urls import Urls
from playhead.records import left_out, renditions, videos, webhooks
from playhead.records.database import Records, Row, Transaction


async def deliver(delivery_id: int, *, records: Records, urls: Urls, sender: Sender, now: datetime) -> None:
    """Make one attempt at a delivery that is due; do nothing about any other.

    Afterwards it is over, delivered or given up, or due again later, which the reconciler sees.
    """
    async with records.transaction() as tx:
        owed = await webhooks.delivery(tx, delivery_id)
        if owed is None:
            return
        event = await _event(tx, owed)
    message = _message(owed, event, urls, now)
    if message is None:
        # There is no telling it any more, and waiting will not change that.
        outcome, wait = Outcome(None, "There is nothing left to tell: the video was deleted."), None
    else:
        outcome = await sender.send(owed["url"], message)
        wait = None if outcome.delivered else again_in(owed["attempts"] + 1)
    async with records.transaction() as tx:
        await webhooks.settle(
            tx,
            delivery_id,
            delivered=outcome.delivered,
            again_in=wait,
            last_status=outcome.status,
            last_error=outcome.error,
        )


async def _event(tx: Transaction, owed: Row) -> Event:
    video_id = owed["video_id"]
    by_track = await renditions.images_of(tx, [video_id])
    return Event(
        number=owed["event_id"],
        type=EventType(owed["type"]),
        at=owed["created_at"],
        video_id=video_id,
        video=await videos.find(tx, video_id),
        renditions=(await renditions.of_videos(tx, [video_id]))[video_id],
        images={track: rows for (_, track), rows in by_track.items()},
        left_out=(await left_out.of_videos(tx, [video_id]))[video_id],
    )


def _message(owed: Row, event: Event, urls: Urls, now: datetime) -> Message | None:
    if owed["format"] == Format.HYPERSERVE:
        return hyperserve.message(event, owed["webhook_name"], owed["secret"], urls, now)
    return standard.message(event, owed["secret"], urls, now)
