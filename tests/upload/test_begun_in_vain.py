"""Multiparts that a store takes no notice of, because it is away: nothing of them counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from playhead.records import quotas
from playhead.storage.bucket import Bucket
from tests.upload.companion import WHOLE, Plane, serving_plane
from tests.upload.test_s3_multipart_once import begun

NOWHERE = Bucket("videos", "", "http://127.0.0.1:1", access_key="a", secret_key="b")


@pytest.fixture
async def away(database_url: str, tmp_path: Path) -> AsyncIterator[Plane]:
    """A data plane whose S3 cannot be reached."""
    async with serving_plane(database_url, tmp_path, NOWHERE) as found:
        yield found


async def test_what_was_not_begun_uses_nothing_up(away: Plane) -> None:
    tree = await away.grant(max_uploads=1)
    for _ in range(2):
        refused = await tree.begin(size=len(WHOLE))
        assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    async with away.parts.records.transaction() as tx:
        [used] = await quotas.usage(tx)
    assert (used["used_open_uploads"], used["used_bytes"]) == (0, 0)


async def test_the_store_may_be_away_for_as_long_as_it_likes(
    away: Plane, database_url: str, tmp_path: Path
) -> None:
    """Who asks again by the same key finds its upload, and begins it once the store is back."""
    tree = await away.grant(max_uploads=1)
    assert (await begun(tree, "k")).status_code == 503
    (row,) = await away.rows("SELECT * FROM multiparts")
    await away.rows(
        "INSERT INTO multiparts (id, project_id, upload_id, video_id, kind, key, state)"
        " SELECT gen_random_uuid(), project_id, upload_id, video_id, kind, key, state"
        " FROM multiparts, generate_series(1, 31) RETURNING id"
    )
    async with serving_plane(database_url, tmp_path, None) as back:
        again = await begun(
            replace(tree, url=tree.url.replace(away.parts.urls.base_url, back.parts.urls.base_url)), "k"
        )
    assert (again.status_code, again.json()["videoId"]) == (200, str(row["video_id"]))
