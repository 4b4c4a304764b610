"""Objects sent straight to a real S3, by requests that were signed for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from playhead.storage.bucket import Bucket
from playhead.storage.s3 import S3
from playhead.storage.s3_parts import S3Parts
from tests.s3 import SeaweedFS
from tests.storage.parts_suite import (
    FIRST,
    KEY,
    LAST,
    MIB,
    SECOND,
    SOURCE,
    PartsSuite,
    Place,
    code_of,
    content,
    crc_of,
    send,
    sent,
)


@pytest.fixture
def bucket(seaweedfs: SeaweedFS) -> Bucket:
    return seaweedfs.bucket()


@pytest.fixture
def place(bucket: Bucket, tmp_path: Path) -> Place:
    return Place(S3(bucket, tmp_path), S3Parts(bucket))


class TestS3Parts(PartsSuite):
    async def left(self, place: Place) -> list[str]:
        assert isinstance(place.parts, S3Parts)
        bucket = place.parts._bucket
        found = bucket.client.list_multipart_uploads(Bucket=bucket.name, Prefix=bucket.prefix)
        return [each["Key"] for each in found.get("Uploads", [])]


async def test_small_parts_in_the_middle_are_named(place: Place) -> None:
    attempt = await place.parts.begin(KEY)
    for number in (1, 2):
        await sent(place, attempt, number, LAST)
    listed = await place.parts.parts(KEY, attempt)
    assert await code_of(place.parts.join(KEY, attempt, listed)) == "invalid_request"


async def told(place: Place, bodies: list[bytes]) -> bytes | None:
    """What is told of the object that these parts make."""
    attempt = await place.parts.begin(KEY)
    for number, body in enumerate(bodies, 1):
        assert (await sent(place, attempt, number, body)).status_code == 200
    await place.parts.join(KEY, attempt, await place.parts.parts(KEY, attempt))
    return await place.parts.crc64nvme(KEY)


@pytest.mark.parametrize("bodies", [[LAST], [FIRST, SECOND, LAST]])
async def test_the_store_tells_the_crc_of_the_whole_and_of_its_copies(
    place: Place, bucket: Bucket, bodies: list[bytes]
) -> None:
    """However many parts there are, and although nobody has sent a checksum of any of them."""
    expected = crc_of(b"".join(bodies))
    assert await told(place, bodies) == expected
    await place.parts.release(KEY, SOURCE)
    assert await place.parts.crc64nvme(SOURCE) == expected
    await bucket.copy(KEY, SOURCE, at_once=5 * MIB, checksum="CRC64NVME")
    assert await place.parts.crc64nvme(SOURCE) == expected


async def test_a_store_that_keeps_no_crc_tells_none(place: Place) -> None:
    await place.storage.put(KEY, LAST)
    assert await place.parts.crc64nvme(KEY) is None
    await place.parts.release(KEY, SOURCE)
    assert await content(place, SOURCE) == LAST
    assert await code_of(place.parts.crc64nvme(f"{KEY}0")) == "source_missing"


async def test_a_store_that_does_not_know_the_crc_is_not_asked_again(bucket: Bucket, tmp_path: Path) -> None:
    """As OpenStack's Swift answers 501, before it does anything."""
    asked: list[bool] = []

    def refuse(params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        asked.append("x-amz-checksum-algorithm" in params["headers"])
        if not asked[-1]:
            return None
        error = {"Error": {"Code": "NotImplemented", "Message": "Not Implemented."}}
        return AWSResponse("", 501, HTTPHeaders(), None), error

    bucket.client.meta.events.register("before-call.s3.CreateMultipartUpload", refuse)  # type: ignore[arg-type]  # what it returns is answered
    place = Place(S3(bucket, tmp_path), S3Parts(bucket))
    for _ in range(2):
        assert await told(place, [LAST]) is None
    assert asked == [True, False, False]


async def test_an_attempt_that_was_aborted_is_gone(place: Place) -> None:
    attempt = await place.parts.begin(KEY)
    signed = await place.parts.sign_part(KEY, attempt, 1, seconds=900, size=None, md5=None)
    await place.parts.abort(KEY)
    assert (await send(signed, LAST)).status_code == 404
    assert await code_of(place.parts.parts(KEY, attempt)) == "source_missing"


async def test_a_form_replayed_after_release_changes_nothing(place: Place) -> None:
    signed = await place.parts.sign_form(KEY, seconds=900, most_bytes=MIB)
    await send(signed, LAST)
    source = KEY.replace("quarantine", "source")
    await place.parts.release(KEY, source)
    await send(signed, b"something else")
    assert await content(place, source) == LAST
    assert await content(place, KEY) == b"something else"


async def test_the_signed_form_names_a_concrete_key(place: Place, bucket: Bucket) -> None:
    signed = await place.parts.sign_form(KEY, seconds=900, most_bytes=MIB)
    assert signed.fields["key"] == bucket.full(KEY)
    assert not {"file", "success_action_redirect"} & set(signed.fields)
