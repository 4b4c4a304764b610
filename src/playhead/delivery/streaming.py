"""Streaming: playlists, manifests and segments, put together from stored MP4s when they are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial

from playhead.delivery import cache, names, playlists
from playhead.delivery.arrivals import Arrivals
from playhead.delivery.assembled import DASH, HLS, INIT, SEGMENT, briefly, init, listed, segment
from playhead.delivery.conditions import Validators
from playhead.delivery.content import Content
from playhead.delivery.reading import read
from playhead.delivery.shelf import Shelf
from playhead.delivery.showing import NothingStoredError, Showing, Shown, Viewer
from playhead.delivery.tracks import SLACK, Growing, GrowingSound, Pictures, Sound, Track, cut_on_keyframes
from playhead.delivery.waiting import WaitingRoom
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.plan import TIMESCALE, is_sound
from playhead.packaging import (
    Assembly,
    Lane,
    Piece,
    Segment,
    lane_of_pieces,
    lane_of_stretches,
)
from playhead.records import playing as playing_records
from playhead.records import stretches
from playhead.records.database import Records, Row
from playhead.storage.port import Storage

MADE_WITHIN = 8.0
"""Seconds a player waits for a piece that is made for it: less than the ten after which hls.js gives up."""
ROOM = 16
"""Things of one web process that may be waited for at a time, by any number of viewers each: about what a
worker makes in that time."""
LISTEN_AGAIN = 1.0
"""Seconds after which a lost connection is made anew."""


@dataclass
class Streaming:
    """Everything that streaming works with; one per web process."""

    records: Records
    storage: Storage
    shelf: Shelf
    arrivals: Arrivals
    room: WaitingRoom = field(default_factory=lambda: WaitingRoom(ROOM))

    def __post_init__(self) -> None:
        self._showing = Showing(self.records, self.shelf, self.room)

    async def listen(self) -> None:
        """Have viewers who wait look when something is made of their video, without end."""
        while True:
            with suppress(PlayheadError):  # meanwhile they look by themselves
                async with aclosing(self.records.told()) as told:
                    async for video_id in told:
                        self.room.tell(video_id)
            await asyncio.sleep(LISTEN_AGAIN)

    async def answer(self, viewer: Viewer, name: names.Streamed, asked_version: str | None) -> Content:
        """What there is behind one name below `/v/{video}/`; `asked_version` is the `v` of its URL.

        Raises:
            PlayheadError: `not_found`; `not_ready` when it takes longer than a player should wait; and as
                `Arrivals.answer` while the video is being uploaded.
        """
        try:
            return await self._answer(viewer, name, asked_version)
        except NothingStoredError:
            return await self.arrivals.answer(viewer, name)

    async def _answer(self, viewer: Viewer, name: names.Streamed, asked_version: str | None) -> Content:
        if not isinstance(name, names.Init | names.Segment):
            return await self._listed(viewer, await self._showing.now(viewer), name)
        remembered = self._showing.remembered(viewer)
        if remembered is not None:
            try:
                return await self._made(viewer, remembered, name, asked_version)
            except PlayheadError as error:
                if error.code not in ("not_found", "source_missing"):
                    raise
        # Nothing is known, or it was of a moment ago: since then a track was finished, or all deleted.
        return await self._made(viewer, await self._showing.now(viewer), name, asked_version)

    async def _listed(
        self,
        viewer: Viewer,
        shown: Shown,
        name: names.Master | names.Manifest | names.Playlist | names.CaptionsPlaylist,
    ) -> Content:
        match name:
            case names.Master():
                text, kind = playlists.master(shown.presentation, shown.version), HLS
            case names.Manifest():
                # It cannot promise a sound that it does not know.
                shown = await self._with_sound(viewer, shown)
                text, kind = playlists.manifest(shown.presentation, shown.version), DASH
            case names.CaptionsPlaylist(language):
                texts = shown.presentation.texts
                text_track = next((each for each in texts if each.language == language), None)
                if text_track is None:
                    raise PlayheadError("not_found")
                text, kind = playlists.captions(text_track, shown.presentation.duration), HLS
            case names.Playlist(track_name, keyframes):
                track = await self._track(viewer, shown, track_name)
                text, kind = await self._playlist(track, shown.version, keyframes=keyframes), HLS
        lifetime = cache.control(versioned=False, seconds_left=viewer.seconds_left)
        return listed(text, kind, lifetime if shown.presentation.final else briefly(viewer.seconds_left))

    async def _playlist(self, track: Track, version: str, *, keyframes: bool) -> str:
        make = partial(playlists.media, track, version)
        if keyframes:
            if not isinstance(track, Pictures):
                raise PlayheadError("not_found")
            make = partial(playlists.keyframes, track, version)
        stored_as = None if isinstance(track, Growing | GrowingSound) else track.key
        place = ("playlist", version, track.name, stored_as, keyframes)
        return await self.shelf.derived(place, make, weight=len(track.segments))

    async def _with_sound(self, viewer: Viewer, shown: Shown, only: str | None = None) -> Shown:
        """What is shown once its sounds are encoded, or one of them, as far as nothing can be told of them before."""
        due = [each for each in shown.presentation.sounds_due if only in (None, each.name)]
        for each in due:
            await self._piece(viewer, each.name, 0)
        return await self._showing.now(viewer) if due else shown

    async def _track(self, viewer: Viewer, shown: Shown, name: str) -> Track:
        if is_sound(name):
            shown = await self._with_sound(viewer, shown, name)
        track = shown.presentation.track(name)
        if track is None:
            raise PlayheadError("not_found")
        return track

    async def _made(
        self, viewer: Viewer, shown: Shown, name: names.Init | names.Segment, asked_version: str | None
    ) -> Content:
        """An init or media segment."""
        track = await self._track(viewer, shown, name.track)
        number = None if isinstance(name, names.Init) else name.number
        if isinstance(track, GrowingSound):
            part = await self._stretches(viewer, track, number)
            if part is None:  # all of it is there now
                return await self._made(viewer, await self._showing.now(viewer), name, asked_version)
            lane, keys, wanted = part
        else:
            lane, keys = await self._part(viewer, track, number or 0)
            wanted = None if number is None else _place(track, lane, number)
        if isinstance(name, names.Init) or wanted is None:
            made, kind = init(track, lane), INIT
        else:
            made, kind = await segment(track, lane, wanted, name), SEGMENT
        return Content(
            size=made.size,
            content_type=kind,
            validators=Validators(f'"{shown.version}-{name}"'),
            cache_control=cache.control(
                # Until the video is planned, what is judged fit here might still be encoded there.
                versioned=asked_version == shown.version and shown.presentation.settled,
                seconds_left=viewer.seconds_left,
            ),
            read=partial(self._read, viewer, keys, made),
        )

    async def _read(
        self, viewer: Viewer, keys: Sequence[str], made: Assembly, start: int, length: int
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(read(self.storage, keys, made, start, length)) as blocks:
                async for block in blocks:
                    yield block
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
            async with self.records.transaction() as tx:
                gone = await playing_records.load(tx, viewer.video_id) is None
            if gone:  # deleted just now
                raise PlayheadError("not_found") from error
            raise

    async def _stretches(
        self, viewer: Viewer, sound: GrowingSound, number: int | None
    ) -> tuple[Lane, Sequence[str], Segment | None] | None:
        """A lane that holds a segment of a sound, or its beginning, as far as that is encoded; as `_part`.

        And which samples of the lane the segment has. None when the sound is there as a whole.

        Raises:
            PlayheadError: as `_piece`.
        """
        video_id = viewer.video_id
        if number is not None and number > len(sound.segments):  # there may be one more than is told of
            raise PlayheadError("not_found")

        async def look() -> tuple[Segment | None, list[Row]] | None:
            async with self.records.transaction() as tx:
                if await playing_records.piece(tx, video_id, sound.name, 0) is not None:
                    return None, []
                rows = await stretches.of_track(tx, video_id, sound.name)
                if not await playing_records.expected(tx, video_id, sound.name, 0):
                    raise PlayheadError("not_found")
            if number is None:
                return (None, rows[:1]) if rows else None
            there = await self._settled(sound, rows)
            return (there[number], rows) if number < len(there) else None

        async with viewer.departing() as leaving:
            name = ("stretches", video_id, sound.name, number)
            wanted, rows = await self.room.wait(name, look, MADE_WITHIN, leaving)
        if not rows:
            return None
        first, taken = _taken(rows, wanted)
        movies = await asyncio.gather(*(self.shelf.movie(row["key"], row["size_bytes"]) for row in taken))
        if wanted is not None:
            wanted = wanted._replace(first=wanted.first - first, stop=wanted.stop - first)
        return lane_of_stretches(movies, first), [row["key"] for row in taken], wanted

    async def _settled(self, sound: GrowingSound, rows: Sequence[Row]) -> list[Segment]:
        if not rows:
            return []
        packets = sum(row["packets"] for row in rows)
        place = ("settled", rows[-1]["key"])
        return await self.shelf.derived(place, lambda: sound.settled(packets))

    async def _part(
        self, viewer: Viewer, track: Pictures | Sound | Growing, number: int
    ) -> tuple[Lane, Sequence[str]]:
        """A lane that holds a segment, and the object keys of what it is stored in."""
        if not isinstance(track, Growing):
            return track.lane, (track.key,)
        if number >= len(track.plan.segments):
            raise PlayheadError("not_found")
        chunks = track.chunks_of(number)
        rows = await asyncio.gather(*(self._piece(viewer, track.name, chunk.number) for chunk in chunks))
        pieces = [
            Piece(await self.shelf.movie(row["key"], row["size_bytes"]), chunk.start, chunk.end)
            for row, chunk in zip(rows, chunks, strict=True)
        ]
        return lane_of_pieces(pieces, TIMESCALE, lead=track.plan.lead), [row["key"] for row in rows]

    async def _piece(self, viewer: Viewer, track: str, chunk: int) -> Row:
        """A piece, made for whoever asks if it is not there yet.

        Raises:
            PlayheadError: `not_ready` when too much is waited for already, or it takes too long; `not_found`
                when it will never be made.
        """
        video_id = viewer.video_id
        async with self.records.transaction() as tx:
            made = await playing_records.piece(tx, video_id, track, chunk)
        if made is not None:
            return made
        demanded = is_sound(track)  # whose job is on its way from the beginning

        async def look() -> Row | None:
            nonlocal demanded
            async with self.records.transaction() as tx:
                row = await playing_records.piece(tx, video_id, track, chunk)
                if row is None and not await playing_records.expected(tx, video_id, track, chunk):
                    raise PlayheadError("not_found")
                if row is None and not demanded:
                    demanded = True
                    await tx.defer(jobs.demand(video_id, track, chunk, time.time()))
            return row

        async with viewer.departing() as leaving:
            return await self.room.wait(("piece", video_id, track, chunk), look, MADE_WITHIN, leaving)


def _taken(rows: Sequence[Row], wanted: Segment | None) -> tuple[int, list[Row]]:
    """The stretches that hold a segment, or all without one, and which packet they begin with."""
    first, begin, taken = 0, 0, list[Row]()
    for row in rows:
        end = begin + row["packets"]
        if wanted is None or (begin < wanted.stop and wanted.first < end):
            first = begin if not taken else first
            taken.append(row)
        begin = end
    return first, taken


def _place(track: Pictures | Sound | Growing, lane: Lane, number: int) -> Segment:
    """Which samples of the lane a segment has.

    Raises:
        PlayheadError: `not_found` beyond the last one.
    """
    segments, position = track.segments, number
    if isinstance(track, Growing):
        # The lane may begin before the segment, and always ends with or after it.
        planned = track.plan.segments
        starts = [lane.begin, *(time for time in planned if lane.begin + SLACK < time < lane.end - SLACK)]
        segments = cut_on_keyframes(lane, starts)
        position = starts.index(planned[number]) if planned[number] in starts else 0
    if not 0 <= position < len(segments):
        raise PlayheadError("not_found")
    return segments[position]
