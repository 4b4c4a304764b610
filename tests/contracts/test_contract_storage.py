"""The upload URL and completing: bytes, size, type, order, a browser's preflight (contract: rows 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contracts.wire import BYTES, NOWHERE, assert_problem, complete, create, put, settled

ORIGIN = {"Origin": "https://app.example"}


def test_a_clip_becomes_ready(api: httpx.Client, clip: Path) -> None:
    created = create(api, fileSizeBytes=clip.stat().st_size, resolutions=["144p", "240p"])

    assert put(created, clip.read_bytes()).status_code == 200
    completed = complete(api, created["id"])

    assert completed.status_code == 201
    body = completed.json()
    assert body["id"] == created["id"]
    assert body["isPublic"] is True
    assert set(body["resolutions"]) == {"144p", "240p"}
    assert {made["status"] for made in body["resolutions"].values()} <= {"processing", "ready"}
    assert settled(api, created["id"])["status"] == "ready"


def test_completing_twice_is_the_same_as_once(api: httpx.Client, clip: Path) -> None:
    # The client's `retries` sends complete-upload again when the first answer is lost.
    created = create(api, fileSizeBytes=clip.stat().st_size)
    put(created, clip.read_bytes())
    complete(api, created["id"])

    assert complete(api, created["id"]).status_code == 201
    settled(api, created["id"])
    assert complete(api, created["id"]).json()["resolutions"]["144p"]["status"] == "ready"


@pytest.mark.parametrize("body", [None, b"{}"], ids=["no body", "empty object"])
def test_completing_takes_no_body_or_an_empty_one(api: httpx.Client, clip: Path, body: bytes | None) -> None:
    created = create(api)
    put(created, clip.read_bytes())
    headers = {"Content-Type": "application/json"} if body else {}

    answer = api.post(f"/api/video/{created['id']}/complete-upload", content=body, headers=headers)

    assert answer.status_code == 201


def test_bytes_may_come_without_a_length(api: httpx.Client, clip: Path) -> None:
    # Node's fetch sends a stream chunked.
    created = create(api, fileSizeBytes=clip.stat().st_size)
    answer = _put_chunked(created, clip.read_bytes())

    assert answer.status_code == 200
    assert complete(api, created["id"]).status_code == 201


def test_another_content_type_is_refused(api: httpx.Client, clip: Path) -> None:
    created = create(api)

    answer = BYTES.put(
        created["uploadUrl"], content=clip.read_bytes(), headers={"Content-Type": "video/webm"}
    )

    assert_problem(answer, 415, "content_type_mismatch")
    assert put(created, clip.read_bytes()).status_code == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_more_bytes_than_declared_are_refused(api: httpx.Client, clip: Path, chunked: bool) -> None:
    content = clip.read_bytes()
    created = create(api, fileSizeBytes=len(content) - 1)

    answer = _put_chunked(created, content) if chunked else put(created, content)

    assert answer.status_code in (413, 422)
    assert_problem(answer, answer.status_code)
    assert_problem(complete(api, created["id"]), 409, "upload_missing")


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_fewer_bytes_than_declared_are_refused(api: httpx.Client, clip: Path, chunked: bool) -> None:
    content = clip.read_bytes()
    created = create(api, fileSizeBytes=len(content) + 1)

    answer = _put_chunked(created, content) if chunked else put(created, content)

    assert_problem(answer, 422, "size_mismatch")


def test_the_bytes_may_be_sent_again_until_they_are_completed(api: httpx.Client, clip: Path) -> None:
    content = clip.read_bytes()
    created = create(api, fileSizeBytes=len(content))

    assert put(created, bytes(len(content))).status_code == 200
    assert put(created, content).status_code == 200
    assert complete(api, created["id"]).status_code == 201
    assert_problem(put(created, content), 409)
    assert settled(api, created["id"])["status"] == "ready"


def test_nothing_to_complete_is_a_conflict_and_fails(api: httpx.Client) -> None:
    # The contract: a failed check is a 4xx, and the video becomes `fail`. That is the end of it.
    created = create(api)

    assert_problem(complete(api, created["id"]), 409, "upload_missing")

    assert api.get(f"/api/video/{created['id']}/status").json()["status"] == "fail"
    assert_problem(complete(api, created["id"]), 409, "wrong_state")


@pytest.mark.parametrize(
    "content", [b"Dear diary, " * 100, b"\x89PNG\r\n\x1a\n" + bytes(500)], ids=["text", "PNG"]
)
def test_what_is_no_video_is_refused_and_fails(api: httpx.Client, content: bytes) -> None:
    created = create(api, fileSizeBytes=len(content))
    assert put(created, content).status_code == 200

    assert_problem(complete(api, created["id"]), 422, "not_a_video")

    video = api.get(f"/api/video/{created['id']}/status").json()
    assert video["status"] == "fail"
    assert video["resolutions"]["144p"]["status"] == "fail"


def test_an_empty_file_is_refused(api: httpx.Client) -> None:
    created = create(api)
    answer = put(created, b"")

    # It may be refused at once or on completing, but never taken for a video.
    refusal = answer if answer.is_error else complete(api, created["id"])
    assert_problem(refusal, 422, "empty_file")


def test_completing_what_is_not_there_is_not_found(api: httpx.Client) -> None:
    assert_problem(complete(api, NOWHERE), 404, "not_found")


def test_a_changed_url_is_refused(api: httpx.Client, clip: Path) -> None:
    created = create(api)
    url = created["uploadUrl"]
    forged = {**created, "uploadUrl": url[:-1] + ("A" if url[-1] != "A" else "B")}

    answer = put(forged, clip.read_bytes())

    assert answer.status_code in (403, 404)
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("state", ["fresh", "completed", "forged"])
def test_a_browsers_preflight_passes_whatever_comes_after(api: httpx.Client, clip: Path, state: str) -> None:
    # A refused preflight would hide the PUT's own status from the page.
    created = create(api)
    url = created["uploadUrl"]
    if state == "completed":
        put(created, clip.read_bytes())
        complete(api, created["id"])
    elif state == "forged":
        url += "x"
    asked = {
        **ORIGIN,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }

    answer = BYTES.options(url, headers=asked)

    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN["Origin"])
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()


def test_a_page_may_read_success_and_refusal(api: httpx.Client, clip: Path) -> None:
    created = create(api)
    url, content_type = created["uploadUrl"], {"Content-Type": created["contentType"]}

    answers = [
        BYTES.put(url, content=b"x", headers={**ORIGIN, "Content-Type": "text/plain"}),
        BYTES.put(url + "x", content=b"x", headers={**ORIGIN, **content_type}),
        BYTES.put(url, content=clip.read_bytes(), headers={**ORIGIN, **content_type}),
    ]

    assert [answer.is_success for answer in answers] == [False, False, True]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] in ("*", ORIGIN["Origin"]), answer.status_code


def _put_chunked(created: dict[str, Any], content: bytes) -> httpx.Response:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), 10_000):
            yield content[start : start + 10_000]

    return BYTES.put(created["uploadUrl"], content=pieces(), headers={"Content-Type": created["contentType"]})
