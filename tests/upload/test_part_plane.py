"""Parts that our own disk takes: no more of them than the file they are parts of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from playhead.storage import disk_parts
from tests.upload.companion import Plane, Tree, serving_plane
from tests.upload.station import LOOKS_LIKE_MP4

FILM = LOOKS_LIKE_MP4.ljust(300_000, b"a")
PART = 100_000


@pytest.fixture
async def plane(database_url: str, tmp_path: Path) -> AsyncIterator[Plane]:
    async with serving_plane(database_url, tmp_path, None) as found:
        yield found


async def put(plane: Plane, tree: Tree, number: int, body: bytes) -> str | None:
    """Send a part; the code of its refusal, if it is refused."""
    signed = (await tree.sign(number)).json()
    answer = await plane.client.put(signed["url"], content=body)
    return None if answer.status_code == 200 else str(answer.json()["code"])


def on_disk(plane: Plane) -> int:
    root = plane.parts.settings.data / "parts"
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


async def test_parts_are_no_more_than_the_file_that_was_declared(plane: Plane) -> None:
    tree, _ = await plane.upload(len(FILM), auto_complete=True)
    await tree.begin()
    for number in (1, 2, 3):
        assert await put(plane, tree, number, b"x" * PART) is None
    assert await put(plane, tree, 4, b"x") == "upload_too_large"
    assert await put(plane, tree, 3, b"x" * (PART + 1)) == "upload_too_large"
    assert on_disk(plane) == len(FILM)
    for number in (1, 2, 3):  # each may be sent again
        assert await put(plane, tree, number, FILM[(number - 1) * PART : number * PART]) is None
    listed = [{"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in (await tree.list()).json()]
    assert (await tree.complete(listed)).status_code == 200
    video = await plane.video_of(tree)
    assert await plane.parts.storage.read(video["source_key"], 0, len(FILM)) == FILM


async def test_parts_that_come_side_by_side_are_no_more_either(plane: Plane) -> None:
    tree, _ = await plane.upload(2 * PART)
    await tree.begin()
    come = asyncio.Event()

    async def halting(letter: bytes) -> AsyncIterator[bytes]:
        yield letter * (PART // 2)
        await come.wait()
        yield letter * (PART // 2)

    async def send(number: int) -> int:
        signed = (await tree.sign(number)).json()
        return (await plane.client.put(signed["url"], content=halting(b"%d" % number))).status_code

    sending = [asyncio.create_task(send(number)) for number in range(1, 7)]
    await asyncio.sleep(0.5)  # all have begun, and nothing is there yet that one could see of another
    come.set()
    answers = [await each for each in sending]
    assert 413 in answers
    assert len((await tree.list()).json()) == answers.count(200) == 2
    for number in range(1, 7):
        if answers[number - 1] == 413:
            assert await put(plane, tree, number, b"x" * PART) == "upload_too_large"


@pytest.mark.parametrize("anew", [False, True], ids=["of one multipart", "of several"])
async def test_nor_are_those_that_several_processes_take(
    plane: Plane, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    """Two planes on one database and one disk, as two web processes are; the disk is slow with names."""
    place = disk_parts._place

    def slowly(*given: Any) -> None:
        time.sleep(0.2)
        place(*given)

    monkeypatch.setattr(disk_parts, "_place", slowly)
    async with serving_plane(database_url, tmp_path, None) as other:
        tree, _ = await plane.upload(PART if anew else 2 * PART)
        await tree.begin()

        async def send(number: int) -> int:
            begun = tree
            if anew:
                begun = Tree(tree.url, tree.client)
                await begun.begin()
            url = (await begun.sign(number)).json()["url"]
            at = urlsplit((plane if number % 2 else other).parts.urls.base_url).netloc
            answer = await plane.client.put(
                urlunsplit(urlsplit(url)._replace(netloc=at)), content=b"x" * PART
            )
            return answer.status_code

        answers = await asyncio.gather(*(send(number) for number in range(1, 5)))
    assert sorted(answers) == [200, 200, 413, 413]
    assert on_disk(plane) == 2 * PART


async def test_beginning_anew_is_no_way_around_it(plane: Plane) -> None:
    begun: list[Tree] = []
    tree, _ = await plane.upload(len(FILM))
    for _ in range(2):
        await tree.begin()
        begun.append(Tree(tree.url, tree.client, tree.multipart))
        for number in (1, 2, 3):
            assert await put(plane, tree, number, b"x" * PART) is None
    await tree.begin()
    assert await put(plane, tree, 1, b"x") == "upload_too_large"
    assert on_disk(plane) == 2 * len(FILM)
    await begun[0].abort()
    assert await put(plane, tree, 1, b"x" * PART) is None


async def test_without_a_declared_size_the_limit_holds(plane: Plane) -> None:
    tree = await plane.grant(max_bytes=2 * PART)
    await tree.begin()
    assert await put(plane, tree, 1, b"x" * PART) is None
    assert await put(plane, tree, 2, b"x" * (PART + 1)) == "upload_too_large"
    assert await put(plane, tree, 2, b"x" * PART) is None
    assert await put(plane, tree, 3, b"x") == "upload_too_large"
