"""The shelf: indexes of stored MP4s, read once and kept while they are in use.

Objects are immutable, so an index never grows stale; the least recently used go when the shelf is full.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from playhead.media.mp4 import Movie, read_movie
from playhead.model.errors import PlayheadError
from playhead.packaging import Lane, lane_of_track
from playhead.packaging.source import SourceView, view
from playhead.storage.port import Storage

T = TypeVar("T")
PLACES = 256
"""Indexes kept. A 2 h film's takes about 8 MB, a piece's a few kB."""


@dataclass(frozen=True)
class _Stored:
    """A stored object as the index reader wants it."""

    storage: Storage
    key: str
    size: int

    async def read(self, start: int, length: int) -> bytes:
        return await self.storage.read(self.key, start, length)


class Shelf:
    """Indexes by object key. Everyone who asks for one that is just being read waits for that reading."""

    def __init__(self, storage: Storage, places: int = PLACES) -> None:
        self._storage = storage
        self._places = places
        self._kept: OrderedDict[tuple[str, str], asyncio.Future[Any]] = OrderedDict()

    async def movie(self, key: str, size: int | None = None) -> Movie:
        """The index of a stored MP4.

        Raises:
            PlayheadError: `source_missing`, `corrupt_file`, and as `read_movie` says.
        """
        return await self._once(("movie", key), lambda: self._read(key, size))

    async def source(self, key: str, size: int) -> SourceView:
        """What of a source players can be given as it is; a file that is no MP4 has its reason too."""
        return await self._once(("source", key), lambda: self._judge(key, size))

    async def video(self, key: str, lead: int) -> Lane:
        """The pictures of a finished rendition."""
        return await self._once((f"video {lead}", key), lambda: self._lane(key, lead))

    async def sound(self, key: str) -> Lane | None:
        """The sound of a finished rendition or of the sound's own piece."""
        return await self._once(("sound", key), lambda: self._sound(key))

    async def derived(self, name: str, key: str, make: Callable[[], T]) -> T:
        """Anything else worth keeping that follows from one object."""

        async def made() -> T:
            return make()

        return await self._once((name, key), made)

    async def _once(self, place: tuple[str, str], make: Callable[[], Awaitable[T]]) -> T:
        future = self._kept.get(place)
        if future is None:
            future = asyncio.ensure_future(make())
            self._kept[place] = future
            while len(self._kept) > self._places:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        try:
            # Shielded: that one who waits goes away does not take it from the others.
            result: T = await asyncio.shield(future)
        except PlayheadError:
            self._kept.pop(place, None)
            raise
        return result

    async def _read(self, key: str, size: int | None) -> Movie:
        whole = await self._storage.size(key) if size is None else size
        return await read_movie(_Stored(self._storage, key, whole))

    async def _judge(self, key: str, size: int) -> SourceView:
        try:
            movie = await self._read(key, size)
        except PlayheadError as error:
            if error.kind.status >= 500:
                raise
            return SourceView((error.detail or error.kind.sentence,))
        return await asyncio.to_thread(view, movie)

    async def _lane(self, key: str, lead: int) -> Lane:
        video = (await self.movie(key)).video
        if video is None:
            raise PlayheadError("output_invalid")
        return replace(lane_of_track(video), lead=lead)

    async def _sound(self, key: str) -> Lane | None:
        track = next((await self.movie(key)).of_kind("audio"), None)
        return None if track is None else lane_of_track(track)
