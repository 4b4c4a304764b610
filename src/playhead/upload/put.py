"""The plain PUT protocol: one request, the whole file, on a signed URL."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from playhead.upload.body import Body
from playhead.upload.reply import Reply
from playhead.upload.sessions import Uploads


async def take(uploads: Uploads, upload_id: UUID, headers: Mapping[str, str], body: Body) -> Reply:
    """Take the file; `headers` are by lower-case name.

    Raises:
        PlayheadError: as `Uploads.receive`.
        DisconnectedError: the sender went away.
    """
    length = headers.get("content-length", "")
    size = await uploads.receive(
        upload_id,
        body.blocks(),
        content_type=headers.get("content-type"),
        announced=int(length) if length.isdecimal() else None,
    )
    return Reply(200, msgspec.json.encode({"id": upload_id, "size": size}))
