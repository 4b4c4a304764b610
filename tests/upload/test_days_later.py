"""Uploads that nobody looks after for days: within the week each goes on with what it has, and then all is over."""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from playhead.records import quotas
from playhead.upload.completing import complete
from tests.days import calendar_of, tidied
from tests.upload.companion import PIECES, WHOLE, Plane, Tree

LATER = 6.9
"""Days after which everything is still there."""
TOO_LATE = 7.1
STOOD = len(PIECES[0])
"""Bytes that are sent before the days go by."""
FILENAME = "filename ZmlsbS5tcDQ="


async def go_by(plane: Plane, days: float) -> None:
    """Let days go by, with all that is done meanwhile at their end."""
    await asyncio.to_thread(calendar_of(plane.parts).go_by, days)
    await tidied(plane.parts)


class Sender(ABC):
    """A file on its way; all that is kept of it is what the server said at first."""

    def __init__(self, plane: Plane) -> None:
        self.plane, self.client = plane, plane.client

    @abstractmethod
    async def begin(self) -> None:
        """Send the first `STOOD` bytes."""

    @abstractmethod
    def later(self, days: float) -> None:
        """What was kept is so many days older."""

    @abstractmethod
    async def go_on(self) -> tuple[httpx.Response, int]:
        """Ask where it stands, and send what is left; the last answer, and how many bytes were sent."""


class Tus(Sender):
    """tus, created under a grant."""

    version = {"Tus-Resumable": "1.0.0"}
    patching = {**version, "Content-Type": "application/offset+octet-stream"}

    async def begin(self) -> None:
        tree = await self.plane.grant()
        said = {**self.version, "Upload-Length": str(len(WHOLE)), "Upload-Metadata": FILENAME}
        made = await self.client.post(f"{tree.url}/tus", headers=said)
        self.url = made.headers["location"]
        sent = await self.patch(self.url, 0, PIECES[0])
        assert sent.status_code == 204, sent.text

    def later(self, days: float) -> None:
        self.url = calendar_of(self.plane.parts).older(self.url, days)

    async def go_on(self) -> tuple[httpx.Response, int]:
        return await self.rest(self.url, WHOLE)

    async def rest(self, url: str, whole: bytes) -> tuple[httpx.Response, int]:
        stands = await self.client.head(url, headers=self.version)
        if stands.status_code != 200:
            return await self.patch(url, 0, b"x"), 0
        rest = whole[int(stands.headers["upload-offset"]) :]
        return await self.patch(url, len(whole) - len(rest), rest), len(rest)

    async def patch(self, url: str, offset: int, data: bytes) -> httpx.Response:
        headers = {**self.patching, "Upload-Offset": str(offset)}
        return await self.client.patch(url, content=data, headers=headers)


class Partials(Tus):
    """Two partials of tus, each half sent, and the file that they become; under one grant from beginning to end."""

    halves = (WHOLE[: len(WHOLE) // 2], WHOLE[len(WHOLE) // 2 :])

    async def begin(self) -> None:
        self.grant = (await self.plane.grant()).url
        self.urls = []
        for half in self.halves:
            said = {**self.version, "Upload-Length": str(len(half)), "Upload-Concat": "partial"}
            made = await self.client.post(f"{self.grant}/tus", headers=said)
            self.urls.append(made.headers["location"])
            await self.patch(self.urls[-1], 0, half[: STOOD // 2])

    def later(self, days: float) -> None:
        known = calendar_of(self.plane.parts)
        self.urls = [known.older(url, days) for url in self.urls]
        self.grant = known.older(self.grant, days)

    async def go_on(self) -> tuple[httpx.Response, int]:
        sent = 0
        for url, half in zip(self.urls, self.halves, strict=True):
            answer, size = await self.rest(url, half)
            sent += size
            if answer.is_error:
                return answer, sent
        return await self.final(), sent

    async def final(self) -> httpx.Response:
        said = {"Upload-Concat": f"final;{' '.join(self.urls)}", "Upload-Metadata": FILENAME}
        return await self.client.post(f"{self.grant}/tus", headers={**self.version, **said})


class Ranges(Sender):
    """`PUT` with `Content-Range`, to an upload that completes by itself."""

    async def begin(self) -> None:
        tree, _ = await self.plane.upload(len(WHOLE), auto_complete=True)
        self.url = tree.url
        assert (await self.put(PIECES[0], f"0-{STOOD - 1}")).status_code == 308

    def later(self, days: float) -> None:
        self.url = calendar_of(self.plane.parts).older(self.url, days)

    async def go_on(self) -> tuple[httpx.Response, int]:
        stands = await self.put(b"", "*")
        if stands.status_code != 308:
            return stands, 0
        start = int(stands.headers["range"].rpartition("-")[2]) + 1
        return await self.put(WHOLE[start:], f"{start}-{len(WHOLE) - 1}"), len(WHOLE) - start

    async def put(self, data: bytes, which: str) -> httpx.Response:
        said = {"Content-Type": "video/mp4", "Content-Range": f"bytes {which}/{len(WHOLE)}"}
        return await self.client.put(self.url, content=data, headers=said)


class Parts(Sender):
    """Numbered parts below an upload's own URL, as our Python client sends them."""

    async def begin(self) -> None:
        self.tree = await self.opened()
        assert (await self.tree.begin(size=len(WHOLE))).status_code == 200
        await self.tree.send(1, PIECES[0])

    async def opened(self) -> Tree:
        return (await self.plane.upload(len(WHOLE), auto_complete=True))[0]

    def later(self, days: float) -> None:
        self.tree.url = calendar_of(self.plane.parts).older(self.tree.url, days)

    async def go_on(self) -> tuple[httpx.Response, int]:
        listed = await self.tree.list()
        if listed.status_code != 200:
            return listed, 0
        parts: list[dict[str, Any]] = listed.json()
        left = [number for number in (1, 2) if number not in {each["PartNumber"] for each in parts}]
        parts += [await self.tree.send(number, PIECES[number - 1]) for number in left]
        return await self.tree.complete(parts), sum(len(PIECES[number - 1]) for number in left)


class GrantedParts(Parts):
    """The same below the grant that the multipart was begun under, as Uppy and our page do."""

    async def opened(self) -> Tree:
        return await self.plane.grant()


def arrived(plane: Plane) -> list[Path]:
    root = plane.parts.settings.data / "incoming"
    return list(root.iterdir()) if root.exists() else []


async def begun(plane: Plane) -> list[Sender]:
    """One of each kind, each with its first bytes there."""
    kinds: list[type[Sender]] = [Tus, Partials, Ranges, Parts, GrantedParts]
    senders = [kind(plane) for kind in kinds]
    for sender in senders:
        await sender.begin()
    return senders


async def sources(plane: Plane) -> list[bytes]:
    """SHA-256 of the file of every video."""
    stored, videos = await plane.stored(), await plane.rows("SELECT status, source_key FROM videos")
    assert {video["status"] for video in videos} == {"processing"}
    return [hashlib.sha256(stored[video["source_key"]]).digest() for video in videos]


async def test_days_later_each_goes_on_from_what_is_there(plane: Plane) -> None:
    senders = await begun(plane)
    await go_by(plane, LATER)
    for sender in senders:
        sender.later(LATER)
        answer, sent = await sender.go_on()
        assert answer.is_success, (sender, answer.text)
        assert (sender, sent) == (sender, len(WHOLE) - STOOD)
    await tidied(plane.parts)
    assert await sources(plane) == [hashlib.sha256(WHOLE).digest()] * len(senders)
    assert arrived(plane) == []
    assert await plane.begun() == []


async def test_after_the_week_all_is_over_and_given_back(plane: Plane) -> None:
    senders = await begun(plane)
    assert await used(plane) >= len(senders) * len(WHOLE)
    await asyncio.to_thread(calendar_of(plane.parts).go_by, TOO_LATE)
    for sender in senders:
        sender.later(TOO_LATE)
    for _ in range(2):  # told already before anybody has tidied up
        for sender in senders:
            answer, _ = await sender.go_on()
            assert (sender, answer.status_code, answer.json()["code"]) == (sender, 410, "url_expired")
        await tidied(plane.parts)
    assert arrived(plane) == []
    assert await plane.begun() == []
    assert await used(plane) == 0
    videos = await plane.rows("SELECT error_code FROM videos")
    assert videos == [{"error_code": "upload_expired"}] * (len(senders) - 1)  # partials never had one


async def test_what_is_whole_waits_for_days_to_be_completed(plane: Plane) -> None:
    """By whoever was told to: nothing that is swept by its age is taken from under an upload that is open."""
    by_parts, first = await plane.upload(len(WHOLE))
    await by_parts.begin(size=len(WHOLE))
    assert (await by_parts.complete(await by_parts.send_all())).status_code == 200
    at_once, second = await plane.upload(len(WHOLE))
    sent = await plane.client.put(at_once.url, content=WHOLE, headers={"Content-Type": "video/mp4"})
    assert sent.status_code == 200, sent.text
    await go_by(plane, LATER)
    for upload in (first, second):
        await complete(plane.parts.uploads, upload["video_id"], project_id=upload["project_id"])
    await tidied(plane.parts)
    assert await sources(plane) == [hashlib.sha256(WHOLE).digest()] * 2


async def test_who_completed_in_the_last_hours_is_still_told_so_days_after(plane: Plane) -> None:
    """The answer got lost, and is asked for once more when the client's machine is up again."""
    sender = GrantedParts(plane)
    await sender.begin()
    await go_by(plane, LATER)
    sender.later(LATER)
    answer, _ = await sender.go_on()
    assert answer.is_success, answer.text
    await go_by(plane, LATER)
    again = await sender.tree.complete(None)
    assert (again.status_code, again.json()) == (200, answer.json())
    await (await plane.grant()).begin()  # the next that is cleared takes along whatever is too old to be told
    await go_by(plane, 3 * TOO_LATE)
    assert await plane.rows("SELECT * FROM multiparts") == []


@pytest.mark.parametrize("plane", ["disk"], indirect=True)  # it is put together on one, whatever the store
async def test_what_is_being_put_together_is_not_tidied_away(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that waited for days, and whose time ends while they are copied."""
    sender, incoming = Partials(plane), plane.parts.uploads.incoming
    await sender.begin()
    await go_by(plane, LATER)
    sender.later(LATER)
    put_together = incoming.concatenate

    async def slowly(upload_id: UUID, parts: Sequence[UUID]) -> int:
        await go_by(plane, TOO_LATE - LATER)
        return await put_together(upload_id, parts)

    monkeypatch.setattr(incoming, "concatenate", slowly)
    answer, _ = await sender.go_on()
    assert answer.status_code == 201, answer.text
    assert await sources(plane) == [hashlib.sha256(WHOLE).digest()]
    await tidied(plane.parts)
    assert arrived(plane) == []
    assert await plane.rows("SELECT * FROM partials") == []


async def used(plane: Plane) -> int:
    """Bytes that count for the project."""
    async with plane.parts.records.transaction() as tx:
        [found] = await quotas.usage(tx)
    return int(found["used_bytes"])
