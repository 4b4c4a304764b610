"""The wiring: what settings make of the parts, and what they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead.app import distributed
from playhead.app.refusal import RefusalError
from playhead.app.wire import pick_stores, wire
from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer
from playhead.model.urls import Urls
from playhead.settings import Settings
from playhead.storage.copies import Copies
from playhead.storage.disk import Disk

URLS = Urls("http://127.0.0.1:1", Signer(["s" * 40]))


def settings(tmp_path: Path, **given: object) -> Settings:
    usual = {"data": tmp_path, "database_url": "postgresql://u@127.0.0.1:1/d", "secret": "s" * 40}
    return Settings.model_validate({**usual, **given})


async def test_a_file_url_names_a_folder(tmp_path: Path) -> None:
    storage = pick_stores(settings(tmp_path, storage_url=f"file://{tmp_path}/my%20videos"), URLS).storage
    assert isinstance(storage, Disk)
    await storage.put("a/b", b"x")
    assert (tmp_path / "my videos" / "a" / "b").read_bytes() == b"x"


@pytest.mark.parametrize("url", ["ftp://x/y", "file://otherhost/x", "nonsense"])
def test_another_kind_of_storage_is_refused_in_a_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(PlayheadError, match="PLAYHEAD_STORAGE_URL"):
        pick_stores(settings(tmp_path, storage_url=url), URLS)


def test_a_short_secret_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="PLAYHEAD_SECRET"):
        wire(settings(tmp_path, secret="short"))


def test_without_a_database_there_is_nothing_to_wire(tmp_path: Path) -> None:
    with pytest.raises(PlayheadError, match="PLAYHEAD_DATABASE_URL"):
        wire(settings(tmp_path, database_url=None))


def test_secrets_are_rotated_by_a_comma(tmp_path: Path) -> None:
    old, new = "o" * 40, "n" * 40
    before = wire(settings(tmp_path, secret=old)).signer
    after = wire(settings(tmp_path, secret=f"{new}, {old}")).signer
    after.verify("playback", "video", before.sign("playback", "video", 2_000_000_000), 1_000_000_000)


async def test_an_s3_url_names_a_bucket_and_a_prefix(tmp_path: Path) -> None:
    given = settings(
        tmp_path,
        storage_url="s3://films/some/where/",
        s3_access_key="k",
        s3_secret_key="hush",
        s3_region="eu",
    )
    found = distributed.bucket(given)
    assert (found.name, found.full("a/b"), found.region) == ("films", "some/where/a/b", "eu")
    assert "hush" not in repr(found) + repr(given)
    assert isinstance(pick_stores(given, URLS).storage, Copies)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"storage_url": "s3:///prefix"}, "s3://bucket"),
        ({"storage_url": "s3://films", "s3_access_key": "k"}, "PLAYHEAD_S3_SECRET_KEY"),
        ({"storage_url": "s3://films", "s3_secret_key": "k"}, "PLAYHEAD_S3_ACCESS_KEY"),
    ],
)
def test_half_a_bucket_is_refused_in_a_sentence(tmp_path: Path, given: dict[str, str], named: str) -> None:
    with pytest.raises(PlayheadError, match=named):
        pick_stores(settings(tmp_path, **given), URLS)
