"""Every URL Playhead hands out: the only place that spells one. `delivery/names.py` reads them back.

A URL of stored bytes carries `?v=`, a short hash of the object's key. Keys are written once, so the same `v`
always means the same bytes and the answer may be kept for a year; when the bytes change, so does the URL. The
server answers without or with another `v` too, with the current bytes, but then nobody may keep them.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from playhead.model.signing import Signer

_VERSION_LENGTH = 12
"""Hexadecimal digits: 48 bits tell the few objects apart that a URL ever leads to."""


def version(key: str) -> str:
    """What stands behind `?v=` for the object stored under `key`."""
    return hashlib.sha256(b"playhead version\0" + key.encode()).hexdigest()[:_VERSION_LENGTH]


class Urls:
    """URLs below `base_url`, which has no trailing slash. Times are whole seconds since 1970.

    `key` is the object key of what the URL leads to. `token` comes from `playback_token` and stands in the
    path of a private video's URLs; a public video's have none.
    """

    def __init__(self, base_url: str, signer: Signer) -> None:
        self.base_url = base_url.rstrip("/")
        self._signer = signer

    def upload(self, upload_id: UUID, expires_at: int) -> str:
        """Where the bytes of an upload are sent; whoever holds it may send them."""
        token = self._signer.sign("upload", str(upload_id), expires_at)
        return f"{self.base_url}/uploads/{upload_id}/{token}"

    def partial(self, partial_id: UUID, expires_at: int) -> str:
        """Where the bytes of a file are sent that will be put together with others."""
        token = self._signer.sign("partial", str(partial_id), expires_at)
        return f"{self.base_url}/partials/{partial_id}/{token}"

    def grant_token(self, grant_id: UUID, expires_at: int) -> str:
        """Lets its holder create uploads until then. It carries the grant's id, as it stands alone in paths."""
        return f"{grant_id.hex}.{self._signer.sign('grant', grant_id.hex, expires_at)}"

    def grant(self, token: str) -> str:
        """Below it lies all that a grant opens: `/tus`, `/s3/…`, `/preflight`."""
        return f"{self.base_url}/u/{token}"

    def part(
        self,
        attempt: str,
        number: int,
        expires_at: int,
        size: int | None,
        md5: str | None,
        crc64nvme: str | None = None,
    ) -> str:
        """Where one part of a file is sent, when it is our own disk that takes it.

        Both checksums are in hexadecimal digits. Part 0 is the whole file, brought by a form.
        """
        path = part_path(attempt, number, size, md5, crc64nvme)
        return f"{self.base_url}/parts/{path}/{self._signer.sign('part', path, expires_at)}"

    def playback_token(self, video_id: UUID, expires_at: int) -> str:
        """Opens everything of one private video until then."""
        return self._signer.sign("playback", str(video_id), expires_at)

    def rendition(self, video_id: UUID, resolution: str, key: str, token: str | None = None) -> str:
        """A finished rendition's progressive MP4."""
        return self._stored(video_id, f"{resolution}.mp4", key, token)

    def thumbnail(
        self, video_id: UUID, resolution: str, number: int, key: str, token: str | None = None
    ) -> str:
        """The thumbnail of one requested moment, numbered from 0, at a rendition's size."""
        return self._stored(video_id, f"thumbnail-{resolution}-{number}.jpg", key, token)

    def poster(self, video_id: UUID, key: str, token: str | None = None) -> str:
        """The picture shown before playback."""
        return self._stored(video_id, "poster.jpg", key, token)

    def captions(self, video_id: UUID, language: str, key: str, token: str | None = None) -> str:
        """Captions as WebVTT, for a `<track>`."""
        return self._stored(video_id, f"captions-{language}.vtt", key, token)

    def hls(self, video_id: UUID, token: str | None = None) -> str:
        """The multivariant playlist. It changes while renditions are added, so it has no version."""
        return f"{self.base_url}/v/{_path(video_id, token)}/master.m3u8"

    def dash(self, video_id: UUID, token: str | None = None) -> str:
        """The DASH manifest, as changeable as the playlist."""
        return f"{self.base_url}/v/{_path(video_id, token)}/manifest.mpd"

    def embed(self, video_id: UUID, token: str | None = None) -> str:
        """The page that plays the video, to be put in an iframe."""
        return f"{self.base_url}/embed/{_path(video_id, token)}"

    def _stored(self, video_id: UUID, name: str, key: str, token: str | None) -> str:
        return f"{self.base_url}/v/{_path(video_id, token)}/{name}?v={version(key)}"


def part_path(attempt: str, number: int, size: int | None, md5: str | None, crc64nvme: str | None) -> str:
    """What a part's URL says, and what its token is about."""
    path = f"{attempt}/{number}/{'-' if size is None else size}/{md5 or '-'}"
    return path if crc64nvme is None else f"{path}/{crc64nvme}"


def _path(video_id: UUID, token: str | None) -> str:
    return f"{video_id}/~{token}" if token is not None else str(video_id)
