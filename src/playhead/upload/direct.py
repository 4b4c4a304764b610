"""Uploads whose bytes go straight to the store: begun, signed part by part, listed, joined, given up.

What the store lists is the truth; what a client lists is only held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.states import UploadState
from playhead.records import multiparts, objects, uploads
from playhead.records.database import Row, Transaction
from playhead.storage import keys
from playhead.storage.port import SignedRequest, StoredPart
from playhead.upload.completing import complete
from playhead.upload.quarantine import SIGNED_SECONDS
from playhead.upload.sessions import Uploads, taking

MAX_PARTS = 10_000
"""As in S3, so that a client may count on the same numbers everywhere."""
SMALLEST_PART = 5 * 1024 * 1024
MOST_OPEN = 32
"""Multiparts an upload may have at once: clients begin anew when they lose track."""

_GIVEN_UP = "The store has given this multipart up; begin anew."


def part_bytes(size: int) -> int:
    """How large the parts of a file should be: all alike, as some stores want them, and few enough."""
    return max(SMALLEST_PART, -(-size // MAX_PARTS))


@dataclass(frozen=True)
class Direct:
    """The uploads of a server, for clients that send to its store themselves."""

    uploads: Uploads

    async def begin(self, upload: Row, kind: str = multiparts.PARTS) -> Row:
        """A new multipart for an upload.

        Raises:
            PlayheadError: `wrong_state`, `url_expired`, `storage_unavailable`.
        """
        taking(upload)
        multipart_id = multiparts.new_id()
        name = keys.quarantine(upload["video_id"], multipart_id.hex)
        async with self.uploads.records.transaction() as tx:
            if await multiparts.count_open(tx, upload["id"]) >= MOST_OPEN:
                raise PlayheadError("wrong_state", "Too many multiparts were begun for this upload.")
            row = await multiparts.create(tx, upload, kind, name.key, multipart_id)
            if kind == multiparts.FORM:
                # From here on the object may come at any time. One sent by parts comes when we join it.
                await _reserve(tx, row)
        # A form has no attempt in the store; our own disk takes it as a file of one part, by this name.
        attempt = multipart_id.hex
        if kind == multiparts.PARTS:
            attempt = await self.uploads.parts.begin(name.key)
        async with self.uploads.records.transaction() as tx:
            await multiparts.begun(tx, multipart_id, attempt)
        return {**row, "attempt": attempt}

    async def find(self, multipart_id: UUID) -> tuple[Row, Row]:
        """A multipart and its upload.

        Raises:
            PlayheadError: `not_found`.
        """
        async with self.uploads.records.transaction() as tx:
            row = await multiparts.find(tx, multipart_id)
            upload = await uploads.find(tx, row["upload_id"]) if row is not None else None
        if row is None or upload is None:
            raise PlayheadError("not_found", "There is no such upload.")
        return row, upload

    async def sign_part(
        self,
        row: Row,
        upload: Row,
        number: int,
        *,
        size: int | None,
        md5: str | None,
        crc64nvme: bytes | None = None,
    ) -> SignedRequest:
        """What brings one part.

        Raises:
            PlayheadError: `invalid_request`, `upload_too_large`, `wrong_state`, `url_expired`.
        """
        _open(row, upload)
        if not 1 <= number <= MAX_PARTS:
            raise PlayheadError("invalid_request", f"Parts are numbered from 1 to {MAX_PARTS}.")
        if size is not None and size > self.uploads.limit(upload):
            raise PlayheadError("upload_too_large")
        return await self.uploads.parts.sign_part(
            row["key"],
            row["attempt"],
            number,
            seconds=SIGNED_SECONDS,
            size=size,
            md5=md5,
            crc64nvme=crc64nvme,
        )

    async def sign_form(self, row: Row, upload: Row) -> SignedRequest:
        """What brings the whole file.

        Raises:
            PlayheadError: `wrong_state`, `url_expired`.
        """
        _open(row, upload)
        return await self.uploads.parts.sign_form(
            row["key"], seconds=SIGNED_SECONDS, most_bytes=self.uploads.limit(upload, single=True)
        )

    async def parts(self, row: Row, upload: Row) -> list[StoredPart]:
        """The parts that are there.

        Raises:
            PlayheadError: `wrong_state`, `url_expired`, `storage_unavailable`.
        """
        _open(row, upload)
        try:
            return await self.uploads.parts.parts(row["key"], row["attempt"])
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
            raise PlayheadError("wrong_state", _GIVEN_UP) from error

    async def complete(
        self,
        row: Row,
        upload: Row,
        listed: Mapping[int, str] | None,
        crcs: Mapping[int, bytes] | None = None,
    ) -> None:
        """Join the parts, and complete the upload if it is one that completes by itself.

        `listed` is part → ETag as the client has them; None when it has kept no list. `crcs` is part → CRC64NVME of
        those that it says one of. Doing so again, after whatever happened in between, does what is left to be done.

        Raises:
            PlayheadError: `upload_incomplete`, `wrong_state`, `size_mismatch`, `upload_too_large`,
                `checksum_mismatch`, `invalid_request`, `url_expired`, or why the file is refused.
        """
        if row["state"] == multiparts.OPEN:
            await self._join(row, upload, listed, crcs or {})
        elif row["state"] == multiparts.CLEARED and upload["state"] != UploadState.COMPLETE:
            raise PlayheadError("wrong_state", "This multipart was given up; begin anew.")
        await self.finish(upload)

    async def finish(self, upload: Row) -> None:
        """Complete an upload that is whole, if it is one that completes by itself.

        Raises:
            PlayheadError: why the file is refused.
        """
        if upload["auto_complete"]:
            await complete(self.uploads, upload["video_id"], project_id=upload["project_id"])

    async def abort(self, row: Row, upload: Row) -> None:
        """Give a multipart up; the upload goes on waiting.

        Raises:
            PlayheadError: `wrong_state` when it is whole already, `storage_unavailable`.
        """
        if row["state"] == multiparts.JOINED or upload["state"] == UploadState.COMPLETE:
            raise PlayheadError("wrong_state", "This upload is complete; delete the video instead.")
        await self.uploads.parts.abort(row["key"])
        async with self.uploads.records.transaction() as tx:
            await multiparts.cleared(tx, [row["id"]])

    async def _join(
        self, row: Row, upload: Row, listed: Mapping[int, str] | None, crcs: Mapping[int, bytes]
    ) -> None:
        try:
            parts = await self.parts(row, upload)
        except PlayheadError as error:
            # Another who completes it may have come further than when we looked.
            row, upload = await self.find(row["id"])
            if row["state"] == multiparts.JOINED:
                return
            if not _is_gone(error) or row["size"] is None:
                raise
            parts = []  # joined already, by one who did not live to say so
        else:
            total = check(parts, listed, upload["declared_size"], self.uploads.limit(upload))
            async with self.uploads.records.transaction() as tx:
                await multiparts.joining(tx, row["id"], total)
                await _reserve(tx, row)
            row = {**row, "size": total}
            parts = [replace(part, crc64nvme=crcs.get(part.number)) for part in parts]
        try:
            if await self._joined(row, upload["id"], parts):
                return
        except PlayheadError as error:
            if error.code not in ("source_missing", "wrong_state"):
                raise
            # When an upload ends, what was sent for it is swept, also from under who joins it.
            _, upload = await self.find(row["id"])
            taking(upload)
            if error.code == "source_missing":
                raise PlayheadError("wrong_state", _GIVEN_UP) from error
            raise
        # It ended while we joined.
        _, upload = await self.find(row["id"])
        taking(upload)

    async def _joined(self, row: Row, upload_id: UUID, parts: list[StoredPart]) -> bool:
        """Whether the object is there, made by us or another, and its upload has it."""
        async with self.uploads.lengthy, self.uploads.records.transaction() as tx:
            # Locked: of two that complete at once, the second finds it done.
            current = await multiparts.find(tx, row["id"], lock=True)
            if current is None or current["state"] != multiparts.OPEN:
                return True
            await tx.meanwhile(self._make(row, parts))
            if await uploads.received(tx, upload_id, row["size"]):
                await multiparts.joined(tx, row["id"], row["size"])
                return True
            await objects.doom(tx, [row["key"]])
            return False

    async def _make(self, row: Row, parts: list[StoredPart]) -> None:
        if parts:
            await self.uploads.parts.join(row["key"], row["attempt"], parts)
        elif await self.uploads.storage.size(row["key"]) != row["size"]:
            raise PlayheadError("storage_unavailable", "The store did not keep all that it was given.")


def check(parts: list[StoredPart], listed: Mapping[int, str] | None, declared: int | None, limit: int) -> int:
    """Hold the parts in the store against what the client says it has sent; their size in all, in bytes.

    Raises:
        PlayheadError: `upload_incomplete` for parts that are missing, `wrong_state` for those that are others,
            `size_mismatch`, `upload_too_large`.
    """
    there = {part.number: part.etag for part in parts}
    wanted = listed if listed is not None else dict.fromkeys(range(1, max(there, default=1) + 1), "")
    missing = sorted(set(wanted) - set(there))
    if missing or not there:
        raise PlayheadError("upload_incomplete", f"Part {(missing or [1])[0]} has not arrived.")
    for number, etag in sorted(there.items()):
        if number not in wanted:
            raise PlayheadError("wrong_state", f"Part {number} has arrived, but is not in the list.")
        if listed is not None and wanted[number].strip('"') != etag:
            raise PlayheadError("wrong_state", f"Part {number} is not the one in the list.")
    total = sum(part.size for part in parts)
    if total > limit:
        raise PlayheadError("upload_too_large", f"{total} bytes have arrived; {limit} are allowed.")
    if declared is not None and total < declared:
        raise PlayheadError("upload_incomplete", f"{total} of {declared} bytes have arrived.")
    if declared is not None and total > declared:
        raise PlayheadError("size_mismatch", f"{total} bytes have arrived; {declared} were declared.")
    return total


def _open(row: Row, upload: Row) -> None:
    taking(upload)
    if row["state"] != multiparts.OPEN or row["attempt"] is None:
        raise PlayheadError("wrong_state", "This multipart takes no more parts.")


def _is_gone(error: PlayheadError) -> bool:
    return isinstance(error.__cause__, PlayheadError) and error.__cause__.code == "source_missing"


async def _reserve(tx: Transaction, row: Row) -> None:
    name = keys.quarantine(row["video_id"], row["id"].hex)
    await objects.reserve(tx, row["project_id"], row["video_id"], {name.key: name.slot})
