"""Many files that take long to complete at once: whoever wants something else is answered meanwhile."""

from __future__ import annotations

import asyncio
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from playhead.storage import disk_parts
from playhead.upload.completing import complete
from playhead.upload.direct import Direct
from tests.upload.plane import FILE, KEY, Plane, plane

__all__ = ["plane"]

MANY = 30
"""More than a process has connections."""


async def is_answered(plane: Plane) -> None:
    answer = await plane.client.get(f"{plane.base}/v1/videos", headers={"X-API-KEY": KEY})
    assert answer.status_code == 200, answer.text


async def test_completing_many_leaves_connections_for_others(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, slow, began = plane.parts.uploads, asyncio.Event(), asyncio.Event()
    adopt = station.storage.adopt
    urls = [await plane.open(len(FILE)) for _ in range(MANY)]
    for url in urls:
        sent = await plane.client.put(url, content=FILE, headers={"Content-Type": "video/mp4"})
        assert sent.status_code == 200
    ids = [(await plane.upload(url))["video_id"] for url in urls]

    async def slowly(*given: Any) -> None:
        began.set()
        await slow.wait()
        await adopt(*given)

    monkeypatch.setattr(station.storage, "adopt", slowly)
    completing = [asyncio.create_task(complete(station, each, project_id=plane.project_id)) for each in ids]
    await began.wait()
    await asyncio.sleep(0.5)
    for _ in range(5):
        await is_answered(plane)
    slow.set()
    await asyncio.gather(*completing)
    assert {(await plane.video(url))["status"] for url in urls} == {"processing"}


async def test_joining_many_leaves_connections_for_others(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, slow, began = plane.parts.uploads, asyncio.Event(), asyncio.Event()
    join, direct = station.parts.join, Direct(station)
    begun = []
    for _ in range(MANY):
        upload = await plane.upload(await plane.open(len(FILE)))
        row = await direct.begin(upload)
        signed = await direct.sign_part(row, upload, 1, size=None, md5=None)
        assert (
            await plane.client.put(f"{plane.base}{urlsplit(signed.url).path}", content=FILE)
        ).status_code == 200
        begun.append((row, upload))

    async def slowly(*given: Any) -> None:
        began.set()
        await slow.wait()
        await join(*given)

    monkeypatch.setattr(station.parts, "join", slowly)
    joining = [asyncio.create_task(direct.complete(row, upload, None)) for row, upload in begun]
    await began.wait()
    await asyncio.sleep(0.5)
    for _ in range(5):
        await is_answered(plane)
    slow.set()
    await asyncio.gather(*joining)
    uploaded = [(await direct.find(row["id"]))[1]["state"] for row, _ in begun]
    assert uploaded == ["received"] * MANY


async def test_many_parts_that_end_at_once_leave_connections_for_others(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, slow = disk_parts._place, threading.Event()

    def slowly(*given: Any) -> None:
        slow.wait()
        place(*given)

    monkeypatch.setattr(disk_parts, "_place", slowly)
    direct = Direct(plane.parts.uploads)
    upload = await plane.upload(await plane.open(MANY * 100))
    row = await direct.begin(upload)

    async def send(number: int) -> int:
        signed = await direct.sign_part(row, upload, number, size=None, md5=None)
        url = f"{plane.base}{urlsplit(signed.url).path}"
        return (await plane.client.put(url, content=bytes(100))).status_code

    sending = [asyncio.create_task(send(number)) for number in range(1, MANY + 1)]
    try:
        await asyncio.sleep(1.5)
        for _ in range(5):
            await is_answered(plane)
    finally:
        slow.set()
    assert set(await asyncio.gather(*sending)) == {200}
