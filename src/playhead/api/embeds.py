"""What an embed page shows: looks a video up for the playback station, which knows no records."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from playhead.api.gather import VideoRecord, gather
from playhead.model import languages
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.states import Status
from playhead.model.urls import Urls
from playhead.playback.embed import EmbedCaptions, EmbedSource, EmbedVideo
from playhead.records import videos
from playhead.records.database import Records


@dataclass(frozen=True)
class Embeds:
    """Finds the video of an embed page."""

    records: Records
    urls: Urls
    signer: Signer

    async def __call__(self, video_id: UUID, token: str | None) -> EmbedVideo:
        """The video with URLs that play.

        Raises:
            PlayheadError: `not_found`, also for a private video without a token; `url_invalid`, `url_expired`.
        """
        if token is not None:
            self.signer.verify("playback", str(video_id), token, int(time.time()))
        async with self.records.moment() as tx:
            video = await videos.find(tx, video_id)
            # A remake is nobody's video until it has taken the place of one.
            if video is None or video["replaces"] is not None or not (video["is_public"] or token):
                raise PlayheadError("not_found", "There is no such video.")
            record = (await gather(tx, [video]))[0]
        return _embed(record, self.urls, token)


def _embed(record: VideoRecord, urls: Urls, token: str | None) -> EmbedVideo:
    video, info = record.video, record.video["info"]
    film = info["video"] if info else None
    sources = tuple(
        EmbedSource(
            url=urls.rendition(video["id"], row["resolution"], row["key"], token),
            width=row["width"],
            height=row["height"],
        )
        for row in record.renditions
        if row["status"] == Status.READY
    )
    playable = video["playable_at"] is not None and video["status"] != Status.FAIL
    return EmbedVideo(
        title=video["filename"],
        status=video["status"],
        width=film["width"] if film else 16,
        height=film["height"] if film else 9,
        poster_url=urls.poster(video["id"], video["poster_key"], token) if video["poster_key"] else None,
        hls_url=urls.hls(video["id"], token) if playable else None,
        sources=sources,
        captions=tuple(
            EmbedCaptions(
                url=urls.captions(video["id"], row["language"], row["key"], token),
                language=languages.primary(row["language"]),
                title=row["title"] or languages.named(row["language"], "Captions"),
            )
            for row in record.captions
        ),
    )
