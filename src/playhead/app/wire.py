"""The wiring: picks the adapters that the settings name, and hands everybody what they need."""

from __future__ import annotations

import tempfile
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
from playhead.storage.port import Storage
from playhead.upload.incoming import Incoming
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
    streaming: Streaming


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
    storage = pick_storage(settings, scratch)
    try:
        signer = Signer([part.strip() for part in settings.secret.get_secret_value().split(",")])
    except ValueError as error:
        raise RefusalError(f"PLAYHEAD_SECRET cannot be used: {error}") from error
    incoming = Incoming(settings.data / "incoming")
    shelf = Shelf(storage, source_limits(settings))
    arrivals = Arrivals(records, storage, incoming.arriving, shelf)
    return Parts(
        settings=settings,
        records=records,
        storage=storage,
        signer=signer,
        urls=Urls(settings.base_url, signer),
        uploads=Uploads(
            records=records,
            storage=storage,
            incoming=incoming,
            max_bytes=settings.max_upload_bytes,
            max_resumable_bytes=settings.resumable_limit,
            expiry_seconds=settings.upload_expiry_seconds,
            on_arrival=arrivals.note,
        ),
        streaming=Streaming(records, storage, shelf, arrivals),
    )


def source_limits(settings: Settings) -> Limits:
    """What is still offered to players as it was uploaded. Web and worker must judge alike."""
    return Limits(bits_per_second=settings.source_max_bit_rate, gop_seconds=settings.source_max_gop_seconds)


def pick_storage(settings: Settings, scratch: Path | None = None) -> Storage:
    """The adapter that `PLAYHEAD_STORAGE_URL` names.

    Raises:
        PlayheadError: `storage_unavailable` for a URL that there is no adapter for.
    """
    if settings.storage_url is None:
        return Disk(settings.data / "storage")
    url = urlsplit(settings.storage_url)
    if url.scheme == "file" and url.netloc in ("", "localhost"):
        return Disk(Path(unquote(url.path)))
    if url.scheme == "s3":
        # Its clients take a moment to load, which the embedded profile is spared.
        from playhead.app import distributed

        return distributed.storage(settings, scratch or Path(tempfile.gettempdir()))
    raise PlayheadError("storage_unavailable", "PLAYHEAD_STORAGE_URL must begin with file:/// or s3://.")
