"""Captions that are sent apart from their video: read, spelled anew, stored, and known in one transaction."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from uuid import UUID

from playhead.media.captions import read, write
from playhead.model import languages
from playhead.model.errors import PlayheadError
from playhead.records import captions, objects, videos
from playhead.records.database import Records
from playhead.storage import keys
from playhead.storage.port import Storage

MOST_TITLE = 80
"""Characters of what a menu calls them."""
TRIES = 3
"""A video that ends while captions are stored has unfinished things swept: then they are stored once more."""


@dataclass(frozen=True)
class Captions:
    """What sending and deleting captions works with."""

    records: Records
    storage: Storage

    async def put(
        self, video_id: UUID, project_id: UUID, language: str, content: bytes, title: str | None
    ) -> None:
        """Make these the video's captions in that language, in place of any that are there.

        Raises:
            PlayheadError: `not_found`, `invalid_request`, `captions_invalid`, or a failure of storage.
        """
        tag = _tag(language)
        if title is not None and (not title.isprintable() or not 0 < len(title.strip()) <= MOST_TITLE):
            raise PlayheadError(
                "invalid_request", f"A title has 1 to {MOST_TITLE} characters.", field="title"
            )
        async with self.records.transaction() as tx:
            await videos.get(tx, video_id, project_id=project_id)
        cues = await asyncio.to_thread(read, content)
        body = write(cues)
        for _ in range(TRIES):
            if await self._store(video_id, project_id, tag, title, body, len(cues)):
                return
        raise PlayheadError("wrong_state", "The video is just ending its processing. Send them again.")

    async def remove(self, video_id: UUID, project_id: UUID, language: str) -> None:
        """Delete the video's captions in that language, whoever they are from.

        Raises:
            PlayheadError: `not_found`, `invalid_request`.
        """
        async with self.records.transaction() as tx:
            video = await videos.get(tx, video_id, project_id=project_id, lock=True)
            if not await captions.remove(tx, video_id, _tag(language)):
                raise PlayheadError("not_found", "The video has no captions in that language.")
            # It may have been these that it waited for.
            await videos.settle(tx, video)

    async def _store(
        self, video_id: UUID, project_id: UUID, tag: str, title: str | None, body: bytes, cues: int
    ) -> bool:
        """False when what was stored has been swept before it was known."""
        name = keys.captions(video_id, tag, secrets.token_hex(4))
        async with self.records.transaction() as tx:
            await objects.reserve(tx, project_id, video_id, {name.key: name.slot})
        await self.storage.put(name.key, body)
        async with self.records.transaction() as tx:
            video = await videos.find(tx, video_id, lock=True)
            if video is None:
                await objects.doom(tx, [name.key])
                raise PlayheadError("not_found", "There is no such video.")
            if not await objects.is_reserved(tx, name.key):
                return False
            if not await captions.put(tx, video, tag, title=title, key=name.key, cues=cues):
                await objects.doom(tx, [name.key])
                raise PlayheadError(
                    "invalid_request", f"A video has at most {captions.MOST} captions.", field="language"
                )
            await videos.settle(tx, video)
        return True


def _tag(language: str) -> str:
    tag = languages.canonical(language)
    if tag is None:
        raise PlayheadError(
            "invalid_request", "The language must be a tag such as en, pt-BR or zh-Hans.", field="language"
        )
    return tag
