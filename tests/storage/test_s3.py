"""The S3 adapter, on a real server: the port's contract with and without what is wrapped around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.model.errors import PlayheadError
from playhead.storage.bucket import PART_BYTES, Bucket
from playhead.storage.copies import Copies
from playhead.storage.port import Storage
from playhead.storage.s3 import S3
from playhead.storage.wrap import Retried
from tests.s3 import SeaweedFS
from tests.storage.suite import KEY, LONG, StorageSuite


@pytest.fixture
def bucket(seaweedfs: SeaweedFS) -> Bucket:
    return seaweedfs.bucket()


class TestS3(StorageSuite):
    """As it is used: with everything that is wrapped around it."""

    @pytest.fixture
    def storage(self, bucket: Bucket, tmp_path: Path) -> Storage:
        return Copies(Retried(S3(bucket, tmp_path / "scratch")), 1024**3)


def _uploads(bucket: Bucket) -> list[str]:
    found = bucket.client.list_multipart_uploads(Bucket=bucket.name)
    keys = [each.get("Key", "") for each in found.get("Uploads", [])]
    mine = bucket.full(KEY).removesuffix(KEY)
    return [key for key in keys if key.startswith(mine)]  # other tests have prefixes of their own


async def test_a_large_file_goes_and_comes_by_parts(bucket: Bucket, tmp_path: Path) -> None:
    storage = S3(bucket, tmp_path / "scratch")
    data = (LONG * 20)[: 2 * PART_BYTES + 999]
    (tmp_path / "large").write_bytes(data)
    await storage.adopt(KEY, tmp_path / "large")
    assert "-" in bucket.client.head_object(Bucket=bucket.name, Key=bucket.full(KEY))["ETag"]
    async with storage.local(KEY) as path:
        assert path.read_bytes() == data
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_deleting_takes_along_what_a_broken_off_upload_left(bucket: Bucket, tmp_path: Path) -> None:
    storage = S3(bucket, tmp_path)
    for key in (KEY, KEY + "2"):
        bucket.client.create_multipart_upload(Bucket=bucket.name, Key=bucket.full(key))
    await storage.delete(KEY)
    assert _uploads(bucket) == [bucket.full(KEY + "2")]


@pytest.mark.parametrize("at_once", [1024**3, 5 * 1024**2])
async def test_a_copy_is_made_by_the_store_itself(bucket: Bucket, tmp_path: Path, at_once: int) -> None:
    storage = S3(bucket, tmp_path)
    data = (LONG * 5)[: 11 * 1024**2]
    await storage.put(KEY, data)
    await bucket.copy(KEY, KEY + "2", at_once=at_once)
    assert await storage.read(KEY + "2", 0, len(data) + 1) == data
    with pytest.raises(PlayheadError) as caught:
        await bucket.copy(KEY + "-absent", KEY + "3")
    assert caught.value.code == "source_missing"


async def test_a_bucket_that_is_not_there_loses_no_video(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    """That an object is gone ends its video; that the bucket is gone is somebody's mistake, and passes."""
    storage = S3(
        Bucket(
            "no-such-bucket",
            "",
            seaweedfs.endpoint,
            access_key="playhead-test",
            secret_key="a-secret-key-of-the-suite",
        ),
        tmp_path,
    )
    for asking in (storage.size(KEY), storage.read(KEY, 0, 1)):
        with pytest.raises(PlayheadError) as caught:
            await asking
        assert caught.value.code == "storage_unavailable"


async def test_wrong_keys_and_a_dead_endpoint_are_storage_unavailable(
    seaweedfs: SeaweedFS, tmp_path: Path
) -> None:
    bucket = seaweedfs.bucket()
    for endpoint, secret in ((bucket.endpoint, "wrong-secret"), ("http://127.0.0.1:1", "other-secret")):
        other = Bucket(bucket.name, "", endpoint, access_key=bucket.access_key, secret_key=secret)
        with pytest.raises(PlayheadError) as caught:
            await S3(other, tmp_path).put(KEY, b"x")
        assert caught.value.code == "storage_unavailable"
        assert secret not in repr(other)
        with pytest.raises(PlayheadError) as caught:
            await S3(other, tmp_path).delete(KEY)
        assert caught.value.code == "storage_unavailable"
