"""The Content-Range PUT protocol: a file in parts, in any order, each as often as the sender likes.

    PUT {url}, Content-Range: bytes 0-99/250     → 308, Range: bytes=0-99
    PUT {url}, Content-Range: bytes */250        → 308, Range: bytes=0-99     how much is there?
    PUT {url}, Content-Range: bytes 100-249/250  → 200, {"id", "size"}

`Range` tells the bytes that are there from the beginning without a gap; a sender goes on behind them. They are
on the disk when the answer says so. What is there stays as it came: sent again, it is passed over.
"""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

import msgspec

from playhead.model.errors import PlayheadError
from playhead.storage.arriving import Held
from playhead.upload.completing import complete_by_itself
from playhead.upload.part import Part, Question, parse
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads

REPEATS = 3
"""How often the same part behind a gap is answered with 308. Some senders repeat a part for as long as the
answer's Range ends before it (UpChunk, every second); they stop at a 409."""
_REMEMBERED = 10_000
"""Parts behind gaps whose repeats are counted."""
_EMPTY = 1024 * 1024
"""Bytes of a question's body that are read, though there should be none."""


class ContentRange:
    """The protocol on the uploads of a server."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._repeats: OrderedDict[tuple[UUID, int], int] = OrderedDict()

    async def take(self, request: Request[UUID]) -> Reply:
        """Take a part or answer a question.

        Raises:
            PlayheadError: `malformed_request`, `wrong_state` behind a gap, and as `Uploads.receive_part` and
                `complete_by_itself`.
            DisconnectedError: the sender went away; what came is kept.
        """
        upload_id = request.subject
        asked = parse(request.headers["content-range"])
        done = await self._uploads.completed(upload_id)
        if done is not None:  # the answer to the last part was lost, and its sender asks or sends it again
            await request.body.drain(_EMPTY if isinstance(asked, Question) else asked.stop - asked.start)
            return _whole(upload_id, done)
        if isinstance(asked, Question):
            await request.body.drain(_EMPTY)
            held = await self._uploads.standing(upload_id)
        else:
            held = await self._take(request, asked)
        if held is not None and held.whole:
            # Also for one who asks: told that it is whole, nobody comes back to hear that it is refused.
            await complete_by_itself(self._uploads, upload_id)
        return _standing(upload_id, held)

    async def _take(self, request: Request[UUID], part: Part) -> Held:
        upload_id, headers = request.subject, request.headers
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) != part.stop - part.start:
            raise PlayheadError("malformed_request", "Content-Length and Content-Range disagree.")
        held = await self._uploads.receive_part(
            upload_id, part, request.body.blocks(), content_type=headers.get("content-type")
        )
        if held.prefix < part.start:
            self._count(upload_id, part)
        return held

    def _count(self, upload_id: UUID, part: Part) -> None:
        place = upload_id, part.start
        count = self._repeats.pop(place, 0) + 1
        self._repeats[place] = count
        if len(self._repeats) > _REMEMBERED:
            self._repeats.popitem(last=False)
        if count > REPEATS:
            raise PlayheadError("wrong_state", "Bytes before this part are missing; send those first.")


def _standing(upload_id: UUID, held: Held | None) -> Reply:
    if held is not None and held.whole:
        return _whole(upload_id, held.size)
    if held is None or not held.prefix:
        return Reply(308)
    return Reply(308, headers={"range": f"bytes=0-{held.prefix - 1}"})


def _whole(upload_id: UUID, size: int) -> Reply:
    return Reply(200, msgspec.json.encode({"id": upload_id, "size": size}))
