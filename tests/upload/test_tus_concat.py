"""Parts of a file side by side, and the upload that is made of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from playhead.model.errors import PlayheadError
from playhead.model.states import Status
from playhead.records import partials
from playhead.upload.cleaning import abandon_overdue, clear_incoming
from playhead.upload.tus_headers import OFFSET_TYPE
from tests.upload.plane import FILE, KEY, LIMIT, Plane, named, plane, said

__all__ = ["plane"]

SIZE = len(FILE)
CUT = 123_456


async def partial(plane: Plane, body: bytes, *, address: str | None = None, send: bool = True) -> str:
    headers = {"Upload_Concat": "partial"} | ({} if address else {"X_API_KEY": KEY})
    made = await plane.post(address or f"{plane.base}/tus", len(body), **headers)
    assert made.status_code == 201, made.text
    url: str = made.headers["location"]
    assert url.startswith(f"{plane.base}/partials/")
    if send:
        assert (await plane.patch(url, 0, body)).headers["upload-offset"] == str(len(body))
    return url


async def final(plane: Plane, *urls: str, **headers: str) -> tuple[int, str]:
    answer = await plane.create(
        Upload_Concat=f"final;{' '.join(urls)}", Upload_Metadata=said(filename="a.mp4"), **headers
    )
    return answer.status_code, answer.headers.get("location", answer.text)


def arrived(plane: Plane) -> list[Path]:
    return list((plane.parts.settings.data / "incoming").iterdir())


async def test_parts_are_put_together_in_the_order_of_the_final(plane: Plane) -> None:
    second = await partial(plane, FILE[CUT:])
    first = await partial(plane, FILE[:CUT])
    async with plane.parts.records.transaction() as tx:
        assert (await tx.connection.exec_driver_sql("SELECT count(*) FROM videos")).scalar_one() == 0
    status, url = await final(plane, first, second)
    assert status == 201, url
    assert await plane.source(url) == FILE
    stands = await plane.head(url)
    assert (stands.headers["upload-offset"], stands.headers["upload-length"]) == (str(SIZE), str(SIZE))
    assert stands.headers["upload-concat"] == f"final;{first} {second}"
    assert (await plane.patch(url, SIZE, b"x")).status_code == 403
    assert arrived(plane) == []


async def test_a_final_that_is_asked_for_again_is_the_same_upload(plane: Plane) -> None:
    urls = [await partial(plane, FILE[:CUT]), await partial(plane, FILE[CUT:])]
    answers = await asyncio.gather(*(final(plane, *urls) for _ in range(4)))
    locations = {url.rpartition("/")[0] for status, url in answers if status == 201}
    assert len(locations) == 1
    assert (await final(plane, *urls))[0] == 201
    assert (await final(plane, *reversed(urls)))[0] == 409
    async with plane.parts.records.transaction() as tx:
        found = await tx.connection.exec_driver_sql("SELECT status FROM videos")
        assert [row.status for row in found] == [Status.PROCESSING]
    for url in urls:  # what a client is told that looks where its parts stand
        assert (await plane.head(url)).headers["upload-offset"] == (await plane.head(url)).headers[
            "upload-length"
        ]
        assert (await plane.patch(url, 0, b"x")).status_code == 409


async def test_a_final_that_was_interrupted_is_finished_when_asked_for_again(plane: Plane) -> None:
    """As if the process had died once the parts were claimed."""
    urls = [await partial(plane, FILE[:CUT]), await partial(plane, FILE[CUT:])]
    held = {path: path.read_bytes() for folder in arrived(plane) for path in folder.iterdir()}
    status, url = await final(plane, *urls)
    assert status == 201
    video = await plane.video(url)
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE uploads SET state = 'waiting', received_size = 0"))
        await tx.connection.execute(text("UPDATE videos SET status = 'pending_upload'"))
    await plane.parts.storage.delete(video["source_key"])
    for path, content in held.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert (await final(plane, *urls))[0] == 201
    assert await plane.source(url) == FILE
    assert arrived(plane) == []


async def test_parts_resume_like_uploads(plane: Plane) -> None:
    url = await partial(plane, FILE, send=False)
    assert (await plane.head(url)).headers["upload-offset"] == "0"
    assert (await plane.head(url)).headers["upload-concat"] == "partial"
    assert (await plane.patch(url, 0, FILE[:1000])).headers["upload-offset"] == "1000"
    assert (await plane.patch(url, 5, b"x")).status_code == 409
    assert (await plane.patch(url, 1000, FILE)).status_code == 413
    assert (await plane.patch(url, 1000, FILE[1000:2000], Upload_Checksum="sha1 AAAA")).status_code == 460
    assert (await plane.head(url)).headers["upload-offset"] == "1000"
    assert (await final(plane, url))[0] == 409
    assert (await plane.patch(url, 1000, FILE[1000:])).status_code == 204
    status, whole = await final(plane, url)
    assert status == 201
    assert await plane.source(whole) == FILE


async def test_bytes_that_come_along_and_the_end_of_a_part(plane: Plane) -> None:
    headers = named(
        {"X_API_KEY": KEY, "Upload_Length": "1000", "Upload_Concat": "partial", "Content_Type": OFFSET_TYPE}
    )
    made = await plane.client.post(f"{plane.base}/tus", headers=headers, content=FILE[:300])
    assert (made.status_code, made.headers["upload-offset"]) == (201, "300")
    url = made.headers["location"]
    assert (await plane.client.delete(url)).status_code == 204
    assert (await plane.head(url)).status_code == 404
    assert (await final(plane, url))[0] == 404
    assert arrived(plane) == []


@pytest.mark.parametrize("length", [None, 0, LIMIT + 1])
async def test_a_part_has_a_size(plane: Plane, length: int | None) -> None:
    made = await plane.create(length, Upload_Concat="partial")
    assert made.status_code == {None: 400, 0: 422, LIMIT + 1: 413}[length]


async def test_only_ones_own_parts_by_their_signed_urls(plane: Plane) -> None:
    url = await partial(plane, FILE)
    upload = (await plane.create(SIZE)).headers["location"]
    for urls in ((), (url, url), (upload,), ("http://x/partials/y/z",), (f"{url} x",)):
        assert (await final(plane, *urls))[0] == 400
    assert (await final(plane, f"{url[:-2]}AA"))[0] == 403
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(
            text("INSERT INTO projects (id, name) VALUES (gen_random_uuid(), 'other')")
        )
        await tx.connection.execute(
            text("UPDATE partials SET project_id = (SELECT id FROM projects WHERE name = 'other')")
        )
    assert (await final(plane, url))[0] == 404


async def test_a_file_of_parts_is_no_larger_than_others(plane: Plane) -> None:
    object.__setattr__(plane.parts.uploads, "max_resumable_bytes", SIZE - 1)
    urls = [await partial(plane, FILE[:CUT]), await partial(plane, FILE[CUT:])]
    assert (await final(plane, *urls))[0] == 413


async def test_within_a_grant_parts_are_no_more_than_its_uploads_could_hold(plane: Plane) -> None:
    address = f"{await plane.grant(max_bytes=SIZE, max_uploads=1)}/tus"
    urls = [await partial(plane, FILE[:CUT], address=address)]
    more = await plane.post(address, SIZE - CUT + 1, Upload_Concat="partial")
    assert (more.status_code, more.json()["code"]) == (413, "upload_too_large")
    urls.append(await partial(plane, FILE[CUT:], address=address))
    done = await plane.post(address, Upload_Concat=f"final;{' '.join(urls)}")
    assert done.status_code == 201
    assert await plane.source(done.headers["location"]) == FILE
    assert (await plane.post(address, 5, Upload_Concat="partial")).status_code == 403


async def test_parts_that_nobody_came_back_for_are_cleared_away(plane: Plane) -> None:
    url = await partial(plane, FILE)
    await clear_incoming(plane.parts.uploads)
    assert len(arrived(plane)) == 1
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE partials SET expires_at = now() - interval '1 second'"))
    assert (await plane.head(url)).status_code == 410
    assert (await final(plane, url))[0] == 404
    await abandon_overdue(plane.parts.uploads)
    assert arrived(plane) == []
    async with plane.parts.records.transaction() as tx:
        assert (await tx.connection.exec_driver_sql("SELECT count(*) FROM partials")).scalar_one() == 0
        assert await partials.waiting(tx, []) == set()


async def test_a_part_that_is_gone_is_a_named_failure(plane: Plane) -> None:
    url = await partial(plane, FILE)
    folder = arrived(plane)[0]
    incoming = plane.parts.uploads.incoming
    (folder / "whole").unlink()
    with pytest.raises(PlayheadError) as caught:
        await incoming.concatenate(UUID(int=1), [UUID(folder.name)])
    assert caught.value.code == "source_missing"
    assert (await final(plane, url))[0] == 409
