"""Forms that go straight to a store: nobody tells us when one has come, so workers look for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playhead.records import multiparts
from playhead.upload import quarantine
from tests.upload.companion import PIECES, Plane, Tree, swept


async def form(plane: Plane, tree: Tree) -> dict[str, Any]:
    answer = await plane.client.get(f"{tree.url}/s3/params", params={"filename": "film.mp4"})
    told: dict[str, Any] = answer.json()
    return told


async def test_a_large_file_on_a_slow_line_is_found_when_it_has_come(plane: Plane) -> None:
    """A store holds a form against its time when that begins to come, however long it then takes."""
    asked = await form(plane, await plane.grant())
    await plane.rows("UPDATE multiparts SET created_at = now() - interval '3 hours' RETURNING id")
    sent = await plane.client.post(
        asked["url"], data=asked["fields"], files={"file": ("film.mp4", PIECES[0], "video/mp4")}
    )
    assert sent.status_code in (200, 201, 204), sent.text
    await swept(plane)
    (video,) = await plane.rows("SELECT * FROM videos")
    assert video["status"] == "processing"


async def test_forms_that_never_come_hide_none_that_does(plane: Plane) -> None:
    station, tree = plane.parts.uploads, await plane.grant()
    for _ in range(8):
        last = await form(plane, tree)
    (row,) = await plane.rows("SELECT * FROM multiparts ORDER BY created_at DESC LIMIT 1")
    assert last["fields"]["key"].endswith(row["key"])
    await station.storage.put(row["key"], PIECES[0])
    looks = [await quarantine.unattended(station, limit=2) for _ in range(4)]
    assert [found["id"] for look in looks for found in look] == [row["upload_id"]]


async def test_the_longer_nothing_comes_the_more_seldom_it_is_looked_for(plane: Plane) -> None:
    await form(plane, await plane.grant())

    async def is_looked_for(*, age: timedelta, looked: timedelta) -> bool:
        await plane.rows(
            "UPDATE multiparts SET created_at = now() - :age, looked_at = now() - :looked RETURNING id",
            age=age,
            looked=looked,
        )
        async with plane.parts.records.transaction() as tx:
            return len(await multiparts.unattended(tx, 10)) == 1

    assert await is_looked_for(age=timedelta(minutes=1), looked=timedelta(seconds=4))
    assert not await is_looked_for(age=timedelta(hours=1), looked=timedelta(minutes=2))
    assert await is_looked_for(age=timedelta(hours=1), looked=timedelta(minutes=4))
    assert await is_looked_for(age=timedelta(hours=20), looked=timedelta(minutes=6))
    assert not await is_looked_for(age=timedelta(days=3), looked=timedelta(hours=3))
    assert await is_looked_for(age=timedelta(days=3), looked=timedelta(hours=4))
    # What is there is not waited for, only tried again.
    await plane.rows("UPDATE multiparts SET state = 'joined' RETURNING id")
    assert await is_looked_for(age=timedelta(days=3), looked=timedelta(minutes=6))
