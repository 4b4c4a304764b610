"""`/v1/webhooks` over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide

from playhead.api.once import provide_once
from playhead.api.problems import handlers as problem_handlers
from playhead.api.webhooks import WebhooksController
from playhead.records import projects
from tests.events.conftest import Project
from tests.serving import serving

GOOD = {"name": "mine", "url": "https://hooks.example/video", "format": "hyperserve"}


class Api:
    """The API as one project's key opens it; `project_id` is the open one."""

    def __init__(self, project: Project) -> None:
        self.project_id: UUID = project.id
        self.app = Litestar(
            [WebhooksController],
            dependencies={
                "project_id": Provide(lambda: self.project_id, sync_to_thread=False),
                "records": Provide(lambda: project.records, sync_to_thread=False),
                "once": Provide(provide_once),
            },
            exception_handlers=problem_handlers,
            openapi_config=None,
        )


@pytest.fixture
def api(project: Project) -> Api:
    return Api(project)


@pytest.fixture
async def client(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(api.app) as base, httpx.AsyncClient(base_url=base, trust_env=False) as client:
        yield client


async def test_register_list_delete(client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/webhooks", json=GOOD)
    assert made.status_code == 201
    hook = made.json()
    assert UUID(hook["id"])
    assert hook["secret"].startswith("whsec_")
    assert {name: hook[name] for name in ("name", "url", "format", "events")} == {**GOOD, "events": None}
    assert hook["created_at"]

    listed = (await client.get("/v1/webhooks")).json()["data"]
    assert listed == [{name: value for name, value in hook.items() if name != "secret"}]

    gone = await client.delete(f"/v1/webhooks/{hook['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await client.delete(f"/v1/webhooks/{hook['id']}")).status_code == 404
    assert (await client.get("/v1/webhooks")).json() == {"data": []}


async def test_a_secret_is_shown_once(client: httpx.AsyncClient) -> None:
    secret = (await client.post("/v1/webhooks", json=GOOD)).json()["secret"]
    assert secret not in (await client.get("/v1/webhooks")).text
    again = await client.post("/v1/webhooks", json=GOOD)
    assert secret not in again.text


async def test_the_format_is_standard_unless_said_otherwise(client: httpx.AsyncClient) -> None:
    body = {
        "name": "n",
        "url": "http://127.0.0.1:9/x",
        "events": ["video.ready", "video.ready", "video.deleted"],
    }
    made = (await client.post("/v1/webhooks", json=body)).json()
    assert (made["format"], made["events"]) == ("standard", ["video.ready", "video.deleted"])


async def test_a_name_is_taken_once_per_project(
    api: Api, client: httpx.AsyncClient, project: Project
) -> None:
    assert (await client.post("/v1/webhooks", json=GOOD)).status_code == 201
    again = await client.post("/v1/webhooks", json=GOOD)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    async with project.records.transaction() as tx:
        api.project_id = await projects.ensure_project(tx, "another")
    assert (await client.post("/v1/webhooks", json=GOOD)).status_code == 201


async def test_another_projects_webhook_looks_like_none(
    api: Api, client: httpx.AsyncClient, project: Project
) -> None:
    hook = (await client.post("/v1/webhooks", json=GOOD)).json()
    async with project.records.transaction() as tx:
        api.project_id = await projects.ensure_project(tx, "another")
    assert (await client.get("/v1/webhooks")).json() == {"data": []}
    theirs = await client.delete(f"/v1/webhooks/{hook['id']}")
    nobodys = await client.delete(f"/v1/webhooks/{uuid4()}")
    assert theirs.status_code == nobodys.status_code == 404
    api.project_id = project.id
    assert len((await client.get("/v1/webhooks")).json()["data"]) == 1


@pytest.mark.parametrize("webhook_id", ["x", "1", "%00", "..", "a" * 5000])
async def test_an_id_that_is_none_is_not_found(client: httpx.AsyncClient, webhook_id: str) -> None:
    assert (await client.delete(f"/v1/webhooks/{webhook_id}")).status_code in (404, 405)


BAD = [
    {},
    {"name": "n"},
    {"url": "https://x.example/"},
    GOOD | {"name": ""},
    GOOD | {"name": "  "},
    GOOD | {"name": "n" * 101},
    GOOD | {"name": "a\nb"},
    GOOD | {"name": "a\u0000b"},
    GOOD | {"name": "a\u202eb"},
    GOOD | {"name": 7},
    GOOD | {"name": None},
    GOOD | {"url": ""},
    GOOD | {"url": "hooks.example"},
    GOOD | {"url": "/hook"},
    GOOD | {"url": "//hooks.example/"},
    GOOD | {"url": "http://"},
    GOOD | {"url": "http:///path"},
    GOOD | {"url": "http://:80/"},
    GOOD | {"url": "http://[::1"},
    GOOD | {"url": "http://h.example:0/"},
    GOOD | {"url": "http://h.example:99999/"},
    GOOD | {"url": "http://h.example:http/"},
    GOOD | {"url": "ftp://h.example/"},
    GOOD | {"url": "file:///etc/passwd"},
    GOOD | {"url": "gopher://h.example/"},
    GOOD | {"url": "javascript:alert(1)"},
    GOOD | {"url": "https://h.example/a b"},
    GOOD | {"url": " https://h.example/"},
    GOOD | {"url": "https://h.example/\r\nX: y"},
    GOOD | {"url": "https://h.example/\u0000"},
    GOOD | {"url": "https://h.example/" + "a" * 2048},
    GOOD | {"format": "other"},
    GOOD | {"format": None},
    GOOD | {"events": []},
    GOOD | {"events": ["video.exploded"]},
    GOOD | {"events": "video.ready"},
    GOOD | {"events": ["video.created"]},
    GOOD | {"events": ["video.ready", "video.deleted"]},
    GOOD | {"secret": "mine"},
    [GOOD],
    "text",
    None,
]


@pytest.mark.parametrize("body", BAD, ids=str)
async def test_what_cannot_be_a_webhook_is_refused(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert (await client.get("/v1/webhooks")).json() == {"data": []}


async def test_a_refusal_says_what_the_format_can_tell(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/webhooks", json=GOOD | {"events": ["video.created"]})
    assert "video.failed, video.ready" in answer.text
