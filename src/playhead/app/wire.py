"""The wiring: picks the adapters that the settings name, and hands everybody what they need."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playhead.app.refusal import RefusalError
from playhead.delivery.arrivals import Arrivals
from playhead.delivery.shelf import Shelf
from playhead.delivery.streaming import Streaming
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import Urls
from playhead.packaging import Limits
from playhead.records.database import Records
from playhead.settings import Settings
from playhead.storage.disk import Disk
from playhead.storage.disk_parts import DiskParts
from playhead.storage.port import Multipart, Storage
from playhead.upload.incoming import Incoming
from playhead.upload.overhearing import Overhearing
from playhead.upload.part_plane import TakesParts
from playhead.upload.sessions import Uploads


@dataclass(frozen=True)
class Parts:
    """What web and worker processes are made of."""

    settings: Settings
    records: Records
    storage: Storage
    signer: Signer
    urls: Urls
    uploads: Uploads
    part_taker: TakesParts | None
    streaming: Streaming


@dataclass(frozen=True)
class Stores:
    """Where objects are kept, and how clients send some straight there."""

    storage: Storage
    multipart: Multipart
    part_taker: TakesParts | None
    """Takes the parts that are sent to us; None when they are sent elsewhere."""


def wire(settings: Settings, *, silent_seconds: float | None = None, scratch: Path | None = None) -> Parts:
    """Put the parts together. The database's URL and the secret must be in the settings by now.

    `silent_seconds` is that of `Records`; `scratch` is a worker's folder for what it opens as local files.

    Raises:
        PlayheadError: `database_unavailable` or `storage_unavailable` when a setting names nothing usable.
    """
    if settings.database_url is None or settings.secret is None:
        raise PlayheadError(
            "database_unavailable",
            "PLAYHEAD_DATABASE_URL and PLAYHEAD_SECRET must be set; `playhead serve` does it.",
        )
    records = Records(settings.database_url.get_secret_value(), silent_seconds=silent_seconds)
    try:
        signer = Signer([part.strip() for part in settings.secret.get_secret_value().split(",")])
    except ValueError as error:
        raise RefusalError(f"PLAYHEAD_SECRET cannot be used: {error}") from error
    urls = Urls(settings.base_url, signer)
    stores = pick_stores(settings, urls, scratch)
    storage = stores.storage
    incoming = Incoming(settings.data / "incoming")
    shelf = Shelf(storage, source_limits(settings))
    arrivals = Arrivals(records, storage, incoming.arriving, shelf)
    return Parts(
        settings=settings,
        records=records,
        storage=storage,
        signer=signer,
        urls=urls,
        uploads=Uploads(
            records=records,
            storage=storage,
            incoming=incoming,
            max_bytes=settings.max_upload_bytes,
            max_resumable_bytes=settings.resumable_limit,
            expiry_seconds=settings.upload_expiry_seconds,
            on_arrival=arrivals.note,
            # A worker, which has such a folder, shows nothing.
            overhearing=Overhearing(shelf.overhear) if scratch is None else None,
            on_source=shelf.begin if scratch is None else None,
            multipart=stores.multipart,
        ),
        part_taker=stores.part_taker,
        streaming=Streaming(records, storage, shelf, arrivals),
    )


def source_limits(settings: Settings) -> Limits:
    """What is still offered to players as it was uploaded. Web and worker must judge alike."""
    return Limits(bits_per_second=settings.source_max_bit_rate, gop_seconds=settings.source_max_gop_seconds)


def pick_stores(settings: Settings, urls: Urls, scratch: Path | None = None) -> Stores:
    """The adapters that `PLAYHEAD_STORAGE_URL` names.

    Raises:
        PlayheadError: `storage_unavailable` for a URL that there is no adapter for.
    """
    url = urlsplit(settings.storage_url or "file:")
    if url.scheme == "file" and url.netloc in ("", "localhost"):
        disk = Disk(settings.data / "storage" if settings.storage_url is None else Path(unquote(url.path)))

        def sign(
            attempt: str, number: int, seconds: int, size: int | None, md5: str | None, crc64nvme: str | None
        ) -> str:
            return urls.part(attempt, number, int(time.time()) + seconds, size, md5, crc64nvme)

        parts = DiskParts(settings.data / "parts", disk, sign)
        return Stores(disk, parts, parts)
    if url.scheme == "s3":
        # Its clients take a moment to load, which the embedded profile is spared.
        from playhead.app import distributed

        return Stores(*distributed.stores(settings, scratch or Path(tempfile.gettempdir())), None)
    raise PlayheadError("storage_unavailable", "PLAYHEAD_STORAGE_URL must begin with file:/// or s3://.")
