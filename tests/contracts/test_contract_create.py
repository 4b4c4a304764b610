"""`POST /api/video`: what it takes, what it gives, what it refuses (contract: Calls, row 1)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.contracts.wire import RESOLUTIONS, TYPES, assert_problem, create, wanted

GIB = 1024**3


def test_the_answer_is_the_contracts(api: httpx.Client) -> None:
    answer = api.post("/api/video", json=wanted(fileSizeBytes=1000, resolutions=["480p", "720p"]))

    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("application/json")
    created = answer.json()
    assert str(UUID(created["id"])) == created["id"]
    assert created["contentType"] == "video/mp4"
    assert created["isPublic"] is True
    assert created["resolutions"] == {
        "480p": {"status": "pending_upload"},
        "720p": {"status": "pending_upload"},
    }
    assert created["uploadUrl"].startswith(str(api.base_url).rstrip("/"))


def test_all_nine_resolutions_are_accepted(api: httpx.Client) -> None:
    assert list(create(api, resolutions=RESOLUTIONS)["resolutions"]) == RESOLUTIONS


@pytest.mark.parametrize(("extension", "content_type"), TYPES.items())
def test_the_extension_gives_the_content_type(api: httpx.Client, extension: str, content_type: str) -> None:
    assert create(api, filename=f"a clip.{extension}")["contentType"] == content_type
    assert create(api, filename=f"A CLIP.{extension.upper()}")["contentType"] == content_type


@pytest.mark.parametrize("filename", ["old.mjpeg", "no extension", "clip.mp4.part", ".mp4x"])
def test_another_extension_is_left_to_the_bytes(api: httpx.Client, filename: str) -> None:
    # Names lie in both directions; completing looks at what the file is.
    assert create(api, filename=filename)["contentType"] == "application/octet-stream"


@pytest.mark.parametrize(
    "names",
    [
        ("thumbnailTimestampsSeconds", "customMetadata"),
        ("thumbnail_timestamps_seconds", "custom_user_metadata"),
    ],
    ids=["camelCase", "snake_case"],
)
def test_both_spellings_say_the_same(api: httpx.Client, names: tuple[str, str]) -> None:
    moments, metadata = names
    # Keys inside of the metadata are the caller's own and stay as they are.
    mine = {"postId": 7, "snake_key": {"deepKey": [1, None, "ü"]}}

    created = create(api, **{moments: [0, 0.5], metadata: mine})

    assert api.get(f"/api/video/{created['id']}/public").json()["customMetadata"] == mine


@pytest.mark.parametrize("absent", [..., None], ids=["left out", "null"])
def test_what_is_optional_may_be_absent(api: httpx.Client, absent: Any) -> None:
    fields = ("fileSizeBytes", "thumbnailTimestampsSeconds", "customMetadata")

    created = create(api, **dict.fromkeys(fields, absent))

    assert api.get(f"/api/video/{created['id']}/public").json()["customMetadata"] is None


def test_foreign_fields_are_ignored(api: httpx.Client) -> None:
    # The uploader's documented example spreads its options and its own `name` and `size` into the body.
    assert create(api, name="clip.mp4", size=12, album="summer")["id"]


def test_the_same_resolution_twice_is_once(api: httpx.Client) -> None:
    assert list(create(api, resolutions=["240p", "144p", "240p"])["resolutions"]) == ["240p", "144p"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"filename": ...},
        {"filename": ""},
        {"filename": "x" * 252 + ".mp4"},
        {"filename": 7},
        {"resolutions": ...},
        {"resolutions": []},
        {"resolutions": ["480p", "481p"]},
        {"resolutions": "480p"},
        {"isPublic": "yes"},
        {"fileSizeBytes": 0},
        {"fileSizeBytes": -1},
        {"fileSizeBytes": 1.5},
        {"thumbnailTimestampsSeconds": [-1]},
        {"thumbnailTimestampsSeconds": ["1"]},
        {"customMetadata": "text"},
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_what_is_not_valid_is_refused(api: httpx.Client, wrong: dict[str, Any]) -> None:
    assert_problem(api.post("/api/video", json=wanted(**wrong)), 422)


def test_the_longest_name_is_accepted(api: httpx.Client) -> None:
    assert create(api, filename="x" * 251 + ".mp4")


def test_five_gibibytes_are_the_limit(api: httpx.Client) -> None:
    assert create(api, fileSizeBytes=5 * GIB)
    assert_problem(api.post("/api/video", json=wanted(fileSizeBytes=5 * GIB + 1)), 413, "upload_too_large")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b'"clip.mp4"', b""], ids=repr)
def test_what_is_no_json_object_is_refused(api: httpx.Client, body: bytes) -> None:
    answer = api.post("/api/video", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-KEY": ""}, {"X-API-KEY": "wrong"}, {"X-API-KEY": "é".encode()}]
)
def test_a_call_needs_a_key(keyless: httpx.Client, headers: dict[str, Any]) -> None:
    assert_problem(keyless.post("/api/video", json=wanted(), headers=headers), 401, "invalid_key")


def test_the_key_may_come_as_a_bearer(api: httpx.Client, keyless: httpx.Client) -> None:
    bearer = {"Authorization": f"Bearer {api.headers['X-API-KEY']}"}

    assert keyless.post("/api/video", json=wanted(), headers=bearer).status_code == 201
