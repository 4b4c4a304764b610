"""Objects sent straight to a real S3, by requests that were signed for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.storage.bucket import Bucket
from playhead.storage.s3 import S3
from playhead.storage.s3_parts import S3Parts
from tests.s3 import SeaweedFS
from tests.storage.parts_suite import KEY, LAST, MIB, PartsSuite, Place, code_of, content, send, sent


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
