"""Upload sessions: opened for a video, filled by a protocol, completed into a source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from playhead.media.source import HEAD_BYTES, require_video
from playhead.model import jobs
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.states import Status, UploadState
from playhead.records import events, objects, uploads, videos
from playhead.records.database import Records, Row, Transaction
from playhead.storage import keys
from playhead.storage.arriving import Held
from playhead.storage.keys import ObjectName
from playhead.storage.port import Storage
from playhead.upload.incoming import Incoming
from playhead.upload.part import Part
from playhead.upload.rules import check_announced, check_content_type, content_type_of

UNKNOWN_SECONDS = 24 * 3600
"""How old something in the incoming folder must be to be deleted when no upload is known by its name."""


@dataclass(frozen=True)
class VideoRequest:
    """What a caller asks for when creating a video; validated before it gets here."""

    filename: str
    resolutions: Sequence[str]
    is_public: bool
    size_bytes: int | None
    thumbnail_seconds: Sequence[float]
    metadata: dict[str, Any] | None
    play_while_uploading: bool = False


@dataclass(frozen=True)
class Uploads:
    """The upload station: everything it works with."""

    records: Records
    storage: Storage
    incoming: Incoming
    max_bytes: int
    expiry_seconds: int
    on_arrival: Callable[[Row], Awaitable[None]] | None = None
    """Told the row of an upload that is played while it arrives, whenever more of it is there."""

    async def open(self, tx: Transaction, project_id: UUID, request: VideoRequest) -> Row:
        """Create a video with an upload that waits for its bytes; the upload's row.

        Raises:
            PlayheadError: `upload_too_large`.
        """
        if request.size_bytes is not None and request.size_bytes > self.max_bytes:
            raise PlayheadError(
                "upload_too_large", f"At most {self.max_bytes} bytes are accepted.", field="fileSizeBytes"
            )
        video_id = await videos.create(
            tx,
            project_id,
            filename=request.filename,
            is_public=request.is_public,
            metadata=request.metadata,
            thumbnail_seconds=request.thumbnail_seconds,
            resolutions=request.resolutions,
        )
        return await uploads.create(
            tx,
            project_id,
            video_id,
            content_type=content_type_of(request.filename),
            declared_size=request.size_bytes,
            expires_in=timedelta(seconds=self.expiry_seconds),
            play_while_uploading=request.play_while_uploading,
        )

    async def receive(
        self, upload_id: UUID, body: AsyncIterator[bytes], *, content_type: str | None, announced: int | None
    ) -> int:
        """Take the whole file in one body; the number of bytes kept.

        Until the upload is completed a body may be sent again and replaces the one before. Not so one that is
        played while it arrives: its bytes stay, so a body of known length is taken as a part that is all.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once completed, `url_expired`, `content_type_mismatch`,
                `upload_too_large`, `size_mismatch`, `storage_full`.
        """
        async with self.records.transaction() as tx:
            upload = taking(await uploads.find(tx, upload_id))
        check_content_type(content_type, upload["content_type"])
        declared = upload["declared_size"]
        check_announced(announced, declared, self.max_bytes)
        if upload["play_while_uploading"] and announced:
            await self._fill(upload, Part(0, announced, announced), body)
            return announced
        limit = self.max_bytes if declared is None else declared
        size = await self.incoming.receive(upload_id, body, limit, exactly=declared)
        try:
            async with self.records.transaction() as tx:
                taking(await uploads.find(tx, upload_id, lock=True))
                await uploads.received(tx, upload_id, size)
        except PlayheadError as error:
            if error.code != "database_unavailable":  # over meanwhile: nobody will fetch these bytes
                await self.incoming.discard(upload_id)
            raise
        return size

    async def receive_part(
        self, upload_id: UUID, part: Part, body: AsyncIterator[bytes], *, content_type: str | None
    ) -> Held:
        """Take a part of the file; what there is of it then.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once completed, when a newer request took over, or while
                the file's first bytes are missing; `url_expired`, `content_type_mismatch`, `upload_too_large`,
                `size_mismatch`, `malformed_request`, `storage_full`.
        """
        async with self.records.transaction() as tx:
            upload = taking(await uploads.find(tx, upload_id))
        check_content_type(content_type, upload["content_type"])
        check_announced(part.size, upload["declared_size"], self.max_bytes)
        if part.start:
            held = await self.standing(upload_id)
            if held is None or not held.prefix:
                # Without a first byte there is no Range to answer with, and senders take that for success.
                raise PlayheadError("wrong_state", "The file's first bytes must come first.")
        return await self._fill(upload, part, body)

    async def standing(self, upload_id: UUID) -> Held | None:
        """What there is of a file that is sent in parts.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once completed, `url_expired`.
        """
        async with self.records.transaction() as tx:
            taking(await uploads.find(tx, upload_id))
        return await self.incoming.standing(upload_id)

    async def abandon(self, upload_id: UUID) -> None:
        """Give an upload up, with all that arrived; its video has then failed. Doing it again changes nothing.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once completed.
        """
        async with self.records.transaction() as tx:
            upload = await uploads.find(tx, upload_id)
        if upload is None:
            raise PlayheadError("not_found", "There is no such upload.")
        async with self.records.transaction() as tx:
            video = await videos.find(tx, upload["video_id"], lock=True)
            upload = await uploads.find(tx, upload_id, lock=True)
            if video is None or upload is None or upload["state"] == UploadState.DEAD:
                return
            if upload["state"] == UploadState.COMPLETE:
                raise PlayheadError("wrong_state", "This upload is complete; delete the video instead.")
            await uploads.end(tx, upload_id, UploadState.DEAD)
            await videos.fail(tx, video, PlayheadError("upload_ended", "The sender gave the upload up."))
        await self.incoming.discard(upload_id)

    async def create_from(self, arrived: UUID, project_id: UUID, request: VideoRequest) -> UUID:
        """Create a video from bytes that have arrived already under the id `arrived`, and complete it.

        Raises:
            PlayheadError: why the bytes are refused.
        """
        async with self.records.transaction() as tx:
            upload = await self.open(tx, project_id, request)
            await uploads.received(tx, upload["id"], request.size_bytes or 0)
            await self.incoming.hand_over(arrived, upload["id"])
        video_id: UUID = upload["video_id"]
        await self.complete(video_id, project_id=project_id)
        return video_id

    async def complete(self, video_id: UUID, *, project_id: UUID) -> None:
        """Judge what arrived and make it the video's source. Completing again changes nothing.

        Raises:
            PlayheadError: `not_found`, `wrong_state`, or why the bytes are refused; the video has then failed.
        """
        await self._reserve(video_id, project_id)
        async with self.records.transaction() as tx:
            video = await videos.get(tx, video_id, project_id=project_id, lock=True)
            upload = await uploads.of_video(tx, video_id, lock=True)
            if video["status"] in (Status.PROCESSING, Status.READY):
                return
            if upload is None or video["status"] != Status.PENDING_UPLOAD:
                raise PlayheadError("wrong_state", f"The video's status is {video['status']}.")
            await self._require_whole(upload)
            # Taken over before it is judged: whatever the URL's holder sends from here on changes nothing.
            name = _source_name(upload)
            await self.incoming.arriving.seal(upload["id"])
            if await self.incoming.arrived(upload["id"]):
                await self.storage.adopt(name.key, self.incoming.path(upload["id"]))
            refusal = await self._judge(name, upload)
            if refusal is None:
                await self._accept(tx, name, video, upload)
            else:
                await uploads.end(tx, upload["id"], UploadState.DEAD)
                await objects.doom(tx, [name.key])
                await videos.fail(tx, video, refusal)
        await self.incoming.discard(upload["id"])
        if refusal is not None:
            raise refusal

    async def delete_video(self, video_id: UUID, *, project_id: UUID) -> None:
        """Delete a video, whatever its state, with everything that arrived for it or was made of it.

        Raises:
            PlayheadError: `not_found`.
        """
        async with self.records.transaction() as tx:
            video = await videos.get(tx, video_id, project_id=project_id, lock=True)
            upload = await uploads.of_video(tx, video_id)
            await videos.remove(tx, video)
        if upload is not None:
            await self.incoming.discard(upload["id"])

    async def abandon_overdue(self, limit: int = 100) -> None:
        """Fail the videos whose upload ran out of time, and delete what had arrived."""
        async with self.records.transaction() as tx:
            overdue = await uploads.overdue(tx, limit)
        for upload in overdue:
            async with self.records.transaction() as tx:
                video = await videos.find(tx, upload["video_id"], lock=True)
                await uploads.end(tx, upload["id"], UploadState.DEAD)
                if video is not None and video["status"] == Status.PENDING_UPLOAD:
                    await videos.fail(tx, video, PlayheadError("upload_expired"))
            await self.incoming.discard(upload["id"])

    async def clear_incoming(self) -> None:
        """Delete what arrived for uploads that are over: a process may have died before it could do so itself."""
        ages = await self.incoming.ids()
        async with self.records.transaction() as tx:
            states = await uploads.states(tx, list(ages))
        for upload_id, age in ages.items():
            state = states.get(upload_id)
            # One without a row may be a form that is still arriving.
            if state in (UploadState.COMPLETE, UploadState.DEAD) or (state is None and age > UNKNOWN_SECONDS):
                await self.incoming.discard(upload_id)

    async def _reserve(self, video_id: UUID, project_id: UUID) -> None:
        """Write the source's key down before it exists; a crash while completing leaves nothing unknown.

        Completing again, after such a crash, finds the bytes under it: the key is the upload's own.
        """
        async with self.records.transaction() as ledger:
            video = await videos.get(ledger, video_id, project_id=project_id)
            upload = await uploads.of_video(ledger, video_id)
            if upload is not None and video["status"] == Status.PENDING_UPLOAD:
                name = _source_name(upload)
                await objects.reserve(ledger, project_id, video_id, {name.key: name.slot})

    async def _fill(self, upload: Row, part: Part, body: AsyncIterator[bytes]) -> Held:
        upload_id, on_arrival = upload["id"], self.on_arrival
        watched = upload["play_while_uploading"] and on_arrival is not None

        async def tell() -> None:
            if on_arrival is not None:
                await on_arrival(upload)

        held = await self.incoming.receive_part(upload_id, part, body, tell if watched else None)
        try:
            async with self.records.transaction() as tx:
                taking(await uploads.find(tx, upload_id, lock=True))
                if held.whole:
                    await uploads.received(tx, upload_id, held.size)
                else:
                    await uploads.receiving(tx, upload_id, len(held.bytes))
        except PlayheadError as error:
            if error.code != "database_unavailable":  # over meanwhile: nobody will fetch these bytes
                await self.incoming.discard(upload_id)
            raise
        return held

    async def _require_whole(self, upload: Row) -> None:
        """A file sent in parts of which some are missing is no failure: its sender can go on."""
        held = await self.incoming.standing(upload["id"])
        if held is not None and not held.whole:
            raise PlayheadError(
                "upload_incomplete",
                f"{len(held.bytes)} of {held.size} bytes have arrived; send the others first.",
            )

    async def _judge(self, name: ObjectName, upload: Row) -> PlayheadError | None:
        try:
            size = await self.storage.size(name.key)
            head = await self.storage.read(name.key, 0, HEAD_BYTES)
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
            return PlayheadError("upload_missing")
        declared = upload["declared_size"]
        if declared is not None and size != declared:
            return PlayheadError("size_mismatch", f"{size} bytes arrived; {declared} were declared.")
        try:
            require_video(head, size)
        except PlayheadError as refusal:
            return refusal
        return None

    async def _accept(self, tx: Transaction, name: ObjectName, video: Row, upload: Row) -> None:
        size = await self.storage.size(name.key)
        await objects.keep(tx, [name.key])
        await uploads.end(tx, upload["id"], UploadState.COMPLETE)
        await videos.begin_processing(tx, video["id"], source_key=name.key, source_size=size)
        await events.append(tx, video["project_id"], video["id"], EventType.UPLOADED)
        await tx.defer(jobs.inspect(video["id"]))


def _source_name(upload: Row) -> ObjectName:
    return keys.source(upload["video_id"], upload["id"].hex)


def taking(upload: Row | None) -> Row:
    """The upload, if it still takes bytes."""
    if upload is None:
        raise PlayheadError("not_found", "There is no such upload.")
    if upload["state"] == UploadState.COMPLETE:
        raise PlayheadError("wrong_state", "This upload is complete; its URL takes no more bytes.")
    if upload["state"] == UploadState.DEAD or upload["expired"]:
        raise PlayheadError("url_expired", "This upload is over.")
    return upload
