"""`/v1/videos/{id}/captions`: captions that are sent apart from their video, and all captions deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Controller, Request, delete, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, SkipValidation

from playhead.api.access import id_of
from playhead.api.gather import gather
from playhead.api.videos import view
from playhead.media.captions.cues import MOST_BYTES
from playhead.model.urls import Urls
from playhead.records import videos
from playhead.records.database import Records
from playhead.storage.port import Storage
from playhead.upload.captions import Captions

RecordsGiven = NamedDependency[SkipValidation[Records]]
StorageGiven = NamedDependency[SkipValidation[Storage]]
UrlsGiven = NamedDependency[SkipValidation[Urls]]


class CaptionsController(Controller):
    """Captions of the caller's videos."""

    path = "/v1/videos/{video_id:str}/captions/{language:str}"
    tags = ("Captions",)

    @put(request_max_body_size=2 * MOST_BYTES)
    async def send(
        self,
        request: Request[Any, Any, Any],
        video_id: FromPath[str],
        language: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        storage: StorageGiven,
        urls: UrlsGiven,
        title: FromQuery[str | None] = None,
    ) -> dict[str, Any]:
        """Send captions, WebVTT or SubRip, as the body; they replace any in that language. Answers the video."""
        wanted = id_of(video_id)
        content = await request.body()
        await Captions(records, storage).put(wanted, project_id, language, content, title)
        async with records.transaction() as tx:
            video = await videos.get(tx, wanted, project_id=project_id)
            return view((await gather(tx, [video]))[0], urls)

    @delete(status_code=204)
    async def remove(
        self,
        video_id: FromPath[str],
        language: FromPath[str],
        project_id: NamedDependency[UUID],
        records: RecordsGiven,
        storage: StorageGiven,
    ) -> None:
        """Delete captions, those of the source too."""
        await Captions(records, storage).remove(id_of(video_id), project_id, language)
