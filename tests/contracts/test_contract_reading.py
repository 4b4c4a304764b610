"""Public, private, status, delete: what a caller reads, and what others may not (contract: rows 5 to 10)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contracts.wire import BYTES, NOWHERE, assert_problem, create, put, settled, upload


@pytest.fixture(scope="module")
def public(api: httpx.Client, clip: Path) -> dict[str, Any]:
    """A public video that is ready, as `GET …/public` tells it."""
    video_id = upload(
        api,
        clip,
        resolutions=["144p", "480p"],
        thumbnailTimestampsSeconds=[0, 0.5],
        customMetadata={"a": 1},
    )
    settled(api, video_id)
    video: dict[str, Any] = api.get(f"/api/video/{video_id}/public").json()
    return video


@pytest.fixture(scope="module")
def private(api: httpx.Client, clip: Path) -> str:
    """The id of a private video that is ready."""
    video_id = upload(api, clip, isPublic=False, thumbnailTimestampsSeconds=[0])
    settled(api, video_id)
    return video_id


def test_a_ready_video_tells_its_urls(public: dict[str, Any]) -> None:
    assert public["status"] == "ready"
    assert public["isPublic"] is True
    assert public["customMetadata"] == {"a": 1}
    assert list(public["resolutions"]) == ["144p", "480p"]
    for made in public["resolutions"].values():
        assert str(UUID(made["id"])) == made["id"]
        assert made["status"] == "ready"
        assert len(made["thumbnailImageUrls"]) == 2


def test_its_urls_serve_mp4_and_jpeg(public: dict[str, Any]) -> None:
    for made in public["resolutions"].values():
        mp4 = BYTES.get(made["videoUrl"])
        assert mp4.headers["content-type"] == "video/mp4"
        # Faststart: the index stands before the samples.
        assert 0 < mp4.content.find(b"moov") < mp4.content.find(b"mdat")
        for url in made["thumbnailImageUrls"]:
            jpeg = BYTES.get(url)
            assert jpeg.headers["content-type"] == "image/jpeg"
            assert jpeg.content[:2] == b"\xff\xd8"


def test_another_origins_page_may_show_them(public: dict[str, Any]) -> None:
    answer = BYTES.get(
        public["resolutions"]["144p"]["videoUrl"],
        headers={"Origin": "https://app.example", "Range": "bytes=0-99"},
    )

    assert answer.status_code == 206
    assert answer.headers["access-control-allow-origin"] == "*"
    # The uploader's <video> and <img> ask without CORS, which this header would end.
    assert answer.headers.get("cross-origin-resource-policy", "cross-origin") == "cross-origin"


def test_before_the_upload_there_are_no_urls(api: httpx.Client) -> None:
    created = create(api, resolutions=["144p"])

    made = api.get(f"/api/video/{created['id']}/public").json()["resolutions"]["144p"]

    assert made["status"] == "pending_upload"
    assert made["videoUrl"] is None
    assert made["thumbnailImageUrls"] == []


@pytest.mark.parametrize("call", ["public", "private/60"])
def test_its_times_are_told_as_they_come(
    api: httpx.Client, public: dict[str, Any], clip: Path, call: str
) -> None:
    created = create(api, fileSizeBytes=clip.stat().st_size)
    waiting = api.get(f"/api/video/{created['id']}/{call}").json()
    assert put(created, clip.read_bytes()).status_code == 200
    sent = api.get(f"/api/video/{created['id']}/{call}").json()
    video = api.get(f"/api/video/{public['id']}/{call}").json()

    for before in (waiting, sent):
        assert before["createdAt"] is not None
        assert (before["playableAt"], before["readyAt"]) == (None, None)
    times = [datetime.fromisoformat(video[name]) for name in ("createdAt", "playableAt", "readyAt")]
    assert times == sorted(times)
    assert {each.utcoffset() for each in times} == {timedelta(0)}


def test_the_status_has_no_urls(api: httpx.Client, public: dict[str, Any]) -> None:
    answer = api.get(f"/api/video/{public['id']}/status")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert [made["status"] for made in answer.json()["resolutions"].values()] == ["ready", "ready"]
    assert "http" not in answer.text


def test_a_private_video_plays_with_its_token_alone(api: httpx.Client, private: str) -> None:
    answer = api.get(f"/api/video/{private}/private/3600")

    assert answer.status_code == 200
    video = answer.json()
    assert video["isPublic"] is False
    for url in _urls(video):
        assert BYTES.get(url).status_code == 200
        token = next(part for part in url.split("/") if part.startswith("~"))
        assert BYTES.get(url.replace(f"/{token}", "")).status_code in (401, 403, 404)


def test_a_private_url_stops_working(api: httpx.Client, private: str) -> None:
    video = api.get(f"/api/video/{private}/private/1").json()

    time.sleep(2.1)  # its one second and the rounding to whole ones

    for url in _urls(video):
        assert_problem(BYTES.get(url), 410, "url_expired")


def test_the_public_call_gives_no_url_of_a_private_video(api: httpx.Client, private: str) -> None:
    answer = api.get(f"/api/video/{private}/public")

    assert "/v/" not in answer.text


def test_the_private_call_serves_public_videos_too(api: httpx.Client, public: dict[str, Any]) -> None:
    video = api.get(f"/api/video/{public['id']}/private/60").json()

    assert BYTES.get(video["resolutions"]["144p"]["videoUrl"]).status_code == 200


@pytest.mark.parametrize(
    "seconds", ["0", "-1", "31536001", "1.5", "soon", "0" * 11 + "1" + "0" * 9, "0" * 11 + "1" + "9" * 20]
)
def test_an_expiry_is_one_second_to_one_year(api: httpx.Client, private: str, seconds: str) -> None:
    assert_problem(api.get(f"/api/video/{private}/private/{seconds}"), 422)


@pytest.mark.parametrize("seconds", ["1", "31536000"])
def test_both_ends_of_the_expiry_are_accepted(api: httpx.Client, private: str, seconds: str) -> None:
    assert api.get(f"/api/video/{private}/private/{seconds}").status_code == 200


@pytest.mark.parametrize("video_id", [NOWHERE, "not-an-id", "1"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/video/{}/public"),
        ("GET", "/api/video/{}/private/60"),
        ("GET", "/api/video/{}/status"),
        ("POST", "/api/video/{}/complete-upload"),
        ("DELETE", "/api/video/{}"),
        ("DELETE", "/api/video/resolution/{}"),
    ],
)
def test_what_is_not_there_is_not_found(api: httpx.Client, method: str, path: str, video_id: str) -> None:
    assert_problem(api.request(method, path.format(video_id)), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/video/{video}/public"),
        ("GET", "/api/video/{video}/private/60"),
        ("GET", "/api/video/{video}/status"),
        ("POST", "/api/video/{video}/complete-upload"),
        ("DELETE", "/api/video/{video}"),
        ("DELETE", "/api/video/resolution/{resolution}"),
        ("GET", "/v1/videos/{video}"),
        ("DELETE", "/v1/videos/{video}"),
    ],
)
def test_another_tenants_video_looks_like_none(
    other: httpx.Client, public: dict[str, Any], method: str, path: str
) -> None:
    there = path.format(video=public["id"], resolution=public["resolutions"]["144p"]["id"])
    nowhere = path.format(video=NOWHERE, resolution=NOWHERE)

    refusals = [assert_problem(other.request(method, each), 404, "not_found") for each in (there, nowhere)]

    told = [{**refusal, "request_id": None} for refusal in refusals]
    assert told[0] == told[1]
    assert httpx.get(public["resolutions"]["144p"]["videoUrl"]).status_code == 200


@pytest.mark.parametrize("path", ["/api/video", "/api/video/{}/public", "/v1/videos", "/v1/videos/{}"])
@pytest.mark.parametrize("headers", [{}, {"X-API-KEY": "wrong"}], ids=["no key", "wrong key"])
def test_reading_needs_a_key(
    keyless: httpx.Client, public: dict[str, Any], path: str, headers: dict[str, str]
) -> None:
    assert_problem(keyless.get(path.format(public["id"]), headers=headers), 401, "invalid_key")


def test_deleting_a_resolution_leaves_the_others(api: httpx.Client, clip: Path) -> None:
    video_id = upload(api, clip, resolutions=["144p", "240p"])
    settled(api, video_id)
    made = api.get(f"/api/video/{video_id}/public").json()["resolutions"]

    answer = api.delete(f"/api/video/resolution/{made['144p']['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert list(api.get(f"/api/video/{video_id}/public").json()["resolutions"]) == ["240p"]
    assert BYTES.get(made["144p"]["videoUrl"]).status_code == 404
    assert BYTES.get(made["240p"]["videoUrl"]).status_code == 200
    assert_problem(api.delete(f"/api/video/resolution/{made['144p']['id']}"), 404, "not_found")


def test_deleting_a_video_deletes_all_of_it(api: httpx.Client, clip: Path) -> None:
    video_id = upload(api, clip, thumbnailTimestampsSeconds=[0])
    settled(api, video_id)
    urls = _urls(api.get(f"/api/video/{video_id}/public").json())

    answer = api.delete(f"/api/video/{video_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert {BYTES.get(url).status_code for url in urls} == {404}
    assert_problem(api.get(f"/api/video/{video_id}/public"), 404, "not_found")
    assert_problem(api.delete(f"/api/video/{video_id}"), 404, "not_found")


def test_a_video_may_be_deleted_before_its_upload(api: httpx.Client, clip: Path) -> None:
    created = create(api)

    assert api.delete(f"/api/video/{created['id']}").status_code == 204

    content_type = {"Content-Type": created["contentType"]}
    late = BYTES.put(created["uploadUrl"], content=clip.read_bytes(), headers=content_type)
    assert late.status_code in (404, 409, 410)


def _urls(video: dict[str, Any]) -> list[str]:
    """Every URL of a video in the contract's form."""
    made = video["resolutions"].values()
    return [url for each in made for url in (each["videoUrl"], *each["thumbnailImageUrls"])]
