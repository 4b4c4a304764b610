"""Streaming: playlists, manifests and segments, put together from stored MP4s when they are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

from playhead.delivery import access, cache, names, playlists
from playhead.delivery.answer import Answer
from playhead.delivery.presentation import Presentation, Track, Whole, present
from playhead.delivery.shelf import Shelf
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.plan import AUDIO, TIMESCALE
from playhead.model.urls import version
from playhead.packaging import (
    Assembly,
    Lane,
    Piece,
    Span,
    cut,
    init_segment,
    keyframe_segment,
    lane_of_pieces,
    media_segment,
)
from playhead.records import playing as playing_records
from playhead.records.database import Records, Row
from playhead.records.playing import Playing
from playhead.storage.port import Storage

HLS = "application/vnd.apple.mpegurl"
DASH = "application/dash+xml"
SEGMENT = "video/iso.segment"
INIT = "video/mp4"

PLAN_WITHIN = 8.0
"""Seconds a player waits for a source to be planned, when it cannot be played as it is."""
MADE_WITHIN = 12.0
"""Seconds a player waits for a piece that is made for it; then it is told to ask again."""
LOOK_EVERY = 0.05
WAITING_ROOM = 64
"""Players of one web process that may wait at a time; more are told to come back."""
SOON = 1
"""Seconds a playlist may be kept whose video is still growing."""


@dataclass
class Streaming:
    """Everything that streaming works with; one per web process."""

    records: Records
    storage: Storage
    shelf: Shelf
    _waiting: int = field(default=0, init=False)

    async def answer(
        self, video_id: UUID, name: names.Streamed, *, seconds_left: int | None, asked_version: str | None
    ) -> Answer:
        """Answer for one name below `/v/{video}/`.

        Raises:
            PlayheadError: `not_found`; `not_ready` when it takes longer than a player should wait.
        """
        playing, presentation = await self._presentation(video_id, has_token=seconds_left is not None)
        tag = version(playing.video["source_key"])
        lifetime = cache.control(versioned=asked_version == tag, seconds_left=seconds_left)
        match name:
            case names.Master():
                return _text(playlists.master(presentation, tag), HLS, presentation, seconds_left)
            case names.Manifest():
                presentation = await self._with_sound(playing, presentation)
                return _text(playlists.manifest(presentation, tag), DASH, presentation, seconds_left)
            case names.Playlist(track_name, keyframes):
                track = await self._track(playing, presentation, track_name)
                if keyframes and not isinstance(track, Whole):
                    raise PlayheadError("not_found")
                text = (
                    playlists.keyframes(track, tag)
                    if keyframes and isinstance(track, Whole)
                    else playlists.media(presentation, track, tag)
                )
                return _text(text, HLS, presentation, seconds_left)
            case names.Init(track_name):
                track = await self._track(playing, presentation, track_name)
                lane, _ = await self._part(playing, track, 0)
                return _bytes(Assembly(init_segment(lane)), INIT, lifetime, self.storage, ())
            case names.Segment(track_name, number, keyframe):
                track = await self._track(playing, presentation, track_name)
                return await self._segment(playing, track, number, lifetime, keyframe=keyframe)

    async def _presentation(self, video_id: UUID, *, has_token: bool) -> tuple[Playing, Presentation]:
        deadline = time.monotonic() + PLAN_WITHIN
        while True:
            async with self.records.transaction() as tx:
                playing = await playing_records.load(tx, video_id)
            if playing is None:
                raise PlayheadError("not_found")
            access.admit(is_public=playing.video["is_public"], has_token=has_token)
            found = await present(playing, self.shelf)
            if found is not None and found.pictures:
                return playing, found
            if playing.video["plan"] is not None or time.monotonic() > deadline:
                raise PlayheadError("not_ready")
            await asyncio.sleep(LOOK_EVERY)

    async def _with_sound(self, playing: Playing, presentation: Presentation) -> Presentation:
        """The presentation once its sound is encoded: a manifest cannot promise what it does not know."""
        if not presentation.sound_due:
            return presentation
        await self._piece(playing, AUDIO, 0)
        return (await self._presentation(playing.video["id"], has_token=True))[1]

    async def _track(self, playing: Playing, presentation: Presentation, name: str) -> Track:
        if name == AUDIO:
            presentation = await self._with_sound(playing, presentation)
        track = presentation.track(name)
        if track is None:
            raise PlayheadError("not_found")
        return track

    async def _segment(
        self, playing: Playing, track: Track, number: int, lifetime: str, *, keyframe: bool
    ) -> Answer:
        lane, keys = await self._part(playing, track, number)
        if isinstance(track, Whole):
            segments, position = track.segments, number
        else:
            inside = [time for time in track.plan.segments if lane.begin <= time < lane.end]
            segments = cut(lane, [lane.begin, *(time for time in inside if time > lane.begin)], TIMESCALE)
            position = number - track.plan.segments.index(inside[0])
        if not 0 <= position < len(segments):
            raise PlayheadError("not_found")
        wanted = segments[position]
        if keyframe:
            until = wanted.start + wanted.duration
            made = keyframe_segment(lane, wanted.first, until, number + 1)
        else:
            made = await asyncio.to_thread(media_segment, lane, wanted.first, wanted.stop, number + 1)
        return _bytes(made, SEGMENT, lifetime, self.storage, keys)

    async def _part(self, playing: Playing, track: Track, number: int) -> tuple[Lane, Sequence[str]]:
        """The lane that holds a segment, and the object keys of what it is stored in."""
        if isinstance(track, Whole):
            return track.lane, (track.key,)
        if number >= len(track.plan.segments):
            raise PlayheadError("not_found")
        chunk = track.chunk_of(number)
        row = await self._piece(playing, track.name, chunk.number)
        movie = await self.shelf.movie(row["key"], row["size_bytes"])
        piece = Piece(movie=movie, start=chunk.start, end=chunk.end)
        return lane_of_pieces([piece], TIMESCALE, lead=track.plan.lead), (row["key"],)

    async def _piece(self, playing: Playing, track: str, chunk: int) -> Row:
        """A piece, made for whoever asks if it is not there yet.

        Raises:
            PlayheadError: `not_ready` when too many wait already, or it takes too long.
        """
        made = playing.pieces.get((track, chunk))
        if made is not None:
            return made
        if self._waiting >= WAITING_ROOM:
            raise PlayheadError("not_ready")
        self._waiting += 1
        try:
            return await self._made(playing.video["id"], track, chunk)
        finally:
            self._waiting -= 1

    async def _made(self, video_id: UUID, track: str, chunk: int) -> Row:
        deadline = time.monotonic() + MADE_WITHIN
        if track != AUDIO:
            async with self.records.transaction() as tx:
                await tx.defer(jobs.demand(video_id, track, chunk))
        while time.monotonic() < deadline:
            async with self.records.transaction() as tx:
                row = await playing_records.piece(tx, video_id, track, chunk)
            if row is not None:
                return row
            await asyncio.sleep(LOOK_EVERY)
        raise PlayheadError("not_ready")


def _text(text: str, content_type: str, presentation: Presentation, seconds_left: int | None) -> Answer:
    body = text.encode()
    lifetime = cache.control(versioned=False, seconds_left=seconds_left)
    if not presentation.final:
        lifetime = f"{'public' if seconds_left is None else 'private'}, max-age={SOON}"
    headers = {
        "content-type": content_type,
        "content-length": str(len(body)),
        "cache-control": lifetime,
    }
    return Answer(200, headers, _once(body))


def _bytes(
    assembly: Assembly, content_type: str, lifetime: str, storage: Storage, keys: Sequence[str]
) -> Answer:
    headers: Mapping[str, str] = {
        "content-type": content_type,
        "content-length": str(assembly.size),
        "cache-control": lifetime,
    }
    return Answer(200, headers, _blocks(assembly, storage, keys))


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _blocks(assembly: Assembly, storage: Storage, keys: Sequence[str]) -> AsyncGenerator[bytes, None]:
    for part in assembly.part(0, assembly.size):
        if not isinstance(part, Span):
            yield part
            continue
        stream = cast(
            AsyncGenerator[bytes, None], storage.stream(keys[part.source], part.offset, part.length)
        )
        async with aclosing(stream):
            async for block in stream:
                yield block
