"""Creating uploads by tus: with a key, within a grant, and with bytes that come along."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from playhead.model.resolutions import DEFAULT_RESOLUTIONS
from playhead.model.states import Status
from playhead.records import quotas, renditions
from playhead.records.database import Row
from playhead.upload.tus_headers import OFFSET_TYPE
from tests.upload.plane import FILE, KEY, LIMIT, Plane, named, plane, said

__all__ = ["plane"]

SIZE = len(FILE)


async def asked_for(plane: Plane, video: Row) -> set[str]:
    async with plane.parts.records.transaction() as tx:
        return {row["resolution"] for row in (await renditions.of_videos(tx, [video["id"]]))[video["id"]]}


async def test_a_key_opens_it_and_nothing_else_does(plane: Plane) -> None:
    address = f"{plane.base}/tus"
    assert (await plane.post(address, SIZE)).status_code == 401
    assert (await plane.post(address, SIZE, X_API_KEY="other")).status_code == 401
    made = await plane.post(address, SIZE, Authorization=f"Bearer {KEY}")
    assert made.status_code == 201
    assert made.headers["location"].startswith(f"{plane.base}/uploads/")
    assert "upload-offset" not in made.headers
    assert (await plane.post(f"{address}/", SIZE, X_API_KEY=KEY)).status_code == 201
    assert (await plane.client.get(address, headers={"X-API-KEY": KEY})).status_code == 405
    assert (await plane.post(f"{address}/x", SIZE, X_API_KEY=KEY)).status_code == 404
    assert (await plane.post(address, SIZE, X_API_KEY=KEY, Tus_Resumable="0.2.2")).status_code == 412


async def test_what_a_client_says_of_its_file(plane: Plane) -> None:
    metadata = said(
        name="Ferien.mov", type="video/quicktime", resolutions="144p, 240p", is_public="false", campaign="ü"
    )
    url = (await plane.create(SIZE, Upload_Metadata=metadata)).headers["location"]
    video, upload = await plane.video(url), await plane.upload(url)
    assert (video["filename"], video["is_public"], video["metadata"]) == (
        "Ferien.mov",
        False,
        {"campaign": "ü"},
    )
    assert await asked_for(plane, video) == {"144p", "240p"}
    assert (upload["content_type"], upload["auto_complete"]) == ("video/quicktime", True)
    assert (await plane.head(url)).headers["upload-metadata"] == metadata
    plain = await plane.video((await plane.create(SIZE)).headers["location"])
    assert (plain["filename"], plain["is_public"], plain["metadata"]) == ("video", True, None)
    assert await asked_for(plane, plain) == set(DEFAULT_RESOLUTIONS)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Length": "0"}, 422),
        ({}, 400),
        ({"Upload_Length": "7", "Upload_Defer_Length": "1"}, 400),
        ({"Upload_Defer_Length": "2"}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": str(LIMIT + 1)}, 413),
        ({"Upload_Length": "7", "Upload_Metadata": "filename !"}, 400),
        ({"Upload_Length": "7", "Upload_Metadata": said(resolutions="481p")}, 422),
        ({"Upload_Length": "7", "Upload_Concat": "half"}, 400),
    ],
)
async def test_what_cannot_be_made(plane: Plane, headers: dict[str, str], status: int) -> None:
    assert (await plane.create(**headers)).status_code == status


async def test_bytes_that_come_along(plane: Plane) -> None:
    headers = named({"X_API_KEY": KEY, "Upload_Length": str(SIZE), "Content_Type": OFFSET_TYPE})
    some = await plane.client.post(f"{plane.base}/tus", headers=headers, content=FILE[:1000])
    assert (some.status_code, some.headers["upload-offset"]) == (201, "1000")
    url = some.headers["location"]
    assert (await plane.patch(url, 1000, FILE[1000:])).status_code == 204
    assert await plane.source(url) == FILE
    whole = await plane.client.post(f"{plane.base}/tus", headers=headers, content=FILE)
    assert (whole.status_code, whole.headers["upload-offset"]) == (201, str(SIZE))
    assert await plane.source(whole.headers["location"]) == FILE


async def test_what_comes_along_and_is_refused_leaves_no_video_waiting(plane: Plane) -> None:
    headers = named({"X_API_KEY": KEY, "Upload_Length": "30", "Content_Type": OFFSET_TYPE})
    refused = await plane.client.post(f"{plane.base}/tus", headers=headers, content=b"words " * 5)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_video")
    headers["Upload-Checksum"] = "sha1 AAAA"
    assert (
        await plane.client.post(f"{plane.base}/tus", headers=headers, content=FILE[:30])
    ).status_code == 460
    async with plane.parts.records.transaction() as tx:
        found = await tx.connection.exec_driver_sql("SELECT status FROM videos")
        assert {row.status for row in found} == {Status.FAIL}
    assert list((plane.parts.settings.data / "incoming").iterdir()) == []


async def test_within_a_grant(plane: Plane) -> None:
    address = (
        f"{await plane.grant(resolutions=['144p'], metadata={'user': 7}, max_bytes=SIZE, max_uploads=1)}/tus"
    )
    assert (await plane.post(address, SIZE + 1)).status_code == 413
    wanted = said(filename="a.mp4", resolutions="4k")
    assert (await plane.post(address, SIZE, Upload_Metadata=wanted)).status_code == 422
    deferred = await plane.post(address, Upload_Defer_Length="1", Upload_Metadata=said(user="1", place="x"))
    assert deferred.status_code == 201
    url = deferred.headers["location"]
    video = await plane.video(url)
    assert video["metadata"] == {"user": 7, "place": "x"}
    assert await asked_for(plane, video) == {"144p"}
    again = await plane.post(address, SIZE)
    assert (again.status_code, again.json()["code"]) == (403, "grant_used_up")
    assert (await plane.patch(url, 0, FILE + b"x")).status_code == 413
    assert (await plane.patch(url, 0, FILE, Upload_Length=str(SIZE))).status_code == 204
    assert await plane.source(url) == FILE


@pytest.mark.parametrize("token", ["", "x", f"{'0' * 32}.ai9nwwv0.1.{'A' * 43}"])
async def test_no_grant_no_upload(plane: Plane, token: str) -> None:
    assert (await plane.post(f"{plane.base}/u/{token}/tus", SIZE)).status_code in (403, 404, 405)


async def test_100_gigabytes_can_be_said_and_cost_nothing(plane: Plane) -> None:
    object.__setattr__(plane.parts.uploads, "max_resumable_bytes", 100 * 1024**3)
    url = (await plane.create(100_000_000_000)).headers["location"]
    assert (await plane.patch(url, 0, FILE)).headers["upload-offset"] == str(SIZE)
    held = plane.parts.settings.data / "incoming" / str((await plane.upload(url))["id"]) / "bytes"
    assert held.stat().st_size == 100_000_000_000
    assert held.stat().st_blocks * 512 < 10_000_000


async def test_sent_twice_with_a_key_it_is_created_once(plane: Plane) -> None:
    once: dict[str, Any] = {"Idempotency_Key": "first", "Upload_Metadata": said(filename="a.mp4")}
    answers = await asyncio.gather(*(plane.create(SIZE, **once) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["playhead-video"] for answer in answers}) == 1
    for size, name in ((SIZE, "b.mp4"), (SIZE + 1, "a.mp4")):
        refused = await plane.create(size, **{**once, "Upload_Metadata": said(filename=name)})
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    anew = await plane.create(SIZE, **{**once, "Idempotency_Key": "second"})
    assert anew.headers["playhead-video"] != answers[0].headers["playhead-video"]
    # The keys of a grant's holders are theirs: they learn nothing of the project's.
    address = f"{await plane.grant()}/tus"
    granted = [await plane.post(address, SIZE, **once) for _ in range(2)]
    assert len({answer.headers["playhead-video"] for answer in granted}) == 1
    assert granted[0].headers["playhead-video"] != answers[0].headers["playhead-video"]
    assert (await plane.create(SIZE, **{**once, "Idempotency_Key": "x" * 256})).status_code == 422


async def test_bytes_that_come_along_twice_are_taken_once(plane: Plane) -> None:
    headers = named({"X-API-KEY": KEY, "Content-Type": OFFSET_TYPE, "Idempotency-Key": "k"})
    headers["Upload-Length"] = str(SIZE)
    address = f"{plane.base}/tus"
    first = await plane.client.post(address, headers=headers, content=FILE[:1000])
    again = await plane.client.post(address, headers=headers, content=FILE[:2000])
    assert [answer.headers["upload-offset"] for answer in (first, again)] == ["1000", "1000"]
    url = again.headers["location"]
    assert (await plane.patch(url, 1000, FILE[1000:])).status_code == 204
    late = await plane.client.post(address, headers=headers, content=FILE[:1000])
    assert (late.status_code, late.headers["upload-offset"]) == (201, str(SIZE))
    assert await plane.source(url) == FILE


async def test_a_refusal_frees_the_key(plane: Plane) -> None:
    headers = named({"X-API-KEY": KEY, "Content-Type": OFFSET_TYPE, "Idempotency-Key": "k"})
    headers |= {"Upload-Length": "20"}
    for _ in range(2):
        answer = await plane.client.post(
            f"{plane.base}/tus", headers=headers, content=b"just a text of words"
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "not_a_video")
    url = (await plane.create(SIZE, Idempotency_Key="d")).headers["location"]
    assert (await plane.client.delete(url, headers=named({}))).status_code == 204
    over = await plane.create(SIZE, Idempotency_Key="d")
    assert (over.status_code, over.json()["code"]) == (410, "url_expired")


async def cut_off(plane: Plane, **headers: str) -> None:
    """Create an upload with bytes that come along, and go away in the middle of them."""
    said = named({"X_API_KEY": KEY, "Upload_Length": str(SIZE), "Content_Type": OFFSET_TYPE, **headers})
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    head = f"POST /tus HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {SIZE}\r\n\r\n"
    parts = urlsplit(plane.base)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(head.encode() + FILE[:123_457])
    await writer.drain()
    writer.close()


async def one_with(plane: Plane, status: Status, received: int) -> None:
    """Wait until there is one video, of that status, and so much of its file is there."""
    query = "SELECT v.status, u.id FROM videos v JOIN uploads u ON u.video_id = v.id"
    async with asyncio.timeout(10):
        while True:
            async with plane.parts.records.transaction() as tx:
                rows = (await tx.connection.exec_driver_sql(query)).all()
            held = [await plane.parts.uploads.incoming.standing(row.id) for row in rows]
            if [(row.status, each.prefix if each else 0) for row, each in zip(rows, held, strict=True)] == [
                (status, received)
            ]:
                return
            await asyncio.sleep(0.05)


async def test_who_is_cut_off_and_learnt_no_url_leaves_nothing_that_holds_quota(plane: Plane) -> None:
    await cut_off(plane)
    await one_with(plane, Status.FAIL, 0)
    async with plane.parts.records.transaction() as tx:
        [used] = await quotas.usage(tx)
    assert (used["used_open_uploads"], used["used_bytes"]) == (0, 0)
    assert list((plane.parts.settings.data / "incoming").iterdir()) == []


async def test_who_is_cut_off_and_has_a_key_goes_on(plane: Plane) -> None:
    await cut_off(plane, Idempotency_Key="k")
    await one_with(plane, Status.PENDING_UPLOAD, 123_457)
    headers = named({"X-API-KEY": KEY, "Content-Type": OFFSET_TYPE, "Idempotency-Key": "k"})
    headers["Upload-Length"] = str(SIZE)
    again = await plane.client.post(f"{plane.base}/tus", headers=headers, content=FILE)
    assert again.headers["upload-offset"] == "123457"
    url = again.headers["location"]
    assert (await plane.patch(url, 123_457, FILE[123_457:])).status_code == 204
    assert await plane.source(url) == FILE
