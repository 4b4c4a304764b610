"""Objects that clients send straight to S3: presigned requests, and what becomes of the parts they bring."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from playhead.model.checksum import crc64nvme_in, part_headers
from playhead.model.errors import PlayheadError
from playhead.storage.bucket import Bucket, server_said
from playhead.storage.port import SignedRequest, StoredPart
from playhead.storage.wrap import again

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

CRC = "CRC64NVME"
"""The checksum that a store is asked to keep: the one that S3 knows of a whole object however it came."""
_NOT_THIS_CHECKSUM = ("NotImplemented", "InvalidRequest", "InvalidArgument")
"""What stores answer that do not know it. Others pay no heed, and tell none later."""
_NOT_THESE_PARTS = ("InvalidPart", "InvalidPartOrder")


class S3Parts:
    """The `Multipart` ability of a bucket. Signing is arithmetic: it asks the server nothing."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._keeps_crc = True

    async def begin(self, key: str) -> str:
        """As `Multipart.begin`. The store is to add up a checksum of the whole, from whatever comes."""
        create = partial(self._bucket.client.create_multipart_upload, **self._address(key))
        asking = partial(create, ChecksumAlgorithm=CRC, ChecksumType="FULL_OBJECT")
        if self._keeps_crc:
            try:
                return (await self._bucket.control(asking))["UploadId"]
            except PlayheadError as error:
                self._keeps_crc = server_said(error) not in _NOT_THIS_CHECKSUM
        return (await again(lambda: self._bucket.control(asking if self._keeps_crc else create)))["UploadId"]

    async def sign_part(
        self,
        key: str,
        attempt: str,
        number: int,
        *,
        seconds: int,
        size: int | None,
        md5: str | None,
        crc64nvme: bytes | None = None,
    ) -> SignedRequest:
        """As `Multipart.sign_part`; size and checksums are headers that the signature covers."""
        crc = None if crc64nvme is None else b64encode(crc64nvme).decode()
        parameters: dict[str, Any] = {
            **self._address(key),
            "UploadId": attempt,
            "PartNumber": number,
            **({} if size is None else {"ContentLength": size}),
            **({} if md5 is None else {"ContentMD5": md5}),
            **({} if crc is None else {"ChecksumCRC64NVME": crc}),
        }
        # In a thread: the first time it may have to ask the machine for its credentials.
        url = await self._bucket.control(
            lambda: self._bucket.client.generate_presigned_url(
                "upload_part", Params=parameters, ExpiresIn=seconds, HttpMethod="PUT"
            )
        )
        return SignedRequest("PUT", url, part_headers(md5, crc64nvme))

    async def sign_form(self, key: str, *, seconds: int, most_bytes: int) -> SignedRequest:
        """As `Multipart.sign_form`: a POST policy, which limits the size."""
        name = self._bucket.full(key)
        signed = await self._bucket.control(
            lambda: self._bucket.client.generate_presigned_post(
                self._bucket.name,
                name,
                # What a page's form would tell of the file is of no interest, but must be allowed for.
                Conditions=[["content-length-range", 1, most_bytes], ["starts-with", "$Content-Type", ""]],
                ExpiresIn=seconds,
            )
        )
        return SignedRequest("POST", signed["url"], fields=signed["fields"])

    async def parts(self, key: str, attempt: str) -> list[StoredPart]:
        """As `Multipart.parts`. Some servers list a part that was sent again twice: the last one counts."""

        def listed() -> dict[int, StoredPart]:
            pages = self._bucket.client.get_paginator("list_parts")
            return {
                part["PartNumber"]: StoredPart(part["PartNumber"], part["Size"], part["ETag"].strip('"'))
                for page in pages.paginate(**self._address(key), UploadId=attempt)
                for part in sorted(page.get("Parts", []), key=lambda each: each["LastModified"])
            }

        found = await again(lambda: self._bucket.control(listed))
        return [found[number] for number in sorted(found)]

    async def join(self, key: str, attempt: str, parts: Sequence[StoredPart]) -> None:
        """As `Multipart.join`. A second time, after an answer that got lost, finds the object there."""
        named = [_named(part) for part in parts]
        complete = partial(
            self._bucket.client.complete_multipart_upload,
            **self._address(key),
            UploadId=attempt,
            MultipartUpload={"Parts": named},
        )
        total = sum(part.size for part in parts)
        try:
            await again(lambda: self._completed(complete))
        except PlayheadError as error:
            if error.code != "source_missing" or await self._size(key) != total:
                raise
        # A store that says yes is not yet one that has it all.
        if await self._size(key) != total:
            raise PlayheadError("storage_unavailable", "The store did not keep all that it was given.")

    async def abort(self, key: str) -> None:
        """As `Multipart.abort`; also an attempt whose name we never learned."""
        await again(lambda: self._bucket.abort_unfinished(key))

    async def crc64nvme(self, key: str) -> bytes | None:
        """As `Multipart.crc64nvme`; what a store made of the parts' CRCs is none of the bytes."""
        head = partial(self._bucket.client.head_object, **self._address(key), ChecksumMode="ENABLED")
        told = await again(lambda: self._bucket.control(head))
        if told.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
            return None
        return crc64nvme_in(told.get("ChecksumCRC64NVME", ""))

    async def release(self, key: str, to: str) -> None:
        """As `Multipart.release`: a copy that the store makes, with the checksum that it keeps."""
        checksum = None if await self.crc64nvme(key) is None else CRC
        await again(lambda: self._bucket.copy(key, to, checksum=checksum))
        # A large one is copied by parts; of a try that broke off, some may be left.
        await again(lambda: self._bucket.abort_unfinished(to))

    def _address(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket.name, "Key": self._bucket.full(key)}

    async def _completed(self, complete: partial[Any]) -> None:
        try:
            await self._bucket.control(complete)
        except PlayheadError as error:
            told = str(error.__cause__)
            if "(BadDigest)" in told:
                raise PlayheadError(
                    "checksum_mismatch", "A part does not have the checksum in the list."
                ) from error
            if any(f"({code})" in told for code in _NOT_THESE_PARTS):
                raise PlayheadError("wrong_state", "A part was sent again meanwhile.") from error
            if "(EntityTooSmall)" in told:
                raise PlayheadError(
                    "invalid_request", "All parts but the last must have at least 5 MiB."
                ) from error
            raise

    async def _size(self, key: str) -> int | None:
        head = partial(self._bucket.client.head_object, **self._address(key))
        try:
            return (await again(lambda: self._bucket.control(head)))["ContentLength"]
        except PlayheadError as error:
            if error.code != "source_missing":
                raise
            return None


def _named(part: StoredPart) -> CompletedPartTypeDef:
    named: CompletedPartTypeDef = {"PartNumber": part.number, "ETag": f'"{part.etag}"'}
    if part.crc64nvme is not None:
        named["ChecksumCRC64NVME"] = b64encode(part.crc64nvme).decode()
    return named
