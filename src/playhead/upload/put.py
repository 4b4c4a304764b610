"""The plain PUT protocol: one request, the whole file, on a signed URL."""

from __future__ import annotations

from uuid import UUID

import msgspec

from playhead.upload.completing import complete_by_itself
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads


class Put:
    """The protocol on the uploads of a server."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def take(self, request: Request[UUID]) -> Reply:
        """Take the file.

        Raises:
            PlayheadError: as `Uploads.receive`, and as `complete` for an upload that completes by itself.
            DisconnectedError: the sender went away.
        """
        length = request.headers.get("content-length", "")
        size = await self._uploads.receive(
            request.subject,
            request.body.blocks(),
            content_type=request.headers.get("content-type", ""),
            announced=int(length) if length.isdecimal() else None,
        )
        await complete_by_itself(self._uploads, request.subject)
        return Reply(200, msgspec.json.encode({"id": request.subject, "size": size}))
