"""Webhooks in the contract's form, received by a Node application and judged by the published verifier.

A test that waits for deliveries has a tenant of its own: a webhook is told about every video of its project.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contracts.app import App
from tests.contracts.wire import BYTES, assert_problem, complete, create, put, upload


class Hook:
    """A registered webhook, and what came of it."""

    def __init__(self, app: App, tenant: httpx.Client, name: str, failures: int = 0) -> None:
        wish = {"name": name, "url": app.hook_url(name), "format": "hyperserve"}
        answer = tenant.post("/v1/webhooks", json=wish)
        assert answer.status_code == 201, answer.text
        self.id: str = answer.json()["id"]
        self.secret: str = answer.json()["secret"]
        self.name = name
        self._app = app
        app.expect(name, self.secret, failures)

    def deliveries(self, count: int) -> list[dict[str, Any]]:
        """The first `count` deliveries, once they are there, with their body parsed as `json`."""
        deadline = time.monotonic() + 60
        while len(taken := self._app.received(self.name)) < count:
            assert time.monotonic() < deadline, taken
            time.sleep(0.1)
        return [{**delivery, "json": json.loads(delivery["body"])} for delivery in taken]


@pytest.fixture
def tenant(new_tenant: Callable[[], httpx.Client]) -> httpx.Client:
    return new_tenant()


@pytest.mark.parametrize("is_public", [True, False], ids=["public", "private"])
def test_a_ready_video_is_told(app: App, tenant: httpx.Client, clip: Path, is_public: bool) -> None:
    hook = Hook(app, tenant, "public" if is_public else "private")

    video_id = upload(
        tenant, clip, isPublic=is_public, customMetadata={"who": "Zoë"}, thumbnailTimestampsSeconds=[0]
    )

    [delivery] = hook.deliveries(1)
    assert delivery["verified"]
    assert delivery["contentType"].startswith("application/json")
    body = delivery["json"]
    made = body["data"]["resolutions"].pop("144p")
    assert body == {
        "webhookName": hook.name,
        "videoId": video_id,
        "event": "video-processing-success",
        "customMetadata": {"who": "Zoë"},
        "data": {"id": video_id, "isPublic": is_public, "resolutions": {}},
    }
    assert made.pop("status") == "ready"
    if is_public:
        assert BYTES.get(made["videoUrl"]).status_code == 200
        assert [BYTES.get(url).status_code for url in made["thumbnailImageUrls"]] == [200]
    else:
        assert "Url" not in str(made)


def test_a_failed_video_is_told(app: App, tenant: httpx.Client, clip: Path) -> None:
    hook = Hook(app, tenant, "failed")
    content = clip.read_bytes()
    # It begins as a video does, which is what completing looks at, but its index cannot be found.
    content = content.replace(b"moov", b"lost")
    created = create(tenant, fileSizeBytes=len(content))
    put(created, content)
    assert complete(tenant, created["id"]).status_code == 201

    [delivery] = hook.deliveries(1)

    assert delivery["verified"]
    body = delivery["json"]
    assert set(body) == {"webhookName", "videoId", "event", "customMetadata", "error"}
    assert (body["videoId"], body["event"]) == (created["id"], "video-processing-fail")
    assert body["error"]


def test_a_delivery_that_was_not_taken_comes_again(app: App, tenant: httpx.Client, clip: Path) -> None:
    hook = Hook(app, tenant, "again", failures=1)
    upload(tenant, clip)

    first, second = hook.deliveries(2)

    assert (first["answered"], second["answered"]) == (500, 200)
    assert first["body"] == second["body"]
    # Signed anew: a verifier refuses a timestamp that is five minutes old, and retries go on for longer.
    assert second["verified"]
    assert second["signature"] != first["signature"]


def test_the_verifier_refuses_what_was_changed(app: App, tenant: httpx.Client, clip: Path) -> None:
    hook = Hook(app, tenant, "changed")
    upload(tenant, clip)
    [delivery] = hook.deliveries(1)
    signature = delivery["signature"]
    good = {"signature": signature, "secret": hook.secret, "body": delivery["body"]}
    changes = [
        {"body": delivery["body"] + " "},
        {"secret": hook.secret + "x"},
        {"signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")},
        {"toleranceMs": -1},
    ]

    assert re.fullmatch(r"\d{13}\.[0-9a-f]{64}", signature)
    assert app.call("verifyWebhookSignature", good) is True
    for change in changes:
        assert app.call("verifyWebhookSignature", {**good, **change}) is False, change


def test_a_webhook_is_listed_without_its_secret_and_deleted(app: App, tenant: httpx.Client) -> None:
    hook = Hook(app, tenant, "listed")

    listed = tenant.get("/v1/webhooks").json()["data"]

    assert [each["id"] for each in listed] == [hook.id]
    assert hook.secret not in str(listed)
    assert tenant.delete(f"/v1/webhooks/{hook.id}").status_code == 204
    assert tenant.get("/v1/webhooks").json()["data"] == []
    assert_problem(tenant.delete(f"/v1/webhooks/{hook.id}"), 404, "not_found")


def test_a_webhook_is_its_tenants_own(app: App, tenant: httpx.Client, other: httpx.Client) -> None:
    hook = Hook(app, tenant, "own")

    assert other.get("/v1/webhooks").json()["data"] == []
    assert_problem(other.delete(f"/v1/webhooks/{hook.id}"), 404, "not_found")


@pytest.mark.parametrize(
    "wrong",
    [{"url": "not a url"}, {"url": "ftp://127.0.0.1/"}, {"url": None}, {"format": "other"}, {"name": ""}],
    ids=str,
)
def test_a_webhook_that_cannot_work_is_refused(other: httpx.Client, wrong: dict[str, Any]) -> None:
    wish = {"name": "one", "url": "http://127.0.0.1:9/", "format": "hyperserve", **wrong}

    assert_problem(other.post("/v1/webhooks", json=wish), 422)
