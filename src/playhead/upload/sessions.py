"""Upload sessions: opened for a video, filled by a protocol; `completing` makes sources of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from playhead.model.checksum import NO_CHECKSUMS, Checksums
from playhead.model.errors import PlayheadError
from playhead.model.loudness import Loudness
from playhead.model.states import UploadState
from playhead.records import grants, quotas, uploads, videos
from playhead.records.database import POOL_SIZE, Records, Row, Transaction
from playhead.storage import keys
from playhead.storage.arriving import UNKNOWN_SIZE, Held
from playhead.storage.keys import ObjectName
from playhead.storage.port import Multipart, Storage
from playhead.upload.checksum import Checksum
from playhead.upload.incoming import Incoming
from playhead.upload.overhearing import Overhearing
from playhead.upload.part import Chunk, Part
from playhead.upload.rules import check_announced, check_content_type, content_type_of

LENGTHY = 2 * POOL_SIZE // 3
"""Transactions of a process that may wait for the store: a third of its connections, so that who only reads and
writes rows finds one meanwhile."""


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
    auto_complete: bool = False
    """Whether it is completed by the request that brings the last byte."""
    loudness: Loudness = Loudness.SOURCE
    checksums: Checksums = NO_CHECKSUMS
    """What the whole file must add up to, where its sender says so."""


@dataclass(frozen=True)
class Uploads:
    """The upload station: everything it works with."""

    records: Records
    storage: Storage
    incoming: Incoming
    max_bytes: int
    """Of a file that comes in a single request."""
    expiry_seconds: int
    on_arrival: Callable[[Row], Awaitable[None]] | None = None
    """Told the row of an upload that is played while it arrives, whenever more of it is there."""
    overhearing: Overhearing | None = None
    """Listens to what is sent here."""
    on_source: Callable[[str, int], None] | None = None
    """Told the key and the size of a file that becomes a source, a moment before players can ask for it."""
    max_resumable_bytes: int | None = None
    """Of a file that comes in several; as many as in one when None."""
    multipart: Multipart | None = None
    """The store's ability to take files straight from clients."""
    lengthy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LENGTHY))
    """Held by transactions that wait for a file to be copied, joined or read through."""

    def is_direct(self, request: VideoRequest) -> bool:
        """Whether a file is best sent by parts, as these go straight to a store and not through our processes."""
        return self.multipart is not None and not self.storage.is_near and not request.play_while_uploading

    def limit(self, row: Row | None = None, *, single: bool = False) -> int:
        """The largest file, in bytes, that may come: for an upload or under a grant, where one is given."""
        most = self.max_bytes if single else self.max_resumable_bytes or self.max_bytes
        narrowed = row["max_bytes"] if row is not None else None
        return most if narrowed is None else min(most, narrowed)

    @property
    def parts(self) -> Multipart:
        """That ability.

        Raises:
            PlayheadError: `wrong_state` when the store has none.
        """
        if self.multipart is None:
            raise PlayheadError("wrong_state", "This server takes no files by parts.")
        return self.multipart

    async def open(
        self,
        tx: Transaction,
        project_id: UUID,
        request: VideoRequest,
        *,
        grant: Row | None = None,
        begun: bool = False,
        tus: dict[str, str] | None = None,
    ) -> Row:
        """Create a video with an upload that waits for its bytes; the upload's row.

        `grant` is the one that allows it, and counts it, also when its time is over if the file was `begun` before.
        `tus` is what a client of tus wants to see again.

        Raises:
            PlayheadError: `upload_too_large`, `grant_used_up`, `quota_exceeded`, `rate_limited`.
        """
        limit = self.limit(grant)
        if request.size_bytes is not None and request.size_bytes > limit:
            raise PlayheadError(
                "upload_too_large", f"At most {limit} bytes are accepted.", field="fileSizeBytes"
            )
        if grant is not None and not await grants.spend(tx, grant["id"], begun=begun):
            raise PlayheadError("grant_used_up")
        await quotas.admit(tx, project_id, uploads.reservation(request.size_bytes))
        video_id = await videos.create(
            tx,
            project_id,
            filename=request.filename,
            is_public=request.is_public,
            metadata=request.metadata,
            thumbnail_seconds=request.thumbnail_seconds,
            resolutions=request.resolutions,
            loudness=request.loudness,
        )
        return await uploads.create(
            tx,
            project_id,
            video_id,
            content_type=content_type_of(request.filename),
            declared_size=request.size_bytes,
            expires_in=timedelta(seconds=self.expiry_seconds),
            play_while_uploading=request.play_while_uploading,
            auto_complete=request.auto_complete,
            max_bytes=grant["max_bytes"] if grant is not None else None,
            grant_id=grant["id"] if grant is not None else None,
            tus=tus,
            checksums=request.checksums,
        )

    async def receive(
        self, upload_id: UUID, body: AsyncIterator[bytes], *, content_type: str | None, announced: int | None
    ) -> int:
        """Take the whole file in one body; the number of bytes kept.

        Until the upload is completed a body may be sent again and replaces the one before. Not so one that is
        played while it arrives: its bytes stay, so a body of known length is taken as a part that is all.
        A `content_type` of None is not compared.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once completed, `url_expired`, `content_type_mismatch`,
                `upload_too_large`, `size_mismatch`, `storage_full`.
        """
        async with self.records.transaction() as tx:
            upload = taking(await uploads.find(tx, upload_id))
        if content_type is not None:
            check_content_type(content_type, upload["content_type"])
        declared = upload["declared_size"]
        most = self.limit(upload, single=True)
        check_announced(announced, declared, most)
        if upload["play_while_uploading"] and announced:
            await self._fill(upload, Part(0, announced, announced), body)
            return announced
        limit = most if declared is None else min(declared, most)
        if announced:
            body = self._overheard(upload, announced, body)
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
        check_announced(part.size, upload["declared_size"], self.limit(upload))
        if part.start:
            held = await self.standing(upload_id)
            if held is None or not held.prefix:
                # Without a first byte there is no Range to answer with, and senders take that for success.
                raise PlayheadError("wrong_state", "The file's first bytes must come first.")
        return await self._fill(upload, part, body)

    async def receive_chunk(
        self,
        upload_id: UUID,
        chunk: Chunk,
        body: AsyncIterator[bytes],
        checksum: Checksum | None = None,
    ) -> Held:
        """Take bytes that go on where the upload stands; what there is of the file then.

        Raises:
            PlayheadError: `not_found`, `url_expired`; `wrong_state` once completed, when a newer request took
                over, or when the upload stands elsewhere; `upload_too_large`, `size_mismatch`,
                `malformed_request`, `checksum_mismatch`, `storage_full`.
        """
        async with self.records.transaction() as tx:
            upload = taking(await uploads.find(tx, upload_id, lock=chunk.size is not None))
            declared = upload["declared_size"]
            if chunk.size is not None and declared is None:
                declared = chunk.size
                if declared > self.limit(upload):
                    raise PlayheadError(
                        "upload_too_large", f"At most {self.limit(upload)} bytes are accepted."
                    )
                await uploads.declare(tx, upload_id, declared)
        if chunk.size not in (None, declared):
            raise PlayheadError("size_mismatch", f"{declared} bytes were declared, and now {chunk.size} are.")
        stop = self.limit(upload) if declared is None else declared
        if chunk.start + (chunk.announced or 0) > stop:
            raise PlayheadError("upload_too_large", f"The file would be larger than {stop} bytes.")
        part = Part(chunk.start, stop, UNKNOWN_SIZE if declared is None else declared)
        return await self._fill(upload, part, body, follows=True, checksum=checksum)

    async def standing(self, upload_id: UUID) -> Held | None:
        """What there is of a file that is sent in parts.

        Raises:
            PlayheadError: `not_found`, `wrong_state` once completed, `url_expired`.
        """
        async with self.records.transaction() as tx:
            taking(await uploads.find(tx, upload_id))
        return await self.incoming.standing(upload_id)

    async def completed(self, upload_id: UUID) -> int | None:
        """The size of what an upload brought that has completed by itself; None for every other."""
        async with self.records.transaction() as tx:
            upload = await uploads.find(tx, upload_id)
        if upload is None or not upload["auto_complete"] or upload["state"] != UploadState.COMPLETE:
            return None
        return int(upload["received_size"])

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

    async def take_back(self, upload: Row) -> None:
        """Undo that an upload was opened, as we could not begin it and nobody was told of it.

        Raises:
            PlayheadError: `not_found`.
        """
        await self.abandon(upload["id"])
        if upload["grant_id"] is not None:
            async with self.records.transaction() as tx:
                await grants.give_back(tx, upload["grant_id"])

    def _overheard(self, upload: Row, size: int, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        if self.overhearing is None:
            return body
        return self.overhearing.heard(body, source_name(upload).key, size)

    async def _fill(
        self,
        upload: Row,
        part: Part,
        body: AsyncIterator[bytes],
        *,
        follows: bool = False,
        checksum: Checksum | None = None,
    ) -> Held:
        upload_id, on_arrival = upload["id"], self.on_arrival
        watched = upload["play_while_uploading"] and on_arrival is not None

        async def tell() -> None:
            if on_arrival is not None:
                await on_arrival(upload)

        if not part.start and part.size != UNKNOWN_SIZE:
            body = self._overheard(upload, part.size, body)
        held = await self.incoming.receive_part(
            upload_id, part, body, tell if watched else None, follows=follows, checksum=checksum
        )
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


def source_name(upload: Row) -> ObjectName:
    """What an upload's file is called in the store once it is the source of its video."""
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
