"""The shelf: indexes of stored MP4s, read once and kept while they are in use, and what follows from them.

Objects are immutable, so nothing here grows stale; the least recently used go when the shelf is full.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from playhead.delivery.overheard import Overheard, judge_head
from playhead.media.matroska import read_matroska
from playhead.media.mp4 import (
    FIRST_TWO,
    Movie,
    UnknownIndexError,
    from_bytes,
    read_movie,
    with_keyframes_checked,
)
from playhead.media.window import Bytes
from playhead.model.errors import PlayheadError
from playhead.packaging import Lane, Limits, lane_of_track
from playhead.packaging.source import UNLIMITED, SourceView, view
from playhead.storage.port import Storage

T = TypeVar("T")

CAPACITY = 6_000_000
"""Samples whose indexes are kept: some 300 MB, which is 15 hours of film with sound, or hundreds of clips."""
SMALL = 500
"""What anything counts for at least, in samples."""


@dataclass(frozen=True)
class _Stored:
    """A stored object as the index reader wants it."""

    storage: Storage
    key: str
    size: int

    async def read(self, start: int, length: int) -> bytes:
        return await self.storage.read(self.key, start, length)


class Shelf:
    """Indexes by object key. Everyone who asks for one that is just being read waits for that reading.

    `limits` are for sources that nobody has judged yet.
    """

    def __init__(self, storage: Storage, limits: Limits = Limits(), capacity: int = CAPACITY) -> None:
        self._storage = storage
        self.limits = limits
        self._capacity = capacity
        self._kept: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()
        self._weights: dict[Hashable, int] = {}
        self._held = 0
        self._begun: set[asyncio.Future[Any]] = set()

    async def movie(self, key: str, size: int) -> Movie:
        """The index of a stored MP4.

        Raises:
            PlayheadError: `source_missing`, `corrupt_file`, and as `read_movie` says.
        """
        return await self.kept(("movie", key), lambda: self._read(key, size), _weight)

    async def source(self, key: str, size: int, *, judged: bool, index_key: str | None = None) -> SourceView:
        """What of a source players can be given as it is; a file that cannot has its reason too.

        `judged` says that it was found fit before: limits that were lowered since then do not count.
        `index_key` is where its index is stored, when the source itself holds none.
        """
        limits = UNLIMITED if judged else self.limits
        if judged and await self._found_fit(key):
            # What was fit within the limits is the same without them: not read again once it is planned.
            judged = False
        # The index is not kept by itself: the lanes share its tables.
        return await self.kept(
            ("source", key, judged),
            lambda: self._judge(key, size, index_key, limits),
            _view_samples,
        )

    def begin(self, key: str, size: int) -> None:
        """Begin to read the index of a source that has just come, for whoever plays it at once."""
        reading = asyncio.ensure_future(self.source(key, size, judged=False))
        self._begun.add(reading)
        reading.add_done_callback(self._ended)

    async def overhear(self, key: str, size: int, head: bytes) -> None:
        """Judge a source that is still coming, by its first bytes, which hold its index.

        Raises:
            PlayheadError: as `judge_head`; then it is read once it is there.
        """
        await self.kept(_heard(key), lambda: judge_head(head, size, self.limits), _heard_samples)

    def _ended(self, reading: asyncio.Future[Any]) -> None:
        self._begun.discard(reading)
        if not reading.cancelled():
            reading.exception()  # whoever plays it tries again, and is told

    async def _found_fit(self, key: str) -> bool:
        """Whether a source was read and found fit here, before it was planned; being read, it is waited for."""
        known = self._kept.get(("source", key, False))
        if known is None:
            return False
        await asyncio.wait({known})
        if known.cancelled() or known.exception() is not None:
            return False
        found: SourceView = known.result()
        return not found.reasons

    async def arriving(self, key: str, source: Bytes) -> SourceView:
        """The same of a source of which a part is there; where it was found, `source` finds it too.

        Raises:
            PlayheadError: whatever `source` raises, and `not_ready` while the index or the head of the second
                key frame, which tells an open GOP, is missing.
        """

        async def find() -> Movie:
            try:
                return await with_keyframes_checked(await read_movie(source), source, FIRST_TWO)
            except PlayheadError as error:
                # What looks damaged may only be missing: that is judged once all is there.
                raise PlayheadError("not_ready") from error

        return await self.arrived(key, find)

    async def arrived(self, key: str, find: Callable[[], Awaitable[Movie]]) -> SourceView:
        """The same of a source whose index the caller finds, if it was not found before."""

        async def judge() -> SourceView:
            return await asyncio.to_thread(view, await find(), self.limits)

        return await self.kept(("source", key, False), judge, _view_samples)

    async def video(self, key: str, size: int, lead: int) -> Lane:
        """The pictures of a finished rendition, whose media clock is to run `lead` ticks ahead."""
        return await self.kept(("video", key), lambda: self._video(key, size, lead), _samples)

    async def sound(self, key: str, size: int) -> Lane | None:
        """The sound of a finished rendition or of the sound's own piece."""
        return await self.kept(("sound", key), lambda: self._sound(key, size), _samples)

    async def derived(self, place: Hashable, make: Callable[[], T], weight: int = 0) -> T:
        """Anything else worth keeping that follows from immutable things alone; `place` names it."""

        async def made() -> T:
            return make()

        return await self.kept(place, made, lambda _: weight)

    async def kept(self, place: Hashable, make: Callable[[], Awaitable[T]], weigh: Callable[[T], int]) -> T:
        """What is kept at a place, made by whoever asks first; a failure is not kept."""
        future = self._kept.get(place)
        if future is None:
            future = asyncio.ensure_future(make())
            self._kept[place] = future
            future.add_done_callback(lambda done: self._settle(place, done, weigh))
        self._kept.move_to_end(place)
        # Shielded: that one who waits goes away does not take it from the others.
        result: T = await asyncio.shield(future)
        return result

    def reweigh(self, place: Hashable, weight: int) -> None:
        """Count what is kept at a place for so many samples from now on, because it has grown."""
        if place in self._weights:
            self._held += max(SMALL, weight) - self._weights[place]
            self._weights[place] = max(SMALL, weight)
            self._make_room()

    def _settle(self, place: Hashable, done: asyncio.Future[T], weigh: Callable[[T], int]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._kept.pop(place, None)
            return
        self._weights[place] = max(SMALL, weigh(done.result()))
        self._held += self._weights[place]
        self._make_room()

    def _make_room(self) -> None:
        while self._held > self._capacity:
            # What is just being read weighs nothing yet, and stays.
            self._forget(next(each for each in self._kept if each in self._weights))

    def _forget(self, place: Hashable) -> None:
        self._kept.pop(place, None)
        self._held -= self._weights.pop(place, 0)

    async def _read(self, key: str, size: int) -> Movie:
        return await read_movie(_Stored(self._storage, key, size))

    async def _judge(self, key: str, size: int, index_key: str | None, limits: Limits) -> SourceView:
        try:
            if index_key is not None:
                movie = await self._stored(key, size, index_key)
            elif limits is UNLIMITED:  # its key frames were looked at when it was judged
                movie = await self._read(key, size)
            else:
                source = _Stored(self._storage, key, size)
                heard = await self._overheard(key, source)
                read = await read_movie(source) if heard is None else heard.movie
                movie = await with_keyframes_checked(read, source)
                if heard is not None and movie is read:
                    return heard.view
        except PlayheadError as error:
            if error.kind.status >= 500:
                raise
            return SourceView((error.detail or error.kind.sentence,))
        return await asyncio.to_thread(view, movie, limits)

    async def _overheard(self, key: str, source: _Stored) -> Overheard | None:
        """What was made of a source's index while it came, if that is what it has become."""
        known = self._kept.get(_heard(key))
        if known is None:
            return None
        await asyncio.wait({known})
        self._forget(_heard(key))  # its tables live on in the lanes
        if known.cancelled() or known.exception() is not None:
            return None
        heard: Overheard = known.result()
        return heard if await heard.is_of(source) else None

    async def _stored(self, key: str, size: int, index_key: str) -> Movie:
        stored = await self._storage.read(index_key, 0, await self._storage.size(index_key))
        try:
            return await asyncio.to_thread(from_bytes, stored)
        except UnknownIndexError:  # written by another release
            return (await read_matroska(_Stored(self._storage, key, size))).movie

    async def _video(self, key: str, size: int, lead: int) -> Lane:
        track = (await self.movie(key, size)).video
        if track is None:
            raise PlayheadError("output_invalid")
        return replace(await asyncio.to_thread(lane_of_track, track), lead=lead)

    async def _sound(self, key: str, size: int) -> Lane | None:
        track = next((await self.movie(key, size)).of_kind("audio"), None)
        return None if track is None else await asyncio.to_thread(lane_of_track, track)


def _heard(key: str) -> Hashable:
    return "heard", key


def _heard_samples(found: Overheard) -> int:
    return _weight(found.movie)


def _weight(movie: Movie) -> int:
    return sum(track.samples.count for track in movie.tracks)


def _view_samples(found: SourceView) -> int:
    return sum(map(_samples, (found.video, *found.sounds)))


def _samples(lane: Lane | None) -> int:
    return len(lane.times) if lane is not None else 0
