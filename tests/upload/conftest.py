"""What the tests of uploading share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from playhead.records import projects, quotas
from playhead.records.database import Records
from playhead.storage.disk import Disk
from playhead.upload.incoming import Incoming
from playhead.upload.sessions import Uploads
from tests.upload.companion import plane
from tests.upload.fetched import LIMIT, Bench

__all__ = ["plane"]


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    records = Records(database_url)
    async with records.transaction() as tx:
        project_id = await projects.ensure_project(tx, "default")
    folder = tmp_path / "incoming"
    station = Uploads(records, Disk(tmp_path / "storage"), Incoming(folder), LIMIT, 3600)
    yield Bench(station, project_id, folder)
    async with records.transaction() as tx:
        [used] = await quotas.usage(tx)
        recount = await tx.connection.execute(
            text(
                "SELECT (SELECT count(*) FROM uploads WHERE state IN ('waiting', 'received')),"
                " (SELECT coalesce(sum(source_size), 0) FROM videos) + (SELECT coalesce(sum(reserved_bytes), 0)"
                " FROM uploads WHERE state IN ('waiting', 'received'))"
            )
        )
        assert (used["used_open_uploads"], used["used_bytes"]) == tuple(recount.one())
    await records.close()
