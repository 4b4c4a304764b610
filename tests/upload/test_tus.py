"""tus 1.0 on the URL of an upload: offsets, versions, checksums, lengths said late, and completing by itself."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from playhead.model.states import Status, UploadState
from playhead.upload.tus_headers import OFFSET_TYPE
from tests.upload.plane import FILE, KEY, LIMIT, Plane, named, plane, said

__all__ = ["plane"]

SIZE = len(FILE)


async def created(plane: Plane, length: int | None = SIZE, **headers: str) -> str:
    answer = await plane.create(length, Upload_Metadata=said(filename="a.mp4"), **headers)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["location"]
    return location


async def test_chunk_by_chunk_and_with_the_last_byte_it_is_a_video(plane: Plane) -> None:
    url = await created(plane)
    at = 0
    for stop in (0, 1, 70_000, 299_999, SIZE):
        answer = await plane.patch(url, at, FILE[at:stop])
        assert answer.status_code == 204, answer.text
        assert answer.headers["upload-offset"] == str(stop)
        assert answer.headers["tus-resumable"] == "1.0.0"
        stands = await plane.head(url)
        assert (stands.status_code, stands.headers["upload-offset"]) == (200, str(stop))
        assert (stands.headers["upload-length"], stands.headers["cache-control"]) == (str(SIZE), "no-store")
        assert stands.headers["upload-metadata"] == said(filename="a.mp4")
        upload = await plane.upload(url)
        assert parsedate_to_datetime(stands.headers["upload-expires"]) == upload["expires_at"].replace(
            microsecond=0
        )
        at = stop
    assert (await plane.video(url))["status"] == Status.PROCESSING
    assert await plane.source(url) == FILE
    assert (await plane.patch(url, SIZE, b"")).status_code == 409
    assert (await plane.client.delete(url)).status_code == 409


async def test_what_is_no_video_is_the_answer_to_its_last_byte(plane: Plane) -> None:
    url = await created(plane, 40)
    assert (await plane.patch(url, 0, b"just some words of no particular ")).status_code == 204
    refused = await plane.patch(url, 33, b"meaning")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_video")
    assert refused.headers["tus-resumable"] == "1.0.0"
    video = await plane.video(url)
    assert (video["status"], video["error_code"]) == (Status.FAIL, "not_a_video")
    assert (await plane.head(url)).status_code == 410


@pytest.mark.parametrize("offset", ["", "x", "-1", "1", "70001", "9" * 19])
async def test_bytes_go_on_where_it_stands_and_nowhere_else(plane: Plane, offset: str) -> None:
    url = await created(plane)
    await plane.patch(url, 0, FILE[:70_000])
    headers = {"Upload-Offset": offset, "Content-Type": OFFSET_TYPE}
    answer = await plane.client.patch(url, headers=headers, content=b"x" * 10)
    assert answer.status_code == (409 if offset in ("1", "70001") else 400)
    assert (await plane.head(url)).headers["upload-offset"] == "70000"
    assert (await plane.patch(url, 70_000, FILE[70_000:])).status_code == 204
    assert await plane.source(url) == FILE


async def test_a_wrong_offset_takes_nothing_from_a_sender_who_is_right(plane: Plane) -> None:
    url = await created(plane)
    gone_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield FILE[:100_000]
        await gone_on.wait()
        yield FILE[100_000:]

    right = asyncio.create_task(plane.patch(url, 0, slowly()))
    while (await plane.head(url)).headers["upload-offset"] != "100000":
        await asyncio.sleep(0.05)
    assert (await plane.patch(url, 5, b"x" * 10)).status_code == 409
    gone_on.set()
    assert (await right).status_code == 204
    assert await plane.source(url) == FILE


async def test_a_newer_sender_takes_over_and_no_byte_is_mixed(plane: Plane) -> None:
    url = await created(plane)
    over = asyncio.Event()

    async def older() -> AsyncIterator[bytes]:
        yield FILE[:100_000]
        await over.wait()
        yield b"\xff" * (SIZE - 100_000)

    first = asyncio.create_task(plane.patch(url, 0, older()))
    while (await plane.head(url)).headers["upload-offset"] != "100000":
        await asyncio.sleep(0.05)
    assert (await plane.patch(url, 100_000, FILE[100_000:200_000])).headers["upload-offset"] == "200000"
    over.set()
    assert (await first).status_code == 409
    assert (await plane.patch(url, 200_000, FILE[200_000:])).status_code == 204
    assert await plane.source(url) == FILE


async def test_what_came_before_a_disconnect_stays(plane: Plane) -> None:
    url = await created(plane)
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"PATCH {parts.path} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\nTus-Resumable: 1.0.0\r\n"
        f"Content-Type: {OFFSET_TYPE}\r\nContent-Length: {SIZE}\r\n\r\n"
    )
    writer.write(head.encode() + FILE[:123_457])
    await writer.drain()
    writer.close()
    while (await plane.head(url)).headers["upload-offset"] != "123457":
        await asyncio.sleep(0.05)
    assert (await plane.patch(url, 123_457, FILE[123_457:])).status_code == 204
    assert await plane.source(url) == FILE
    assert await reader.read() == b""


async def test_other_versions_types_and_methods_are_refused(plane: Plane) -> None:
    url = await created(plane)
    newer = await plane.client.head(url, headers={"Tus-Resumable": "2.0.0"})
    assert (newer.status_code, newer.headers["tus-version"]) == (412, "1.0.0")
    plain = {"Upload-Offset": "0", "Content-Type": "video/mp4"}
    assert (await plane.client.patch(url, headers=plain, content=FILE)).status_code == 415
    assert (await plane.client.get(url)).status_code == 405
    assert (await plane.head(f"{url}x")).status_code == 403
    assert (await plane.head(url.replace(url.split("/")[4][:8], "0" * 8))).status_code == 403


async def test_where_only_post_gets_through_it_says_what_it_means(plane: Plane) -> None:
    url = await created(plane)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": OFFSET_TYPE}
    answer = await plane.client.post(url, headers=headers, content=FILE)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(SIZE))
    ended = await created(plane)
    assert (await plane.client.post(ended, headers={"X-HTTP-Method-Override": "DELETE"})).status_code == 204
    assert (await plane.head(ended)).status_code == 410


async def test_a_longer_body_than_declared_is_refused_and_never_cut_short(plane: Plane) -> None:
    for chunked in (False, True):
        url = await created(plane)

        async def blocks() -> AsyncIterator[bytes]:
            yield FILE
            yield b"more"

        answer = await plane.patch(url, 0, blocks() if chunked else FILE + b"more")
        assert answer.status_code == (400 if chunked else 413)
        assert (await plane.upload(url))["state"] == UploadState.WAITING
        at = int((await plane.head(url)).headers["upload-offset"])
        assert at < SIZE
        assert (await plane.patch(url, at, FILE[at:])).status_code == 204
        assert await plane.source(url) == FILE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sha1", hashlib.sha1(FILE[:1000]).digest()),
        ("sha256", hashlib.sha256(FILE[:1000]).digest()),
        ("md5", hashlib.md5(FILE[:1000]).digest()),
        ("crc32", zlib.crc32(FILE[:1000]).to_bytes(4, "big")),
    ],
)
async def test_a_chunk_that_does_not_add_up_leaves_nothing(plane: Plane, name: str, value: bytes) -> None:
    url = await created(plane)
    right = f"{name} {b64encode(value).decode()}"
    wrong = await plane.patch(url, 0, b"\1" + FILE[1:1000], Upload_Checksum=right)
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    assert (await plane.head(url)).headers["upload-offset"] == "0"
    assert (await plane.patch(url, 0, FILE[:1000], Upload_Checksum=right)).status_code == 204
    assert (await plane.patch(url, 1000, FILE[1000:])).status_code == 204
    assert await plane.source(url) == FILE


@pytest.mark.parametrize("header", ["sha1", "sha1 !", "rot13 YQ==", ""])
async def test_a_checksum_that_cannot_be_read_is_refused(plane: Plane, header: str) -> None:
    url = await created(plane)
    assert (await plane.patch(url, 0, FILE[:10], Upload_Checksum=header)).status_code in (400, 460)
    assert (await plane.head(url)).headers["upload-offset"] == "0"


async def test_a_header_that_is_not_even_ascii_is_refused(plane: Plane) -> None:
    url = await created(plane)

    async def said_raw(method: str, at: str, **headers: bytes) -> int:
        said = {name.encode(): text.encode() for name, text in named({"X_API_KEY": KEY}).items()}
        said |= {name.replace("_", "-").encode(): text for name, text in headers.items()}
        return (await plane.client.request(method, at, headers=said, content=b"")).status_code

    kind = OFFSET_TYPE.encode()
    checksum = {"Upload_Offset": b"0", "Content_Type": kind, "Upload_Checksum": b"sha1 \xe9"}
    assert await said_raw("PATCH", url, **checksum) == 400
    metadata = {"Upload_Length": b"7", "Upload_Metadata": b"filename \xe9"}
    assert await said_raw("POST", f"{plane.base}/tus", **metadata) == 400


async def test_a_length_that_is_said_late(plane: Plane) -> None:
    url = await created(plane, None, Upload_Defer_Length="1")
    stands = await plane.head(url)
    assert (stands.headers["upload-defer-length"], stands.headers["upload-offset"]) == ("1", "0")
    assert "upload-length" not in stands.headers
    assert (await plane.patch(url, 0, FILE[:100_000])).headers["upload-offset"] == "100000"
    # A chunk that is lost again lies behind the end of what is known.
    wrong = await plane.patch(url, 100_000, FILE, Upload_Checksum="crc32 AAAAAA==")
    assert wrong.status_code == 460
    small = await plane.patch(url, 100_000, b"", Upload_Length="99999")
    assert small.status_code in (409, 413)
    assert (await plane.video(url))["status"] == Status.PENDING_UPLOAD


async def test_a_length_said_with_the_last_chunk_or_after_it(plane: Plane) -> None:
    for late in (False, True):
        url = await created(plane, None, Upload_Defer_Length="1")
        await plane.patch(url, 0, FILE[:100_000])
        await plane.patch(url, 100_000, FILE, Upload_Checksum="crc32 AAAAAA==")
        if late:
            await plane.patch(url, 100_000, FILE[100_000:])
            assert (await plane.video(url))["status"] == Status.PENDING_UPLOAD
        rest = b"" if late else FILE[100_000:]
        answer = await plane.patch(url, SIZE - len(rest), rest, Upload_Length=str(SIZE))
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(SIZE))
        assert (await plane.head(url)).headers["upload-length"] == str(SIZE)
        assert await plane.source(url) == FILE


async def test_a_length_is_said_once(plane: Plane) -> None:
    url = await created(plane)
    assert (await plane.patch(url, 0, FILE[:10], Upload_Length=str(SIZE))).status_code == 204
    assert (await plane.patch(url, 10, FILE[10:], Upload_Length=str(SIZE - 1))).status_code == 422
    deferred = await created(plane, None, Upload_Defer_Length="1")
    assert (await plane.patch(deferred, 0, b"", Upload_Length=str(LIMIT + 1))).status_code == 413
    assert (await plane.head(deferred)).headers["upload-defer-length"] == "1"


async def test_an_upload_of_another_making_is_resumed_by_its_url(plane: Plane) -> None:
    url = await plane.open(SIZE)
    assert (await plane.patch(url, 0, FILE[:1000])).status_code == 204
    parts = {"Content-Type": "video/mp4", "Content-Range": f"bytes 1000-{SIZE - 1}/{SIZE}"}
    assert (await plane.client.put(url, headers=parts, content=FILE[1000:])).status_code == 200
    stands = await plane.head(url)
    assert (stands.status_code, stands.headers["upload-offset"]) == (200, str(SIZE))
    assert (await plane.video(url))["status"] == Status.PENDING_UPLOAD  # whoever created it says when


async def test_completing_that_was_interrupted_is_made_up_for(plane: Plane) -> None:
    """As if the process had died after the last byte was on the disk."""
    url = await created(plane)
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE uploads SET auto_complete = false"))
    assert (await plane.patch(url, 0, FILE)).status_code == 204
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("UPDATE uploads SET auto_complete = true, state = 'waiting'"))
    stands = await plane.head(url)
    assert (stands.status_code, stands.headers["upload-offset"]) == (200, str(SIZE))
    assert await plane.source(url) == FILE


async def test_where_it_stands_is_never_answered_with_5xx(plane: Plane) -> None:
    url = await created(plane)
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("ALTER TABLE uploads RENAME COLUMN tus TO gone"))
    assert (await plane.head(url)).status_code == 423
    async with plane.parts.records.transaction() as tx:
        await tx.connection.execute(text("ALTER TABLE uploads RENAME COLUMN gone TO tus"))
    await plane.parts.records.close()
    assert (await plane.head(url)).status_code == 200


async def test_discovery_and_preflight(plane: Plane) -> None:
    url = await created(plane)
    for address in (url, f"{plane.base}/tus", f"{plane.base}/tus/", f"{await plane.grant()}/tus"):
        about = await plane.client.options(address)
        assert (about.status_code, about.headers["tus-version"]) == (204, "1.0.0")
        assert about.headers["tus-max-size"] == str(LIMIT)
        assert "sha1" in about.headers["tus-checksum-algorithm"].split(",")
        assert {"creation", "concatenation", "expiration"} <= set(about.headers["tus-extension"].split(","))
        preflight = await plane.client.options(
            address, headers={"Access-Control-Request-Method": "PATCH", "Origin": "http://elsewhere"}
        )
        assert preflight.status_code == 204
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "upload-offset" in preflight.headers["access-control-allow-headers"].split(", ")
        assert "tus-version" not in preflight.headers
    exposed = (await plane.head(url)).headers["access-control-expose-headers"].split(", ")
    assert {"etag", "location", "range", "upload-offset", "upload-length", "retry-after"} <= set(exposed)


async def test_ending_it(plane: Plane) -> None:
    url = await created(plane)
    await plane.patch(url, 0, FILE[:1000])
    assert (await plane.client.delete(url, headers={"Tus-Resumable": "1.0.0"})).status_code == 204
    assert (await plane.head(url)).status_code == 410
    assert (await plane.patch(url, 1000, FILE[1000:])).status_code == 410
    assert (await plane.video(url))["error_code"] == "upload_ended"
    assert list((plane.parts.settings.data / "incoming").iterdir()) == []
    assert KEY not in url
