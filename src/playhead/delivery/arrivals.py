"""Playing a file while it is uploaded, for uploads that ask for it: from the bytes that have arrived.

Its index says where every frame will lie, so the source is cut as it will be once it is stored: the same
segments at the same URLs, byte for byte. Playlists list those whose bytes are all there, and grow.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import cast
from uuid import UUID

import structlog

from playhead.delivery import access, cache, names, playlists
from playhead.delivery.assembled import DASH, HLS, INIT, SEGMENT, briefly, init, listed, read, segment
from playhead.delivery.conditions import Validators
from playhead.delivery.content import Content
from playhead.delivery.presentation import Presentation, present
from playhead.delivery.shelf import Shelf
from playhead.delivery.showing import Viewer, version_of
from playhead.delivery.tracks import Pictures, Sound
from playhead.delivery.walking import Walking, begin
from playhead.media.matroska.ebml import MAGIC
from playhead.model.errors import PlayheadError
from playhead.model.states import Status, UploadState
from playhead.packaging import Lane, Segment, Span
from playhead.records import uploads, videos
from playhead.records.database import Records, Row
from playhead.records.playing import Playing
from playhead.storage import keys
from playhead.storage.arriving import Arriving, Held
from playhead.storage.port import Storage

READ_LIMIT = 64
"""Reads that finding an index may take: a film with its boxes in thousands of fragments is played when stored."""
HEADER = 16
"""Bytes of the largest box header; the index reader asks for more than that to save itself a second read."""
READ_AHEAD = 4096
"""Bytes up to which a read may be such a one, and is given what is there of it."""
_REMEMBERED = 10_000
"""Uploads of which is remembered that there is nothing more to tell."""

_log = structlog.get_logger("playhead.delivery")


@dataclass
class _Index:
    """An arriving file as the index reader wants it.

    Raises `not_ready` for bytes that are not there.
    """

    arriving: Arriving
    upload_id: UUID
    held: Held
    reads: int = 0

    @property
    def size(self) -> int:
        return self.held.size

    async def read(self, start: int, length: int) -> bytes:
        self.reads += 1
        there = self.held.bytes.run(start) - start
        needed = length if length > READ_AHEAD else min(length, HEADER)
        if there < needed or self.reads > READ_LIMIT:
            raise PlayheadError("not_ready")
        try:
            return await self.arriving.read(self.upload_id, start, min(length, there))
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
            # Completed or given up a moment ago: whoever asks again is told which.
            raise PlayheadError("not_ready") from error


@dataclass(frozen=True)
class _Arrival:
    """An upload under way, as far as it can be shown."""

    upload_id: UUID
    since: datetime
    """When the upload began."""
    key: str
    """The object key that its file will have."""
    held: Held
    presentation: Presentation
    counted: dict[str, int]
    """Track → how many of its first segments were there when last counted."""
    longest: Fraction | None = None
    """Where its index did not come first: seconds that no segment is longer than."""
    lasting: Fraction | None = None
    """Where segments may follow that are not known yet: the seconds that all of it is thought to last."""

    def there(self, track: Pictures | Sound) -> int:
        """How many of a track's first segments are there."""
        count = self.counted.get(track.name, 0)
        while count < len(track.segments) and self.has(track.lane, track.segments[count]):
            count += 1
        self.counted[track.name] = count
        return count

    def has(self, lane: Lane, wanted: Segment) -> bool:
        """Whether all bytes of a segment are there."""
        spans = lane.spans(wanted.first, wanted.stop)
        return all(self.held.bytes.covers(span.offset, span.offset + span.length) for span in spans)

    @property
    def begun(self) -> bool:
        """Whether the first segment of every track is there."""
        shown = (*self.presentation.pictures, *self.presentation.sounds)
        return all(isinstance(track, Pictures | Sound) and self.there(track) for track in shown)


@dataclass
class Arrivals:
    """Everything that playing arriving files works with; one per process."""

    records: Records
    storage: Storage
    arriving: Arriving
    shelf: Shelf
    _told: set[UUID] = field(default_factory=set, init=False)

    async def answer(self, viewer: Viewer, name: names.Streamed) -> Content:
        """What there is behind one name below `/v/{video}/`, of a video that is being uploaded.

        Raises:
            PlayheadError: `not_found` unless the upload asked for it; `not_ready` for what has not arrived;
                `upload_ended` and `upload_expired` when nothing more will arrive.
        """
        arrival = await self._find(viewer)
        tag = version_of(arrival.key)
        match name:
            case names.Master():
                text = playlists.master(arrival.presentation, tag, scrubbing=False)
            case names.Playlist(track_name, keyframes=False):
                track = _track(arrival, track_name)
                text = playlists.arriving(
                    track, tag, arrival.there(track), arrival.longest, more=arrival.lasting is not None
                )
            case names.Manifest():
                text = playlists.arriving_manifest(
                    arrival.presentation, tag, arrival.there, arrival.since, arrival.lasting
                )
            case names.Init() | names.Segment():
                return await self._made(arrival, name, viewer)
            case _:
                raise PlayheadError("not_ready")  # I-frame playlists list all there is
        kind = DASH if isinstance(name, names.Manifest) else HLS
        return listed(text, kind, briefly(viewer.seconds_left))

    async def note(self, upload: Row) -> None:
        """Tell, once, that an upload's video can be played; to be called whenever more of it has arrived."""
        upload_id = upload["id"]
        if upload_id in self._told:
            return
        try:
            if await self._begun(upload):
                async with self.records.transaction() as tx:
                    video = await videos.find(tx, upload["video_id"], lock=True)
                    if video is not None and video["status"] == Status.PENDING_UPLOAD:
                        await videos.mark_playable(tx, video)
        except PlayheadError as error:
            # The upload goes on all the same, and it is tried again when more has arrived.
            if error.code != "not_ready":
                _log.warning("an arriving video could not be told playable", code=error.code)
            return
        except Exception:  # noqa: BLE001 -- a look at what has arrived is no reason to refuse it
            _log.exception("an arriving video could not be looked at")
            return
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told.add(upload_id)

    async def _begun(self, upload: Row) -> bool:
        """Whether its beginning can be played; False when that will not be before it is stored.

        Raises:
            PlayheadError: `not_ready`.
        """
        arrival = await self._look(upload)
        if arrival is not None and not arrival.begun:
            raise PlayheadError("not_ready")
        return arrival is not None

    async def _find(self, viewer: Viewer) -> _Arrival:
        async with self.records.transaction() as tx:
            video = await videos.find(tx, viewer.video_id)
            upload = await uploads.of_video(tx, viewer.video_id)
        if video is None or upload is None or not upload["play_while_uploading"]:
            raise PlayheadError("not_found")
        access.admit(is_public=video["is_public"], has_token=viewer.seconds_left is not None)
        if upload["state"] == UploadState.DEAD:
            raise PlayheadError(
                "upload_expired" if video["error_code"] == "upload_expired" else "upload_ended"
            )
        if upload["state"] == UploadState.COMPLETE:
            # It failed later, or was stored since the caller looked.
            raise PlayheadError("not_found" if video["status"] == Status.FAIL else "not_ready")
        if upload["expired"]:
            raise PlayheadError("upload_expired")
        arrival = await self._look(upload)
        if arrival is None or not arrival.begun:
            raise PlayheadError("not_ready")
        return arrival

    async def _look(self, upload: Row) -> _Arrival | None:
        """What has arrived; None for a file that cannot be played as it is.

        Raises:
            PlayheadError: `not_ready` while its index has not arrived.
        """
        held = await self.arriving.held(upload["id"])
        if held is None or not held.is_known:
            raise PlayheadError("not_ready")
        key = keys.source(upload["video_id"], upload["id"].hex).key
        counted: dict[str, int] = await self.shelf.derived(("arrived", key), dict)
        arrival = partial(_Arrival, upload["id"], upload["created_at"], key, held, counted=counted)
        if await _Index(self.arriving, upload["id"], held).read(0, len(MAGIC)) != MAGIC:
            await self.shelf.arriving(key, _Index(self.arriving, upload["id"], held))
            presentation = await self._whole(upload, key, held)
            return None if presentation is None else arrival(presentation=presentation)
        walking = await self._walked(key, upload["id"], held)
        longest = Fraction(walking.growth.longest)
        if walking.at_end and not walking.growth.over:
            await self.shelf.arrived(key, partial(walking.movie, _Index(self.arriving, upload["id"], held)))
            presentation = await self._whole(upload, key, held)
            if presentation is not None:
                return arrival(presentation=presentation, longest=longest)
            walking.growth.over = True
        presentation = walking.presentation(key)
        if presentation is None:
            if walking.growth.over:
                return None
            raise PlayheadError("not_ready")
        return arrival(presentation=presentation, longest=longest, lasting=walking.lasting())

    async def _whole(self, upload: Row, key: str, held: Held) -> Presentation | None:
        """What a file whose index is known has to show: a source like any other that nobody has planned yet."""
        return await present(_playing(upload["video_id"], key, held.size), None, self.shelf)

    async def _walked(self, key: str, upload_id: UUID, held: Held) -> Walking:
        """A Matroska file, walked through as far as it has arrived without a gap, or as far as one look goes."""
        place = ("walking", key)
        walking: Walking = await self.shelf.kept(
            place,
            partial(begin, _Index(self.arriving, upload_id, held), self.shelf.limits),
            lambda made: made.weight,
        )
        await walking.on(_Index(self.arriving, upload_id, held), held.prefix)
        await walking.judge(_Index(self.arriving, upload_id, held))
        self.shelf.reweigh(place, walking.weight)
        return walking

    async def _made(self, arrival: _Arrival, name: names.Init | names.Segment, viewer: Viewer) -> Content:
        track = _track(arrival, name.track)
        if isinstance(name, names.Init):
            made, kind = init(track, track.lane), INIT
        else:
            if name.number >= len(track.segments):
                raise PlayheadError("not_found" if arrival.lasting is None else "not_ready")
            wanted = track.segments[name.number]
            if not arrival.has(track.lane, wanted):
                raise PlayheadError("not_ready")
            made, kind = await segment(track, track.lane, wanted, name), SEGMENT
        return Content(
            size=made.size,
            content_type=kind,
            validators=Validators(f'"{version_of(arrival.key)}-{name}"'),
            # As for a stored source before it is planned: the plan may still decide against it.
            cache_control=cache.control(versioned=False, seconds_left=viewer.seconds_left),
            read=partial(read, made, partial(self._stored, arrival)),
        )

    async def _stored(self, arrival: _Arrival, span: Span) -> AsyncGenerator[bytes, None]:
        sent = 0
        try:
            async with aclosing(self.arriving.stream(arrival.upload_id, span.offset, span.length)) as arrived:
                async for block in arrived:
                    yield block
                    sent += len(block)
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
        if sent < span.length:
            # Completed a moment ago: the same file lies in the store now.
            rest = self.storage.stream(arrival.key, span.offset + sent, span.length - sent)
            async with aclosing(cast(AsyncGenerator[bytes, None], rest)) as stored:
                async for block in stored:
                    yield block


def _playing(video_id: UUID, key: str, size: int) -> Playing:
    return Playing(
        video_id=video_id,
        is_public=True,
        source_key=key,
        source_size=size,
        planned=False,
        ready=False,
        language=None,
        sounds={},
        captions=(),
        renditions=(),
    )


def _track(arrival: _Arrival, name: str) -> Pictures | Sound:
    track = arrival.presentation.track(name)
    if not isinstance(track, Pictures | Sound):
        raise PlayheadError("not_found")
    return track
