"""The bucket that objects are kept in, and the two clients that reach it: obstore for bytes, boto3 for control.

The only module that knows how either of them is made, and what their failures mean.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from playhead.model.errors import PlayheadError
from playhead.storage.keys import checked

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

T = TypeVar("T")

PART_BYTES = 16 * 1024 * 1024
"""How much one request carries of a large object; 10,000 parts, the most S3 takes, make 156 GiB."""
PARALLEL = 4
"""Requests at once for one large object: `PARALLEL * PART_BYTES` is what it may take of memory."""
CONNECT_SECONDS, ANSWER_SECONDS = 5, 60
RETRIES = 2
"""How often the clients themselves repeat a request; what still fails is up to `wrap.Retried`."""

# Statuses only where the clients name them: their messages also hold objects' names, which end in any digits.
_FULL = re.compile(r"InsufficientStorage|StorageFull|QuotaExceeded|status code: 507\b|\(507\) when calling")
_BEYOND = re.compile(r"InvalidRange|status code: 416\b")
_ABSENT = ("NoSuchKey", "NoSuchUpload", "404")


@dataclass(frozen=True)
class Bucket:
    """Where objects are kept. Without keys, those of the machine are used, as the AWS tools find them."""

    name: str
    prefix: str = ""
    """What every object's name begins with; without slashes at its ends."""
    endpoint: str | None = None
    """The server's URL; None for AWS."""
    region: str = "us-east-1"
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)

    def full(self, key: str) -> str:
        """An object's name in the bucket.

        Raises:
            PlayheadError: `not_found` for a key we cannot have made.
        """
        return f"{self.prefix}/{checked(key)}" if self.prefix else checked(key)

    @cached_property
    def store(self) -> S3Store:
        """For bytes. Its paths are keys: the prefix is added by itself."""
        provider = None
        if self.access_key is None:
            provider = Boto3CredentialProvider(boto3.session.Session(region_name=self.region))
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            endpoint=self.endpoint,
            region=self.region,
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            credential_provider=provider,
            # Other servers than AWS seldom have a host name for each bucket.
            virtual_hosted_style_request=self.endpoint is None,
            client_options={
                "allow_http": True,
                "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
                "timeout": timedelta(seconds=ANSWER_SECONDS),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=ANSWER_SECONDS)},
        )

    @cached_property
    def client(self) -> S3Client:
        """For control and for signing. It blocks; it may be used by many threads."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "virtual" if self.endpoint is None else "path"},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=ANSWER_SECONDS,
                retries={"mode": "standard", "total_max_attempts": RETRIES + 1},
                max_pool_connections=16,
                # Checksums in trailers are news to many servers; each part's MD5 is its ETag anyway.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    async def control(self, call: Callable[[], T]) -> T:
        """Do something with `client` in a thread, with its failures by their names.

        Raises:
            PlayheadError: `source_missing`, `storage_full`, `storage_unavailable`.
        """
        with named():
            return await asyncio.to_thread(call)

    async def abort_unfinished(self, key: str) -> None:
        """Throw away the parts of uploads to `key` that were never put together."""
        name = self.full(key)

        def abort() -> None:
            found = self.client.list_multipart_uploads(Bucket=self.name, Prefix=name)
            for each in found.get("Uploads", []):
                if each.get("Key") == name:
                    self.client.abort_multipart_upload(
                        Bucket=self.name, Key=name, UploadId=each.get("UploadId", "")
                    )

        try:
            await self.control(abort)
        except PlayheadError as error:
            if error.code != "source_missing":  # another one was faster
                raise

    async def copy(self, key: str, to: str, *, at_once: int = 1024**3, checksum: str | None = None) -> None:
        """Copy within the store, without a byte coming here; what is larger than `at_once` by parts.

        `checksum` names the algorithm of one that the store is to keep of the copy.

        Raises:
            PlayheadError: `source_missing`, `storage_full`, `storage_unavailable`.
        """
        source, target = self.full(key), self.full(to)
        # By parts also where one request would do up to 5 GiB: several copy side by side, and none takes long.
        config = TransferConfig(
            multipart_threshold=at_once, multipart_chunksize=min(at_once, 256 * 1024**2), max_concurrency=8
        )
        wanted = {} if checksum is None else {"ChecksumAlgorithm": checksum}
        await self.control(
            lambda: self.client.copy(
                {"Bucket": self.name, "Key": source}, self.name, target, ExtraArgs=wanted, Config=config
            )
        )


@contextmanager
def named() -> Iterator[None]:
    """The clients' failures by their names in the error table."""
    try:
        yield
    except (BaseError, BotoCoreError, ClientError, OSError) as error:
        raise _named(error) from error


def server_said(error: PlayheadError) -> str:
    """What the store itself gave as the reason of a failure: its code, or the client's words; for operators."""
    told = str(error.__cause__ or error)
    found = re.search(r"<Code>(\w+)</Code>|\((\w+)\) when calling", told)
    return (found[1] or found[2]) if found else told.partition("\n")[0]


def is_beyond(error: PlayheadError) -> bool:
    """Whether the store refused a range because the object ends before it."""
    return isinstance(error.__cause__, BaseError) and _BEYOND.search(str(error.__cause__)) is not None


def _named(error: Exception) -> PlayheadError:
    told = str(error)
    if _FULL.search(told):
        return PlayheadError("storage_full")
    if "NoSuchBucket" in told:
        return PlayheadError("storage_unavailable", "The bucket does not exist.")
    absent = isinstance(error, FileNotFoundError)
    if isinstance(error, ClientError):
        absent = error.response.get("Error", {}).get("Code", "") in _ABSENT
    return PlayheadError("source_missing" if absent else "storage_unavailable")
