"""Requests as values, and answers read back: no server needed."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from playhead.client import PlayheadAPIError, Upload, Wish, calls, open_body
from playhead.client.transport import put_headers

NOTHING: dict[str, str] = {}

VIDEO: dict[str, Any] = {
    "id": "v1",
    "filename": "clip.mp4",
    "status": "processing",
    "is_public": True,
    "metadata": {"post": 7},
    "created_at": "2026-11-23T08:00:00.5Z",
    "playable_at": None,
    "ready_at": None,
    "progress": 0.25,
    "source": {
        "size_bytes": 10,
        "width": 320,
        "height": 240,
        "duration_seconds": 1.0,
        "frame_rate": 25,
        "video_codec": "h264",
        "audio_codec": None,
    },
    "upload": {"size_bytes": 10, "received_bytes": 10},
    "error": None,
    "poster_url": None,
    "renditions": [
        {
            "id": "r1",
            "resolution": "144p",
            "status": "fail",
            "progress": 0,
            "pieces_done": 0,
            "pieces_planned": 3,
            "width": None,
            "height": None,
            "size_bytes": None,
            "video_url": None,
            "thumbnail_urls": [],
            "note": None,
            "error": {"code": "c", "message": "It broke.", "remedy": "Mend it.", "docs_url": "https://d/c"},
        }
    ],
}


def test_creating_sends_only_what_was_asked_for() -> None:
    call = calls.create_upload("clip.mp4", 10, {})

    assert (call.method, call.path, call.repeatable) == ("POST", "/v1/uploads", True)
    assert json.loads(call.body or b"") == {"filename": "clip.mp4", "size": 10}


def test_creating_sends_everything_asked_for() -> None:
    wish: Wish = {
        "resolutions": ("360p", "720p"),
        "is_public": False,
        "thumbnail_seconds": [1, 2.5],
        "metadata": {"a": [None, "ü"]},
    }

    body = json.loads(calls.create_upload("clip.mp4", 10, wish).body or b"")

    assert body == {
        "filename": "clip.mp4",
        "size": 10,
        "resolutions": ["360p", "720p"],
        "is_public": False,
        "thumbnail_seconds": [1, 2.5],
        "metadata": {"a": [None, "ü"]},
    }


def test_a_file_is_fetched_with_what_was_asked_for() -> None:
    call = calls.create_video("https://h/a.mp4", None, {"resolutions": ["360p"], "is_public": False})

    assert (call.method, call.path, call.repeatable, call.once is not None) == (
        "POST",
        "/v1/videos",
        True,
        True,
    )
    wanted = {"url": "https://h/a.mp4", "resolutions": ["360p"], "is_public": False}
    assert json.loads(call.body or b"") == wanted
    named = json.loads(calls.create_video("https://h/a.mp4", "b.mp4", {}).body or b"")
    assert named == {"url": "https://h/a.mp4", "filename": "b.mp4"}


def test_ids_cannot_leave_their_place_in_the_path() -> None:
    assert calls.video("../keys?x=1#").path == "/v1/videos/..%2Fkeys%3Fx%3D1%23"


def test_the_key_is_in_the_header_and_a_type_only_with_a_body() -> None:
    assert calls.video("v").headers("k") == {"X-API-KEY": "k", "Accept": "application/json"}
    assert calls.create_upload("a", 1, {}).headers("k")["Content-Type"] == "application/json"


def test_the_key_does_not_go_with_the_bytes() -> None:
    upload = Upload("u", "https://elsewhere/u", "v", "waiting", "video/mp4")

    with open_body(io.BytesIO(b"12345")) as body:
        assert put_headers(upload, body) == {"Content-Type": "video/mp4", "Content-Length": "5"}


def test_only_what_is_the_same_twice_may_be_repeated() -> None:
    repeatable: list[calls.Call[Any]] = [
        calls.video("v"),
        calls.videos(5, None),
        calls.complete_upload("u"),
        calls.webhooks(),
    ]
    with_key: list[calls.Call[Any]] = [
        calls.create_upload("a", 1, {}),
        calls.create_webhook("n", "u", "standard", None),
    ]
    once: list[calls.Call[Any]] = [calls.delete_video("v"), calls.delete_webhook("w")]

    assert [call.repeatable for call in repeatable + with_key] == [True] * 6
    assert [call.repeatable for call in once] == [False] * 2
    assert len({call.headers("k")["Idempotency-Key"] for call in with_key}) == 2
    assert not any("Idempotency-Key" in call.headers("k") for call in repeatable + once)


def test_a_video_is_read_whole() -> None:
    video = calls.video("v1").read(200, NOTHING, json.dumps(VIDEO).encode())

    assert video.created_at == datetime(2026, 11, 23, 8, 0, 0, 500_000, tzinfo=UTC)
    assert video.source is not None
    assert (video.source.width, video.source.frame_rate, video.source.audio_codec) == (320, 25.0, None)
    assert video.metadata == {"post": 7}
    error = video.renditions[0].error
    assert error is not None
    assert error.sentence == "It broke. Mend it."


def test_what_a_newer_server_adds_is_ignored() -> None:
    newer = {**VIDEO, "chapters": [{"title": "One"}], "status": "archived"}

    assert calls.video("v1").read(200, NOTHING, json.dumps(newer).encode()).status == "archived"


def test_no_content_is_nothing() -> None:
    calls.delete_video("v").read(204, NOTHING, b"")


def test_a_problem_is_raised_with_all_it_says() -> None:
    told = {
        "type": "about:blank",
        "title": "Too many requests.",
        "status": 429,
        "detail": "Slow down.",
        "code": "rate_limited",
        "message": "Slow down. Wait for the time in Retry-After.",
        "request_id": "req-7",
        "docs_url": "https://d/rate_limited",
    }

    with pytest.raises(PlayheadAPIError) as raised:
        calls.video("v").read(429, {"Retry-After": "3"}, json.dumps(told).encode())

    error = raised.value
    assert (error.status, error.code, error.request_id) == (429, "rate_limited", "req-7")
    assert str(error) == error.message == told["message"]
    assert (error.docs_url, error.retry_after, error.passing) == ("https://d/rate_limited", 3.0, True)


@pytest.mark.parametrize("content", [b"<html>Bad Gateway</html>", b"", b"[1]", b'{"message": 5}'])
def test_a_proxys_answer_is_named_by_its_status(content: bytes) -> None:
    with pytest.raises(PlayheadAPIError) as raised:
        calls.video("v").read(502, NOTHING, content)

    assert raised.value.code == "http_502"
    assert raised.value.message == "The server answered 502 without saying why."
    assert raised.value.passing


@pytest.mark.parametrize("content", [b"<html>Welcome</html>", b"{}", b"", b'{"id": 5}'])
def test_an_answer_of_something_else_is_named(content: bytes) -> None:
    with pytest.raises(PlayheadAPIError) as raised:
        calls.video("v").read(200, NOTHING, content)

    assert raised.value.code == "unexpected_answer"
    assert not raised.value.passing
