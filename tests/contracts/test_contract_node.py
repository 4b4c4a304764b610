"""The published `@hyperserve/hyperserve-js`, unmodified, in Node: every call and every error class.

Its webhook verifier has its own file, `test_contract_webhooks.py`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.app import App, ClientError, Told
from tests.contracts.wire import BYTES, NOWHERE, RESOLUTIONS, wanted


def test_the_three_steps_by_hand(app: App, clip: Path) -> None:
    size = clip.stat().st_size
    upload = app.call("createVideo", wanted(fileSizeBytes=size, customMetadata={"campaignId": "launch"}))
    content_type = {"Content-Type": upload["contentType"]}
    assert BYTES.put(upload["uploadUrl"], content=clip.read_bytes(), headers=content_type).status_code == 200

    completed = app.call("completeUpload", upload["id"])

    assert completed["id"] == upload["id"]
    assert completed["resolutions"]["144p"]["status"] in ("processing", "ready")
    video = _ready(app, upload["id"])
    assert video["customMetadata"] == {"campaignId": "launch"}
    assert BYTES.get(video["resolutions"]["144p"]["videoUrl"]).status_code == 200


@pytest.mark.parametrize("kind", ["buffer", "blob", "stream"])
def test_upload_video_with_every_kind_of_file(app: App, clip: Path, kind: str) -> None:
    options = wanted(
        file={"path": str(clip), "as": kind},
        fileSizeBytes=clip.stat().st_size if kind == "stream" else ...,
        thumbnailTimestampsSeconds=[0.5],
    )

    completed = app.call("uploadVideo", options)

    made = _ready(app, completed["id"])["resolutions"]["144p"]
    assert BYTES.get(made["videoUrl"]).headers["content-type"] == "video/mp4"
    assert [BYTES.get(url).status_code for url in made["thumbnailImageUrls"]] == [200]


def test_a_private_video(app: App, clip: Path) -> None:
    options = wanted(file={"path": str(clip), "as": "buffer"}, isPublic=False)
    video_id = app.call("uploadVideo", options)["id"]

    video = _ready(app, video_id, {"private": True})

    assert video["isPublic"] is False
    assert BYTES.get(video["resolutions"]["144p"]["videoUrl"]).status_code == 200
    assert (
        app.call("getVideo", video_id, {"private": True, "expirationSeconds": 31536000})["status"] == "ready"
    )


def test_all_nine_resolutions(app: App) -> None:
    assert list(app.call("createVideo", wanted(resolutions=RESOLUTIONS))["resolutions"]) == RESOLUTIONS


def test_deleting(app: App, clip: Path) -> None:
    options = wanted(file={"path": str(clip), "as": "buffer"}, resolutions=["144p", "240p"])
    video_id = app.call("uploadVideo", options)["id"]
    made = _ready(app, video_id)["resolutions"]

    assert app.call("deleteResolution", made["144p"]["id"]) is None
    assert list(app.call("getVideo", video_id)["resolutions"]) == ["240p"]
    assert app.call("deleteVideo", video_id) is None

    assert _refusal(app, "getVideo", video_id).name == "HyperserveNotFoundError"


def test_completing_twice_and_retries_are_safe(app: App, clip: Path) -> None:
    video_id = app.call("uploadVideo", wanted(file={"path": str(clip), "as": "buffer"}))["id"]

    assert app.call("completeUpload", video_id, retries=2)["id"] == video_id


@pytest.mark.parametrize("method", ["getVideo", "completeUpload", "deleteVideo", "deleteResolution"])
@pytest.mark.parametrize("video_id", [NOWHERE, "nonsense"])
def test_not_found(app: App, method: str, video_id: str) -> None:
    told = _refusal(app, method, video_id)

    assert told.name == "HyperserveNotFoundError"
    assert told.status == 404
    assert told.message.endswith(".")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"filename": ""}, 422),
        ({"resolutions": []}, 422),
        ({"resolutions": ["481p"]}, 422),
        ({"fileSizeBytes": 5 * 1024**3 + 1}, 413),
    ],
    ids=str,
)
def test_validation_errors(app: App, wrong: dict[str, Any], status: int) -> None:
    told = _refusal(app, "createVideo", wanted(**wrong))

    assert told.name == "HyperserveValidationError"
    assert told.status == status
    assert told.detail["message"] == told.message


def test_a_wrong_key_is_a_validation_error_with_401(app: App) -> None:
    told = _refusal(app, "createVideo", wanted(), apiKey="wrong")

    assert (told.name, told.status) == ("HyperserveValidationError", 401)
    assert told.detail["code"] == "invalid_key"


def test_completing_too_early_is_a_validation_error_with_409(app: App) -> None:
    told = _refusal(app, "completeUpload", app.call("createVideo", wanted())["id"])

    assert (told.name, told.status) == ("HyperserveValidationError", 409)


def test_an_expiry_out_of_range_is_a_validation_error(app: App) -> None:
    video_id = app.call("createVideo", wanted())["id"]

    told = _refusal(app, "getVideo", video_id, {"private": True, "expirationSeconds": 0})

    assert (told.name, told.status) == ("HyperserveValidationError", 422)


@pytest.mark.parametrize("kind", ["buffer", "stream"])
@pytest.mark.parametrize("declared", [100, 100_000_000], ids=["too small", "too large"])
def test_a_wrong_size_is_an_upload_error(app: App, clip: Path, kind: str, declared: int) -> None:
    told = _refusal(app, "uploadVideo", wanted(file={"path": str(clip), "as": kind}, fileSizeBytes=declared))

    # The status reaches the caller only if the server lets the client finish before it hangs up.
    assert told.name == "HyperserveUploadError"
    assert told.status in (413, 422)


def test_what_is_no_video_is_a_validation_error(app: App, tmp_path: Path) -> None:
    text = tmp_path / "diary.mp4"
    text.write_text("Dear diary. " * 100)

    told = _refusal(app, "uploadVideo", wanted(file={"path": str(text), "as": "buffer"}))

    assert (told.name, told.status) == ("HyperserveValidationError", 422)
    assert told.detail["code"] == "not_a_video"


def _ready(app: App, video_id: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """The video once it is ready, as the client sees it."""
    deadline = time.monotonic() + 60
    while True:
        video: dict[str, Any] = app.call("getVideo", video_id, options or {})
        if video["status"] == "ready":
            return video
        assert video["status"] in ("pending_upload", "processing"), video
        assert time.monotonic() < deadline, video
        time.sleep(0.1)


def _refusal(app: App, method: str, *args: Any, **options: Any) -> Told:
    with pytest.raises(ClientError) as raised:
        app.call(method, *args, **options)
    return raised.value.told
