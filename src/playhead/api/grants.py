"""`/v1/upload-grants`: uploads from browsers that have no key."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from playhead.api.access import id_of
from playhead.api.once import Once
from playhead.model.errors import PlayheadError
from playhead.model.urls import Urls
from playhead.records import grants
from playhead.records.database import Records, Transaction
from playhead.upload.asking import check_metadata, check_resolutions

DEFAULT_SECONDS = 3600
MAX_SECONDS = 7 * 24 * 3600

Count = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Bytes = Annotated[int, msgspec.Meta(ge=1, le=2**62)]
Lifetime = Annotated[int, msgspec.Meta(ge=1, le=MAX_SECONDS)]

RecordsGiven = NamedDependency[SkipValidation[Records]]
UrlsGiven = NamedDependency[SkipValidation[Urls]]


class CreateGrant(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /v1/upload-grants`."""

    resolutions: Annotated[list[str], msgspec.Meta(min_length=1, max_length=32)] | None = None
    """What may be asked for, and what is made when the uploader asks for nothing."""
    is_public: bool | None = None
    """False: all its videos are private. Else the uploader may say, and they are public when it says nothing."""
    metadata: dict[str, Any] | None = None
    """Given to each of its videos."""
    max_bytes: Bytes | None = None
    """The largest file that may be sent."""
    max_uploads: Count | None = None
    """How many uploads may be created."""
    expires_in_seconds: Lifetime = DEFAULT_SECONDS


class GrantsController(Controller):
    """Grants of the caller's project."""

    path = "/v1/upload-grants"
    tags = ("Uploads",)

    @post(status_code=201)
    async def create(
        self,
        data: JSONBody[CreateGrant],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        urls: UrlsGiven,
        once: NamedDependency[SkipValidation[Once]],
    ) -> dict[str, Any]:
        """Let a browser create uploads without a key, for a while and within limits."""
        check_resolutions(data.resolutions or [])
        check_metadata(data.metadata, "metadata")

        async def create(tx: Transaction) -> dict[str, Any]:
            row = await grants.create(
                tx,
                project_id,
                resolutions=list(dict.fromkeys(data.resolutions)) if data.resolutions else None,
                is_public=data.is_public,
                metadata=data.metadata,
                max_bytes=data.max_bytes,
                max_uploads=data.max_uploads,
                expires_in=timedelta(seconds=data.expires_in_seconds),
            )
            token = urls.grant_token(row["id"], int(row["expires_at"].timestamp()))
            base = urls.grant(token)
            return {
                "id": str(row["id"]),
                "token": token,
                "tus_url": f"{base}/tus",
                "companion_url": base,
                "preflight_url": f"{base}/preflight",
                "expires_at": row["expires_at"],
            }

        async with records.transaction() as tx:
            return await once.create(tx, project_id, create)

    @delete("/{grant_id:str}", status_code=204)
    async def revoke(
        self, grant_id: FromPath[str], project_id: NamedDependency[UUID], records: RecordsGiven
    ) -> None:
        """End a grant now. Uploads that were created under it go on."""
        async with records.transaction() as tx:
            if not await grants.revoke(tx, project_id, id_of(grant_id)):
                raise PlayheadError("not_found", "There is no such grant.")
