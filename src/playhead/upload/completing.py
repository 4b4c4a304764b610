"""Completing an upload: what arrived is judged and becomes the source of its video."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from playhead.media.source import HEAD_BYTES, require_media
from playhead.model import jobs
from playhead.model.checksum import Checksums, require
from playhead.model.errors import PlayheadError
from playhead.model.events import EventType
from playhead.model.states import Status, UploadState
from playhead.records import events, objects, quotas, uploads, videos
from playhead.records.database import Row, Transaction
from playhead.storage.digest import checksums_of
from playhead.storage.keys import ObjectName
from playhead.upload import quarantine
from playhead.upload.once import Once
from playhead.upload.sessions import Uploads, VideoRequest, source_name


async def create_from(
    station: Uploads, arrived: UUID, project_id: UUID, request: VideoRequest, asked_once: Once | None = None
) -> UUID:
    """Create a video from bytes that have arrived already under the id `arrived`, and complete it.

    Of what is `asked_once` for a second time, the video that was created the first time. Where it cannot be
    completed now, who asked so finds it later, or it completes by itself. Who did not will send all of it again, as
    a video of its own: this one is then given up.

    Raises:
        PlayheadError: why the bytes are refused; `idempotency_key_reused`; `storage_unavailable` and
            `database_unavailable` when it is worth to ask again.
    """
    async with station.records.transaction() as tx:
        before = await asked_once.before(tx) if asked_once is not None else None
        if before is None:
            upload = await station.open(tx, project_id, replace(request, auto_complete=True))
            if asked_once is not None:
                await asked_once.note(tx, upload["video_id"])
            await uploads.received(tx, upload["id"], request.size_bytes or 0)
            await station.incoming.hand_over(arrived, upload["id"])
    video_id: UUID = before or upload["video_id"]
    try:
        # The first time may not have come so far.
        await complete(station, video_id, project_id=project_id)
    except PlayheadError as error:
        if before is not None and error.code == "wrong_state":
            return video_id  # it has failed since, or is deleted: what it was answered stands
        if asked_once is None:
            if error.kind.retriable and not await _given_up(station, upload):
                return video_id
        elif not error.kind.retriable:
            await asked_once.free(station.records)
        raise
    return video_id


async def _given_up(station: Uploads, upload: Row) -> bool:
    """Give up what could not be completed and nobody knows of; False when it was completed after all."""
    try:
        await station.take_back(upload)
    except PlayheadError as error:
        # While the database is away as well it stays, and completes by itself later.
        return error.code != "wrong_state"
    return True


async def complete_by_itself(station: Uploads, upload_id: UUID) -> None:
    """Complete an upload whose last byte has come, if it is one that nobody else completes; else do nothing.

    Raises:
        PlayheadError: as `complete`.
    """
    async with station.records.transaction() as tx:
        upload = await uploads.find(tx, upload_id)
        if upload is None or not upload["auto_complete"]:
            return
        if upload["state"] == UploadState.WAITING:
            # Perhaps a process died between the last byte and the note of it.
            held = await station.incoming.standing(upload_id)
            if held is None or not held.whole:
                return
            if not await uploads.received(tx, upload_id, held.size):
                return
        elif upload["state"] != UploadState.RECEIVED:
            return
    await complete(station, upload["video_id"], project_id=upload["project_id"])


async def complete(station: Uploads, video_id: UUID, *, project_id: UUID) -> None:
    """Judge what arrived and make it the video's source. Completing again changes nothing.

    Raises:
        PlayheadError: `not_found`, `wrong_state`, or why the bytes are refused; the video has then failed.
    """
    direct = await _reserve(station, video_id, project_id)
    async with station.lengthy, station.records.transaction() as tx:
        video = await videos.get(tx, video_id, project_id=project_id, lock=True)
        upload = await uploads.of_video(tx, video_id, lock=True)
        if video["status"] in (Status.PROCESSING, Status.READY):
            return
        if upload is None or video["status"] != Status.PENDING_UPLOAD:
            raise PlayheadError("wrong_state", f"The video's status is {video['status']}.")
        await _require_whole(station, upload)
        # Taken over before it is judged: whatever the URL's holder sends from here on changes nothing.
        name = source_name(upload)
        await station.incoming.arriving.seal(upload["id"])
        if direct is not None:
            await quarantine.release(station, tx, direct, name.key)
        elif await station.incoming.arrived(upload["id"]):
            await tx.meanwhile(station.storage.adopt(name.key, station.incoming.path(upload["id"])))
        refusal = await _judge(station, tx, name, upload)
        if refusal is None:
            size = await _accept(station, tx, name, video, upload)
        else:
            await uploads.end(tx, upload["id"], UploadState.DEAD)
            await objects.doom(tx, [name.key])
            await videos.fail(tx, video, refusal)
        if direct is not None:
            await quarantine.doom(tx, video_id)
    await station.incoming.discard(upload["id"])
    if refusal is not None:
        raise refusal
    if station.on_source is not None:
        # Not before a worker may begin: a long film's index takes this process a while.
        station.on_source(name.key, size)


async def _reserve(station: Uploads, video_id: UUID, project_id: UUID) -> Row | None:
    """Write the source's key down before it exists; a crash while completing leaves nothing unknown.

    Completing again, after such a crash, finds the bytes under it: the key is the upload's own.

    Returns:
        The multipart that has brought the file straight to the store, if it came that way.
    """
    async with station.records.transaction() as ledger:
        video = await videos.get(ledger, video_id, project_id=project_id)
        upload = await uploads.of_video(ledger, video_id)
        if upload is None or video["status"] != Status.PENDING_UPLOAD:
            return None
        name = source_name(upload)
        await objects.reserve(ledger, project_id, video_id, {name.key: name.slot})
    return await quarantine.arrived(station, upload)


async def _require_whole(station: Uploads, upload: Row) -> None:
    """A file sent in parts of which some are missing is no failure: its sender can go on."""
    held = await station.incoming.standing(upload["id"])
    if held is not None and not held.whole:
        raise PlayheadError(
            "upload_incomplete",
            f"{len(held.bytes)} of {held.size} bytes have arrived; send the others first.",
        )


async def _judge(station: Uploads, tx: Transaction, name: ObjectName, upload: Row) -> PlayheadError | None:
    try:
        size = await station.storage.size(name.key)
        head = await station.storage.read(name.key, 0, HEAD_BYTES)
    except PlayheadError as error:
        if error.code != "source_missing":
            raise
        return PlayheadError("upload_missing")
    declared = upload["declared_size"]
    if declared is not None and size != declared:
        return PlayheadError("size_mismatch", f"{size} bytes arrived; {declared} were declared.")
    try:
        require_media(head, size)
    except PlayheadError as refusal:
        return refusal
    overrun = await quotas.overrun(tx, upload["project_id"], size - upload["reserved_bytes"])
    return overrun or await _verify(station, tx, name, upload)


async def _verify(station: Uploads, tx: Transaction, name: ObjectName, upload: Row) -> PlayheadError | None:
    """Hold the file against the checksums declared for it, where it is at hand or its store tells them.

    From elsewhere every byte would have to come here first. The first step of processing has them all at hand:
    what is still to be looked at is looked at there, before anything else. No store tells the SHA-256 of a file that
    came by parts, only one made of theirs.
    """
    declared = uploads.declared(upload)
    if not declared:
        return None
    if station.storage.is_near:
        async with station.storage.local(name.key) as path:
            found = await tx.meanwhile(checksums_of(path, declared))
    elif declared.crc64nvme is not None and station.multipart is not None:
        found = Checksums(crc64nvme=await tx.meanwhile(station.multipart.crc64nvme(name.key)))
    else:
        return None
    try:
        require(declared, found)
    except PlayheadError as mismatch:
        return mismatch
    if found == declared:
        await uploads.verified(tx, upload["id"])
    return None


async def _accept(station: Uploads, tx: Transaction, name: ObjectName, video: Row, upload: Row) -> int:
    """Make it the source; its size in bytes."""
    size = await station.storage.size(name.key)
    await objects.keep(tx, [name.key])
    await uploads.end(tx, upload["id"], UploadState.COMPLETE)
    begun = await videos.begin_processing(tx, video["id"], source_key=name.key, source_size=size)
    await events.append(tx, video["project_id"], video["id"], EventType.UPLOADED)
    await tx.defer(jobs.inspect(video["id"], begun["turn"]))
    return size
