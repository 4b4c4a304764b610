"""The two formats, word for word, and their signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from playhead.events import hyperserve, standard
from playhead.events.message import Event, new_secret
from playhead.events.schedule import again_in
from playhead.model.errors import ERRORS
from playhead.model.events import TELLS, EventType, Format, formats_telling
from playhead.model.problems import docs_url
from playhead.model.signing import Signer
from playhead.model.urls import Urls, version

URLS = Urls("https://video.example", Signer(["n" * 32]))
VIDEO = UUID("7b0e3a4c-0000-4000-8000-000000000001")
BIG, SMALL = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 23, 10, 0, 0, 123_000, UTC)
SECRET = new_secret()

VIDEO_ROW: dict[str, Any] = {
    "id": VIDEO,
    "filename": "holiday.mov",
    "status": "ready",
    "is_public": True,
    "metadata": {"user": "ünique", "n": [1, None]},
    "error_code": None,
    "error_detail": None,
    "poster_key": "p",
    "info": {"other_audio": [{"language": "eng"}, {"language": "fra"}]},
}
READY_ROW = {
    "id": BIG,
    "video_id": VIDEO,
    "resolution": "480p",
    "status": "ready",
    "track": "854x480",
    "key": "k",
    "width": 854,
    "height": 480,
}
FAILED_ROW = READY_ROW | {
    "id": SMALL,
    "resolution": "144p",
    "status": "fail",
    "track": None,
    "key": None,
    "width": None,
    "height": None,
}
EVENT = Event(
    number=42,
    type=EventType.READY,
    at=NOW - timedelta(seconds=3),
    video_id=VIDEO,
    video=VIDEO_ROW,
    renditions=[READY_ROW, FAILED_ROW],
    images={"854x480": [{"number": 0, "key": "t0"}, {"number": 1, "key": "t1"}]},
    left_out=[
        {"part": "sound", "name": "audio-3", "error_code": "corrupt_file", "error_detail": "It is cut off."}
    ],
)
FAILED = replace(
    EVENT,
    type=EventType.FAILED,
    video=VIDEO_ROW
    | {"status": "fail", "error_code": "corrupt_file", "error_detail": "The file ends after 3 seconds."},
)
PRIVATE = replace(EVENT, video=VIDEO_ROW | {"is_public": False})
GONE = replace(EVENT, video=None, renditions=[], images={}, left_out=[])

BASE = f"https://video.example/v/{VIDEO}"
FILM_URL = f"{BASE}/480p.mp4?v={version('k')}"
STILL_URLS = [f"{BASE}/thumbnail-480p-{n}.jpg?v={version(f't{n}')}" for n in (0, 1)]


def _hyperserve(event: Event) -> dict[str, Any]:
    message = hyperserve.message(event, "my hook", SECRET, URLS, NOW)
    assert message is not None
    body: dict[str, Any] = json.loads(message.body)
    return body


def _standard(event: Event) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(standard.message(event, SECRET, URLS, NOW).body)
    return body


def test_hyperserve_success() -> None:
    assert _hyperserve(EVENT) == {
        "webhookName": "my hook",
        "videoId": str(VIDEO),
        "event": "video-processing-success",
        "customMetadata": {"user": "ünique", "n": [1, None]},
        "data": {
            "id": str(VIDEO),
            "isPublic": True,
            "resolutions": {
                "480p": {"status": "ready", "videoUrl": FILM_URL, "thumbnailImageUrls": STILL_URLS},
                "144p": {"status": "fail", "videoUrl": None, "thumbnailImageUrls": []},
            },
        },
    }


def test_hyperserve_failure() -> None:
    assert _hyperserve(FAILED) == {
        "webhookName": "my hook",
        "videoId": str(VIDEO),
        "event": "video-processing-fail",
        "customMetadata": {"user": "ünique", "n": [1, None]},
        "error": "The file ends after 3 seconds. Export or download it again, then upload the new copy.",
    }


def test_hyperserve_tells_no_urls_of_a_private_video() -> None:
    body = _hyperserve(PRIVATE)
    assert body["data"]["isPublic"] is False
    assert body["data"]["resolutions"] == {"480p": {"status": "ready"}, "144p": {"status": "fail"}}
    assert "http" not in json.dumps(body)


def test_hyperserve_has_nothing_to_say_of_other_events_or_a_deleted_video() -> None:
    assert hyperserve.message(GONE, "h", SECRET, URLS, NOW) is None
    for told in set(EventType) - TELLS[Format.HYPERSERVE]:
        assert hyperserve.message(replace(EVENT, type=told), "h", SECRET, URLS, NOW) is None


def test_hyperserve_signature() -> None:
    message = hyperserve.message(EVENT, "my hook", SECRET, URLS, NOW)
    assert message is not None
    assert message.headers["webhook-id"] == "evt_42"
    at, digest = message.headers["x-hyperserve-signature"].split(".")
    assert at == str(int(NOW.timestamp() * 1000)) == "1795428000123"
    expected = hmac.new(SECRET.encode(), f"{at}.".encode() + message.body, hashlib.sha256).hexdigest()
    assert digest == expected


def test_hyperserve_view_of_a_private_video_with_a_token() -> None:
    views = hyperserve.rendition_views(EVENT.renditions, EVENT.images, URLS, "tok")
    assert views["480p"] == {
        "id": str(BIG),
        "status": "ready",
        "videoUrl": FILM_URL.replace(f"{VIDEO}/", f"{VIDEO}/~tok/"),
        "thumbnailImageUrls": [url.replace(f"{VIDEO}/", f"{VIDEO}/~tok/") for url in STILL_URLS],
    }
    assert list(views) == ["480p", "144p"]
    without = hyperserve.rendition_views(EVENT.renditions, EVENT.images, None, None)
    assert without["480p"] == {
        "id": str(BIG),
        "status": "ready",
        "videoUrl": None,
        "thumbnailImageUrls": [],
    }


def test_standard_ready() -> None:
    assert _standard(EVENT) == {
        "type": "video.ready",
        "timestamp": "2026-11-23T09:59:57.123000Z",
        "data": {
            "id": str(VIDEO),
            "filename": "holiday.mov",
            "status": "ready",
            "is_public": True,
            "metadata": {"user": "ünique", "n": [1, None]},
            "error": None,
            "left_out": [
                {
                    "part": "sound",
                    "language": "fra",
                    "code": "corrupt_file",
                    "message": "It is cut off.",
                    "remedy": ERRORS["corrupt_file"].remedy,
                    "docs_url": docs_url("corrupt_file"),
                }
            ],
            "renditions": [
                {
                    "resolution": "480p",
                    "status": "ready",
                    "width": 854,
                    "height": 480,
                    "video_url": FILM_URL,
                    "thumbnail_urls": STILL_URLS,
                },
                {"resolution": "144p", "status": "fail", "width": None, "height": None},
            ],
            "poster_url": f"{BASE}/poster.jpg?v={version('p')}",
            "embed_url": f"https://video.example/embed/{VIDEO}",
        },
    }


def test_standard_failure_names_the_error() -> None:
    body = _standard(FAILED)
    assert body["type"] == "video.failed"
    assert body["data"]["error"]["code"] == "corrupt_file"
    assert body["data"]["error"]["message"] == "The file ends after 3 seconds."
    assert body["data"]["error"]["remedy"] == ERRORS["corrupt_file"].remedy
    assert body["data"]["error"]["docs_url"].endswith("/docs/errors/corrupt_file.md")


def test_standard_tells_no_urls_of_a_private_video() -> None:
    assert "http" not in json.dumps(_standard(replace(PRIVATE, left_out=[])))


def test_standard_tells_the_id_of_a_deleted_video() -> None:
    assert _standard(replace(GONE, type=EventType.DELETED)) == {
        "type": "video.deleted",
        "timestamp": "2026-11-23T09:59:57.123000Z",
        "data": {"id": str(VIDEO)},
    }


def test_standard_signature_is_one_its_own_library_accepts() -> None:
    now = datetime.now(UTC)
    message = standard.message(EVENT, SECRET, URLS, now)
    assert Webhook(SECRET).verify(message.body, message.headers) == json.loads(message.body)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(message.body, message.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(message.body + b" ", message.headers)
    old = standard.message(EVENT, SECRET, URLS, now - timedelta(seconds=301))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(old.body, old.headers)


def test_the_id_is_the_same_on_every_attempt_and_in_both_formats() -> None:
    later = NOW + timedelta(hours=9)
    again = hyperserve.message(EVENT, "h", SECRET, URLS, later)
    assert again is not None
    ids = {
        standard.message(EVENT, SECRET, URLS, NOW).headers["webhook-id"],
        standard.message(EVENT, SECRET, URLS, later).headers["webhook-id"],
        again.headers["webhook-id"],
    }
    assert ids == {"evt_42"}


def test_secrets_are_long_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_each_format_says_what_it_can_tell() -> None:
    assert formats_telling("video.ready") == [Format.STANDARD, Format.HYPERSERVE]
    assert formats_telling("video.created") == [Format.STANDARD]
    assert formats_telling("video.exploded") == []


def test_retries_span_more_than_a_day_and_end() -> None:
    waits = [again_in(attempts) for attempts in range(1, 12)]
    assert waits[:7] == [
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=10),
    ]
    assert waits[7:] == [None] * 4
    assert sum((wait for wait in waits if wait), timedelta()) > timedelta(hours=27)
