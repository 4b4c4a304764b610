"""The older form: `POST /api/video` as multipart/form-data, the file with it (contract: row 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contracts.wire import assert_problem, settled

FIELDS = {"resolutions": "144p,240p", "isPublic": "true", "thumbnail_timestamps_seconds": "0,0.5"}


def _send(api: httpx.Client, file: tuple[str, bytes, str] | None, **changes: str | None) -> httpx.Response:
    fields = {name: value for name, value in {**FIELDS, **changes}.items() if value is not None}
    # Without a file httpx would send a urlencoded form.
    files: dict[str, Any] = {"file": file} if file else {"other": (None, b"x")}
    return api.post("/api/video", data=fields, files=files)


def test_the_file_comes_with_the_form(api: httpx.Client, clip: Path) -> None:
    answer = _send(api, ("clip.mp4", clip.read_bytes(), "video/mp4"))

    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert created["videoId"] == created["id"] == str(UUID(created["id"]))
    assert created["status"] == "pending"

    assert settled(api, created["id"])["status"] == "ready"
    video = api.get(f"/api/video/{created['id']}/public").json()
    assert video["isPublic"] is True
    assert list(video["resolutions"]) == ["144p", "240p"]
    assert [len(made["thumbnailImageUrls"]) for made in video["resolutions"].values()] == [2, 2]


def test_spaces_in_the_lists_and_private(api: httpx.Client, clip: Path) -> None:
    file = ("clip.mp4", clip.read_bytes(), "application/octet-stream")
    changes = {"resolutions": " 144p , 240p ", "isPublic": "false", "thumbnail_timestamps_seconds": None}

    answer = _send(api, file, **changes)

    assert answer.status_code == 201, answer.text
    video = api.get(f"/api/video/{answer.json()['id']}/private/60").json()
    assert video["isPublic"] is False
    assert list(video["resolutions"]) == ["144p", "240p"]


def test_the_file_may_come_before_the_fields(api: httpx.Client, clip: Path) -> None:
    # The order of parts is the sender's; a browser's FormData keeps that of its append calls.
    boundary = "x7f3a9"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="clip.mp4"\r\n'
    head += "Content-Type: video/mp4\r\n\r\n"
    tail = "".join(
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        for name, value in FIELDS.items()
    )
    body = head.encode() + clip.read_bytes() + f"{tail}\r\n--{boundary}--\r\n".encode()

    answer = api.post(
        "/api/video", content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )

    assert answer.status_code == 201, answer.text
    assert settled(api, answer.json()["id"])["status"] == "ready"


@pytest.mark.parametrize(
    "wrong",
    [
        {"resolutions": None},
        {"resolutions": "481p"},
        {"isPublic": "perhaps"},
        {"thumbnail_timestamps_seconds": "soon"},
    ],
    ids=str,
)
def test_what_is_not_valid_is_refused(api: httpx.Client, clip: Path, wrong: dict[str, str | None]) -> None:
    assert_problem(_send(api, ("clip.mp4", clip.read_bytes(), "video/mp4"), **wrong), 422)


def test_a_form_without_a_file_is_refused(api: httpx.Client) -> None:
    assert_problem(_send(api, None), 422)


@pytest.mark.parametrize(
    ("name", "content"), [("clip.mp4", b"Dear diary, " * 50), ("clip.mp4", b""), ("notes.txt", b"hello")]
)
def test_what_is_no_video_is_refused(api: httpx.Client, name: str, content: bytes) -> None:
    assert_problem(_send(api, (name, content, "video/mp4")), 422)


def test_a_broken_form_is_refused(api: httpx.Client) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=abc"}

    answer = api.post("/api/video", content=b"--abc\r\nnot a part", headers=headers)

    assert answer.status_code in (400, 422)
    assert_problem(answer, answer.status_code)


def test_the_form_needs_a_key(keyless: httpx.Client, clip: Path) -> None:
    assert_problem(_send(keyless, ("clip.mp4", clip.read_bytes(), "video/mp4")), 401, "invalid_key")
