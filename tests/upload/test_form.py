"""A form with the file, on the URL of an upload."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from playhead.model.states import Status
from tests.upload.plane import FILE, Plane, plane

__all__ = ["plane"]


@pytest.mark.parametrize("auto_complete", [False, True])
async def test_the_file_in_a_form(plane: Plane, auto_complete: bool) -> None:
    url = await plane.open(auto_complete=auto_complete)
    form = {"file": ("holiday.mov", FILE, "video/quicktime")}
    answer = await plane.client.post(url, data={"a": "b", "c": "d"}, files=form)
    assert (answer.status_code, answer.json()["size"]) == (200, len(FILE))
    video = await plane.video(url)
    if auto_complete:
        assert await plane.source(url) == FILE
        assert (await plane.client.post(url, files=form)).status_code == 409
    else:
        assert video["status"] == Status.PENDING_UPLOAD
        held = plane.parts.uploads.incoming.path((await plane.upload(url))["id"])
        assert held.read_bytes() == FILE
        assert (await plane.client.post(url, files={"file": ("a", FILE[:50])})).status_code == 200
        assert held.read_bytes() == FILE[:50]


async def test_what_is_no_video_is_refused_at_once_where_it_completes_by_itself(plane: Plane) -> None:
    url = await plane.open(auto_complete=True)
    answer = await plane.client.post(url, files={"file": ("a.mp4", b"words " * 9)})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_video")


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"files": {"other": ("a.mp4", FILE)}}, 422),
        ({"data": {"x": "y" * 70_000}, "files": {"file": ("a.mp4", FILE)}}, 422),
        ({"content": FILE, "headers": {"Content-Type": "video/mp4"}}, 415),
        ({"content": FILE, "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": FILE, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"files": {"file": ("a.mp4", bytes(1_000_001))}}, 413),
    ],
    ids=["no file", "a field too large", "no form", "no boundary", "no parts", "too large"],
)
async def test_other_forms(plane: Plane, options: dict[str, object], status: int) -> None:
    url = await plane.open()
    answer = await plane.client.post(url, **options)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert not await plane.parts.uploads.incoming.arrived((await plane.upload(url))["id"])


async def test_one_that_breaks_off_leaves_nothing(plane: Plane) -> None:
    url = await plane.open()
    parts = urlsplit(url)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + FILE
    for length in (len(body) + 100, len(body)):  # the connection ends, and: the form does
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {length}\r\n\r\n".encode() + body)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        assert b"200 OK" not in answer
        assert not await plane.parts.uploads.incoming.arrived((await plane.upload(url))["id"])
