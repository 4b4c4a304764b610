"""Idempotency-Key on every call that creates, against a running server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.live import Live
from tests.upload.station import LOOKS_LIKE_MP4

BODIES: dict[str, dict[str, Any]] = {
    "/v1/uploads": {"filename": "once.mp4", "size": 10},
    "/v1/videos": {"url": "http://127.0.0.1:9/once.mp4", "filename": "once.mp4"},
    "/v1/webhooks": {"name": "once", "url": "http://127.0.0.1:9/hook"},
    "/v1/upload-grants": {"max_uploads": 3},
    "/api/video": {"filename": "once.mp4", "resolutions": ["144p"], "isPublic": True},
}


def creating(path: str) -> dict[str, Any]:
    """A body that nobody has sent yet."""
    body = dict(BODIES[path])
    if path == "/v1/upload-grants":
        return {**body, "metadata": {"unlike": str(uuid4())}}
    return {**body, "name" if "name" in body else "filename": f"{uuid4()}.mp4"}


def post(server: Live, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    with server.http() as client:
        return client.post(path, json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("path", BODIES)
def test_the_same_key_and_body_are_answered_alike_and_create_once(live_server: Live, path: str) -> None:
    body, key = creating(path), str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(live_server, path, body, key), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    again = post(live_server, path, body, str(uuid4()))
    if path == "/v1/webhooks":  # a project has one webhook of a name
        assert again.status_code != 201
    else:
        assert again.json()["id"] != answers[0].json()["id"]
    without = httpx.post(live_server.url + path, json=creating(path), headers={"X-API-KEY": live_server.key})
    assert without.json().keys() == answers[0].json().keys()


@pytest.mark.parametrize("path", BODIES)
def test_another_body_under_the_same_key_is_refused(live_server: Live, path: str) -> None:
    body, key = creating(path), str(uuid4())
    assert post(live_server, path, body, key).status_code == 201
    other = post(live_server, path, creating(path), key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert post(live_server, path, body, key).status_code == 201


def test_a_refused_request_may_be_mended_under_its_key(live_server: Live) -> None:
    key = str(uuid4())
    bad = post(live_server, "/v1/uploads", {**creating("/v1/uploads"), "resolutions": ["481p"]}, key)
    assert bad.status_code == 422
    assert post(live_server, "/v1/uploads", creating("/v1/uploads"), key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "ä", "a\tb"])
def test_a_key_that_is_none_is_named(live_server: Live, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1")), (b"X-API-KEY", live_server.key.encode())]
    headers += [(b"Content-Type", b"application/json")]
    content = json.dumps(creating("/v1/uploads")).encode()
    answer = httpx.post(f"{live_server.url}/v1/uploads", content=content, headers=headers)
    assert (answer.status_code, answer.json().get("field")) == (422, "Idempotency-Key")


def test_a_form_sent_twice_creates_once(live_server: Live) -> None:
    """With other boundaries each time, as every client makes new ones."""
    film = LOOKS_LIKE_MP4 + str(uuid4()).encode()
    fields = {"resolutions": "144p", "isPublic": "true"}

    def form(content: bytes, key: str, **other: str) -> httpx.Response:
        with live_server.http() as client:
            headers = {"Idempotency-Key": key}
            files = {"file": ("once.mp4", content, "video/mp4")}
            return client.post("/api/video", data={**fields, **other}, files=files, headers=headers)

    key = str(uuid4())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: form(film, key), range(4)))
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    assert len({answer.content for answer in answers}) == 1
    for refused in (form(film + b"!", key), form(film, key, isPublic="false")):
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert form(film, str(uuid4())).json()["id"] != answers[0].json()["id"]
    assert form(film, key).content == answers[0].content
    # Refused, it frees its key.
    bad = str(uuid4())
    assert [form(b"just words", bad).json()["code"] for _ in range(2)] == ["not_a_video"] * 2
    assert form(film, bad).status_code == 201
