"""The distributed profile: objects in S3, which any number of web and worker machines share.

`embedded.py` is its counterpart on one machine. Nothing else differs between them but the database's URL.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp
from pydantic import SecretStr
from yarl import URL

from playhead.app.refusal import RefusalError
from playhead.model.errors import PlayheadError
from playhead.settings import Settings
from playhead.storage.bucket import Bucket, server_said
from playhead.storage.copies import Copies
from playhead.storage.port import Multipart, Storage
from playhead.storage.s3 import S3
from playhead.storage.s3_parts import S3Parts
from playhead.storage.wrap import Retried


def bucket(settings: Settings) -> Bucket:
    """The bucket that `PLAYHEAD_STORAGE_URL` names.

    Raises:
        PlayheadError: `storage_unavailable` when it names none, or only half of a key is given.
    """
    url = urlsplit(settings.storage_url or "")
    if url.scheme != "s3" or not url.netloc:
        raise PlayheadError(
            "storage_unavailable", "PLAYHEAD_STORAGE_URL must be s3://bucket or s3://bucket/prefix."
        )
    if (settings.s3_access_key is None) != (settings.s3_secret_key is None):
        raise PlayheadError(
            "storage_unavailable", "PLAYHEAD_S3_ACCESS_KEY and PLAYHEAD_S3_SECRET_KEY belong together."
        )
    return Bucket(
        name=url.netloc,
        prefix=unquote(url.path).strip("/"),
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key=_plain(settings.s3_access_key),
        secret_key=_plain(settings.s3_secret_key),
    )


def stores(settings: Settings, scratch: Path) -> tuple[Storage, Multipart]:
    """Objects in that bucket, and what clients send straight to it.

    What a worker opens as local files lies in `scratch`, and is fetched once.
    """
    place = bucket(settings)
    return Copies(Retried(S3(place, scratch)), settings.copies_bytes), S3Parts(place)


async def check(settings: Settings) -> str:
    """Do everything with the bucket that serving needs; a sentence about it.

    Raises:
        RefusalError: with the server's own reason.
    """
    try:
        place = bucket(settings)
        await _try(S3(place, settings.data))
        await _try_signed(S3Parts(place))
    except PlayheadError as error:
        raise RefusalError(f"{error.message.partition('. ')[0]}: {server_said(error)}.") from error
    return (
        f"The bucket {place.name} can be written to, read and deleted from, and takes what is signed for it."
    )


async def _try(store: Storage) -> None:
    key, data = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(1000)
    await store.put(key, data)
    try:
        if await store.read(key, 0, len(data) + 1) != data:
            raise PlayheadError("storage_unavailable", "The bucket gives back other bytes than it was given.")
    finally:
        await store.delete(key)


async def _try_signed(parts: Multipart) -> None:
    """As a client that sends a file straight to the bucket, from here: browsers also need its CORS rules."""
    key = f"doctor/{secrets.token_hex(8)}"
    attempt = await parts.begin(key)
    try:
        signed = await parts.sign_part(key, attempt, 1, seconds=60, size=4, md5=None)
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session,
            # As it was signed, to the letter.
            session.put(URL(signed.url, encoded=True), data=b"test") as answer,
        ):
            if answer.status != 200:
                raise PlayheadError("storage_unavailable", f"A signed part is answered {answer.status}.")
        if len(await parts.parts(key, attempt)) != 1:
            raise PlayheadError("storage_unavailable", "A part that was sent is not listed.")
    except aiohttp.ClientError as error:
        raise PlayheadError("storage_unavailable", "A signed part cannot be sent.") from error
    finally:
        await parts.abort(key)


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
