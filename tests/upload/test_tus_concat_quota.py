"""Partials count for what their project may use, until they are gone or part of an upload."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from playhead.records import partials, quotas
from playhead.upload import tus_partials
from playhead.upload.cleaning import abandon_overdue
from tests.upload.plane import FILE, KEY, OFFSET_TYPE, Plane, named, plane, said

__all__ = ["plane"]

SIZE = len(FILE)
CUT = 123_456


async def used(plane: Plane) -> tuple[int, int]:
    """Bytes and open uploads of the project."""
    async with plane.parts.records.transaction() as tx:
        [row] = await quotas.usage(tx)
    return row["used_bytes"], row["used_open_uploads"]


async def limit(plane: Plane, most: int) -> None:
    async with plane.parts.records.transaction() as tx:
        assert await quotas.limit(tx, "default", {"max_bytes": most})


async def partial(plane: Plane, body: bytes) -> str:
    made = await plane.create(len(body), Upload_Concat="partial")
    assert made.status_code == 201, made.text
    assert (await plane.patch(made.headers["location"], 0, body)).status_code == 204
    return made.headers["location"]


async def test_a_project_has_no_room_for_partials_beyond_its_limit(plane: Plane) -> None:
    await limit(plane, SIZE)
    first, second = await partial(plane, FILE[:CUT]), await partial(plane, FILE[CUT:])
    refused = await plane.create(1, Upload_Concat="partial")
    assert (refused.status_code, refused.json()["code"]) == (403, "quota_exceeded")
    assert (await plane.create(1)).json()["code"] == "quota_exceeded"
    # Put together they take no more than apart, so the final fits in the same room.
    made = await plane.create(Upload_Concat=f"final;{first} {second}", Upload_Metadata=said(filename="a.mp4"))
    assert made.status_code == 201, made.text
    assert await used(plane) == (SIZE, 0)
    await overdue(plane)
    assert await used(plane) == (SIZE, 0)


async def limits(plane: Plane, **limits: int) -> None:
    async with plane.parts.records.transaction() as tx:
        assert await quotas.limit(tx, "default", dict(limits))


async def test_who_may_create_no_video_now_sends_no_part_of_one(plane: Plane) -> None:
    await limits(plane, max_creates_per_minute=2)
    url = await partial(plane, FILE)
    made = await plane.create(Upload_Concat=f"final;{url}", Upload_Metadata=said(filename="a.mp4"))
    assert made.status_code == 201  # a part is none of the two
    assert (await plane.create(SIZE, Upload_Metadata=said(filename="b.mp4"))).status_code == 201
    refused = await plane.create(1, Upload_Concat="partial")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 25 <= int(refused.headers["retry-after"]) <= 30
    await limits(plane, max_creates_per_minute=100, max_open_uploads=1)
    assert (await plane.create(1, Upload_Concat="partial")).json()["code"] == "quota_exceeded"
    assert await used(plane) == (2 * SIZE, 1)


async def test_of_parts_that_wait_there_are_only_so_many(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partials, "MOST_WAITING", 3)
    monkeypatch.setattr(tus_partials, "MAX_WAITING", 2)
    below = f"{await plane.grant()}/tus"
    answers = await asyncio.gather(*(plane.post(below, 1, Upload_Concat="partial") for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 403, 403, 403, 403]
    answers += await asyncio.gather(*(plane.create(1, Upload_Concat="partial") for _ in range(6)))
    codes = [answer.json()["code"] for answer in answers if answer.status_code != 201]
    assert codes == ["quota_exceeded"] * 9
    first = next(answer.headers["location"] for answer in answers if answer.status_code == 201)
    assert (await plane.client.delete(first, headers=named({}))).status_code == 204
    assert (await plane.create(1, Upload_Concat="partial")).status_code == 201


async def test_a_final_that_is_refused_leaves_its_parts_counted(plane: Plane) -> None:
    url = await partial(plane, FILE)
    async with plane.parts.records.transaction() as tx:
        assert await quotas.limit(tx, "default", {"max_videos": 0})
    refused = await plane.create(Upload_Concat=f"final;{url}", Upload_Metadata=said(filename="a.mp4"))
    assert refused.json()["code"] == "quota_exceeded"
    assert await used(plane) == (SIZE, 0)


async def test_what_is_given_up_or_runs_out_of_time_is_given_back(plane: Plane) -> None:
    given_up, left = await partial(plane, FILE[:CUT]), await partial(plane, FILE[CUT:])
    assert await used(plane) == (SIZE, 0)
    assert (await plane.client.delete(given_up, headers=named({}))).status_code == 204
    assert await used(plane) == (SIZE - CUT, 0)
    assert (await plane.head(left)).status_code == 200
    await overdue(plane)
    assert await used(plane) == (0, 0)


async def test_who_is_cut_off_and_learnt_no_url_leaves_nothing(plane: Plane) -> None:
    asked = named({"X_API_KEY": KEY, "Upload_Length": str(SIZE), "Content_Type": OFFSET_TYPE})
    asked |= {"Upload-Concat": "partial", "Content-Length": str(SIZE)}
    parts = urlsplit(plane.base)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
    writer.write(f"POST /tus HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + FILE[:CUT])
    await writer.drain()
    async with asyncio.timeout(10):
        while (await used(plane))[0] != SIZE:
            await asyncio.sleep(0.02)
        writer.close()
        while (await used(plane))[0]:
            await asyncio.sleep(0.02)
        while list((plane.parts.settings.data / "incoming").iterdir()):
            await asyncio.sleep(0.02)


async def overdue(plane: Plane) -> None:
    """The time of all partials is over."""
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE partials SET expires_at = now() - interval '1 minute'"))
    await abandon_overdue(plane.parts.uploads)
