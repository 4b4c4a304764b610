"""Concatenation of tus 1.0: parts of a file that were sent side by side are put together.

    POST /tus, Upload-Concat: final;{part} {part}   → 201, Location: {url}

The parts' bytes are copied by the kernel within one file system, where that can without copying at all. Which final
a partial belongs to is noted before any byte is copied: a final whose answer was lost is asked for again and found.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.states import UploadState
from playhead.model.urls import Urls
from playhead.records import grants, partials
from playhead.records import uploads as records
from playhead.records.database import Row, Transaction
from playhead.upload import tus_metadata
from playhead.upload.asking import wished
from playhead.upload.completing import complete_by_itself
from playhead.upload.grants import Caller
from playhead.upload.reply import Reply
from playhead.upload.request import Request
from playhead.upload.sessions import Uploads
from playhead.upload.tus_headers import expires

MAX_PARTS = 1000
_PARTIAL = re.compile(r"(?:https?://[^/\s]+)?(?:/[^\s]*)?/partials/([0-9a-f-]{36})/([A-Za-z0-9_.-]{1,200})/?")


def is_final(headers: Mapping[str, str]) -> bool:
    """Whether a creation asks for a file that is put together; `headers` are by lower-case name."""
    return headers.get("upload-concat", "").partition(";")[0].strip().lower() == "final"


@dataclass(frozen=True)
class Concatenation:
    """The extension for the callers of a server."""

    uploads: Uploads
    urls: Urls
    signer: Signer

    async def finish(self, request: Request[Caller]) -> Reply:
        """Create an upload of the bytes of partials, in the order given, and complete it.

        Raises:
            PlayheadError: `malformed_request`, `not_found` for a partial of somebody else, `wrong_state` while
                one is not whole, `url_expired`, `upload_too_large`, `grant_used_up`, `storage_full`; and as
                `complete_by_itself`.
        """
        concat = request.headers.get("upload-concat", "")
        ids = self._named(request.headers)
        upload = await self._claim(request, ids, concat)
        await self._assemble(upload, ids)
        await complete_by_itself(self.uploads, upload["id"])
        url = self.urls.upload(upload["id"], int(upload["expires_at"].timestamp()))
        headers = {"location": url, "upload-expires": expires(upload["expires_at"])}
        return Reply(201, headers=headers)

    def _named(self, headers: Mapping[str, str]) -> list[UUID]:
        urls = headers.get("upload-concat", "").partition(";")[2].split()
        found = [match for url in urls if (match := _PARTIAL.fullmatch(url))]
        is_read = is_final(headers) and len(found) == len(urls)
        if not is_read or not 0 < len(found) <= MAX_PARTS:
            raise PlayheadError(
                "malformed_request", "Upload-Concat must be `partial`, or `final;` and the URLs of partials."
            )
        for each in found:
            self.signer.verify("partial", each[1], each[2], int(time.time()))
        ids = [UUID(each[1]) for each in found]
        if len(set(ids)) != len(ids):
            raise PlayheadError("malformed_request", "Upload-Concat names a partial twice.")
        return ids

    async def _claim(self, request: Request[Caller], ids: Sequence[UUID], concat: str) -> Row:
        """The upload that these partials become: made now, or by the same request before."""
        caller = request.subject
        async with self.uploads.records.transaction() as tx:
            rows = await partials.lock(tx, ids)
            if any(
                each not in rows or rows[each]["project_id"] != caller.project_id or rows[each]["expired"]
                for each in ids
            ):
                raise PlayheadError("not_found", "There is no such partial upload.")
            if any(rows[each]["upload_id"] for each in ids):
                return await _same(tx, {rows[each]["upload_id"] for each in ids}, concat)
            for place, each in enumerate(ids, 1):
                if not await self.uploads.incoming.arrived(each):
                    raise PlayheadError("wrong_state", f"Part {place} of {len(ids)} is not whole yet.")
            metadata = request.headers.get("upload-metadata", "")
            size = sum(rows[each]["size"] for each in ids)
            asked = wished(tus_metadata.wishes(tus_metadata.parse(metadata), size), caller.grant)
            begun = await self._allowed(tx, caller, rows)
            await partials.let_go(tx, caller.project_id, ids)
            upload = await self.uploads.open(
                tx,
                caller.project_id,
                asked,
                grant=caller.grant,
                begun=begun,
                tus={"metadata": metadata, "concat": concat},
            )
            await partials.belong(tx, ids, upload["id"])
            return upload

    async def _allowed(self, tx: Transaction, caller: Caller, rows: Mapping[UUID, Row]) -> bool:
        """Whether all of it was begun under the caller's grant, which then need not work any more.

        Raises:
            PlayheadError: `url_expired` where the grant is over and some of it is not its own, or it was revoked.
        """
        if caller.grant is None:
            return False
        # Locked before the project's row, as whoever begins a partial does.
        grant = await grants.find(tx, caller.grant["id"], lock=True)
        is_own = all(each["grant_id"] == caller.grant["id"] for each in rows.values())
        if grant is None or grant["revoked_at"] is not None:
            raise PlayheadError("url_expired", "This grant is over.")
        if not is_own and await grants.working(tx, grant["id"]) is None:
            raise PlayheadError("url_expired", "This grant is over.")
        return is_own

    async def _assemble(self, upload: Row, ids: Sequence[UUID]) -> None:
        if upload["state"] != UploadState.WAITING:
            return
        try:
            size = await self.uploads.incoming.concatenate(upload["id"], ids)
        except PlayheadError as error:
            if error.code != "source_missing" or not await self._is_done(upload["id"]):
                raise
            return  # the same request, sent twice, has done it
        async with self.uploads.records.transaction() as tx:
            row = await records.find(tx, upload["id"], lock=True)
            state = row["state"] if row is not None else UploadState.DEAD
            if state == UploadState.WAITING:
                await records.received(tx, upload["id"], size)
        is_over = state in (UploadState.COMPLETE, UploadState.DEAD)
        for each in [*ids, upload["id"]] if is_over else ids:
            await self.uploads.incoming.discard(each)

    async def _is_done(self, upload_id: UUID) -> bool:
        async with self.uploads.records.transaction() as tx:
            row = await records.find(tx, upload_id)
        return row is not None and row["state"] != UploadState.WAITING


async def _same(tx: Transaction, upload_ids: set[UUID | None], concat: str) -> Row:
    """The upload that was made of the same partials in the same order."""
    upload_id = upload_ids.pop()
    upload = await records.find(tx, upload_id) if upload_id is not None and not upload_ids else None
    if upload is None or (upload["tus"] or {}).get("concat") != concat:
        raise PlayheadError("wrong_state", "A part has been put together with others already.")
    if upload["state"] == UploadState.DEAD:
        raise PlayheadError("url_expired", "This upload is over.")
    return upload
