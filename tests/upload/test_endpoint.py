"""What every address of the data plane answers alike."""

from __future__ import annotations

from playhead.records import projects, quotas
from tests.upload.companion import Plane


async def test_who_creates_too_fast_is_told_when_to_come_again(plane: Plane) -> None:
    tree = await plane.grant(project="hasty")
    async with plane.parts.records.transaction() as tx:
        await projects.ensure_project(tx, "hasty")
        await quotas.limit(tx, "hasty", {"max_creates_per_minute": 1})
    assert (await tree.begin()).status_code == 200
    refused = await tree.begin()
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 50 <= int(refused.headers["retry-after"]) <= 60
