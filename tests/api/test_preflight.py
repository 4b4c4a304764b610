"""Preflight over the wire: with a key, with a grant, with an upload's URL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from playhead.processing.preflight import MOST_BYTES
from tests import drive
from tests.drive import preflight
from tests.live import Live
from tests.media.samples import sample


@pytest.fixture(scope="module")
def http(live_server: Live) -> Iterator[httpx.Client]:
    with live_server.http() as client:
        yield client


def test_the_holder_of_a_grant_may_ask_from_any_page(http: httpx.Client) -> None:
    data = sample("fps_25").path().read_bytes()
    made = http.post("/v1/upload-grants", json={"resolutions": ["144p"], "max_bytes": len(data)}).json()
    with httpx.Client() as page:
        url = made["preflight_url"]
        allowed = page.options(
            url, headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        )
        answer = preflight(page, url, len(data), {0: data})
        beyond = preflight(page, url, len(data), {0: data}, resolutions="8k")
        larger = preflight(page, url, len(data) + 1, {0: data})
        forged = preflight(page, url.replace("/u/", "/u/x"), len(data), {0: data})

    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert (
        answer.json()["verdict"],
        [each["resolution"] for each in answer.json()["plan"]["renditions"]],
    ) == (
        "fit",
        ["144p"],
    )
    assert (beyond.status_code, beyond.json()["code"]) == (422, "invalid_request")
    assert larger.json()["error"]["code"] == "upload_too_large"
    assert forged.status_code == 403


def test_the_holder_of_an_upload_url_may_ask(http: httpx.Client) -> None:
    data = sample("fps_25").path().read_bytes()
    upload = http.post("/v1/uploads", json={"filename": "a.mp4", "size": len(data)}).json()

    with httpx.Client() as page:
        answer = preflight(page, f"{upload['url']}/preflight", len(data), {0: data})

    assert answer.json()["verdict"] == "fit"
    assert drive.video(http, upload["video_id"])["status"] == "pending_upload"


def test_a_key_is_needed(live_server: Live) -> None:
    with httpx.Client(base_url=live_server.url) as nobody:
        assert preflight(nobody, "/v1/preflight", 10, {0: b"0123456789"}).json()["code"] == "invalid_key"


def test_it_says_what_else_it_wants(http: httpx.Client) -> None:
    answer = preflight(http, "/v1/preflight", 1 << 30, {}).json()

    assert answer["verdict"] == "unknown"
    assert answer["wanted"] == [{"start": 0, "length": 1 << 20}]


@pytest.mark.parametrize(
    ("fields", "ranges", "code"),
    [
        ({"size": ""}, {}, "invalid_request"),
        ({"size": "-1"}, {}, "invalid_request"),
        ({"size": "9" * 30}, {}, "invalid_request"),
        ({"filename": ""}, {}, "invalid_request"),
        ({"filename": "x" * 300}, {}, "invalid_request"),
        ({"filename": "x" * 5000}, {}, "invalid_request"),
        ({"resolutions": "481p"}, {}, "invalid_request"),
        ({}, {0: bytes(MOST_BYTES), MOST_BYTES: b"1"}, "upload_too_large"),
    ],
)
def test_a_wrong_form_is_refused_by_name(
    http: httpx.Client, fields: dict[str, str], ranges: dict[int, bytes], code: str
) -> None:
    answer = preflight(http, "/v1/preflight", **{"size": 10, "ranges": ranges, **fields})  # type: ignore[arg-type]

    assert (answer.status_code in (413, 422), answer.json()["code"]) == (True, code)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=size\r\n\r\n10"),
        ("multipart/form-data; boundary=b", b"garbage"),
        ("", b""),
    ],
)
def test_what_is_no_form_is_refused(http: httpx.Client, content_type: str, body: bytes) -> None:
    answer = http.post("/v1/preflight", content=body, headers={"Content-Type": content_type})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")


def test_random_ranges_never_end_in_a_failure_of_ours(http: httpx.Client) -> None:
    luck = random.Random(7)
    seeds = [sample(name).path().read_bytes() for name in ("moov_last", "fps_25", "mkv")]
    for _ in range(60):
        data = bytearray(luck.choice(seeds))
        for _ in range(luck.randrange(8)):
            data[luck.randrange(len(data))] = luck.randrange(256)
        ranges = {}
        for _ in range(luck.randrange(4)):
            start = luck.randrange(len(data))
            ranges[start] = bytes(data[start : start + luck.randrange(len(data))])
        if luck.random() < 0.5:
            ranges[0] = bytes(data)
        answer = preflight(http, "/v1/preflight", luck.choice([len(data), 1, 1 << 31]), ranges)
        assert answer.status_code == 200, answer.text


def test_many_at_once_are_answered_or_told_to_wait(http: httpx.Client) -> None:
    data = sample("fps_25").path().read_bytes()
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: preflight(http, "/v1/preflight", len(data), {0: data}), range(48)))

    assert {answer.status_code for answer in answers} <= {200, 429}
    assert all(answer.json()["verdict"] == "fit" for answer in answers if answer.status_code == 200)
    assert any(answer.status_code == 200 for answer in answers)
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)
