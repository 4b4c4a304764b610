"""Grants whose time is over, or that were revoked: what was begun under them goes on, and nothing new begins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from playhead.records import grants
from playhead.upload.entrance import by_grant
from playhead.upload.grants import Grants
from tests.days import calendar_of
from tests.upload.plane import FILE, Plane, plane, said

__all__ = ["plane"]

CUT = 123_456
HOURS = 5


async def partials(plane: Plane, address: str) -> list[str]:
    """The two of one file."""
    urls = []
    for body in (FILE[:CUT], FILE[CUT:]):
        made = await plane.post(f"{address}/tus", len(body), Upload_Concat="partial")
        urls.append(made.headers["location"])
        await plane.patch(urls[-1], 0, body)
    return urls


async def final(plane: Plane, address: str, urls: list[str]) -> httpx.Response:
    concat = f"final;{' '.join(urls)}"
    return await plane.post(f"{address}/tus", Upload_Concat=concat, Upload_Metadata=said(filename="a.mp4"))


async def later(plane: Plane, address: str) -> str:
    """Hours go by, which a grant does not work for; its address since."""
    async with plane.parts.records.transaction() as tx:
        by = {"by": timedelta(hours=HOURS)}
        await tx.connection.execute(text("UPDATE grants SET expires_at = expires_at - :by"), by)
    return calendar_of(plane.parts).older(address, HOURS / 24)


async def revoke(plane: Plane, address: str) -> None:
    grant_id = UUID(address.rpartition("/")[2].partition(".")[0])
    async with plane.parts.records.transaction() as tx:
        assert await grants.revoke(tx, plane.project_id, grant_id)


async def made_under(plane: Plane) -> list[int]:
    async with plane.parts.records.transaction() as tx:
        found = await tx.connection.execute(text("SELECT uploads_made FROM grants ORDER BY created_at"))
        return list(found.scalars())


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_nothing_begins_under_it_whatever_a_request_looks_like(plane: Plane) -> None:
    address = await later(plane, await plane.grant())
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/tus", {}),
        ("POST", "/tus", {"Upload-Concat": "partial"}),
        ("POST", "/tus", {"Upload-Concat": "finality;x"}),
        ("POST", "/s3/multipart", {}),
        ("POST", "/s3/multipart", {"Upload-Concat": "final;x"}),
        ("GET", "/s3/params?filename=a.mp4", {"Upload-Concat": "final;x"}),
        ("POST", "/preflight", {"Upload-Concat": "final;x"}),
    ]
    for method, below, headers in asked:
        given = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", **headers}
        answer = await plane.client.request(method, address + below, headers=given)
        assert code(answer) == (410, "url_expired"), (method, below, headers)


async def test_a_file_in_parts_may_take_longer_than_it_works_and_counts(plane: Plane) -> None:
    address = await plane.grant(max_uploads=1)
    first, second = await partials(plane, address), await partials(plane, address)
    address = await later(plane, address)
    done = await final(plane, address, first)
    assert done.status_code == 201, done.text
    assert await plane.source(done.headers["location"]) == FILE
    assert code(await final(plane, address, second)) == (403, "grant_used_up")
    assert await made_under(plane) == [1]


async def test_parts_of_another_are_not_put_together_under_it(plane: Plane) -> None:
    over, other = await plane.grant(), await plane.grant()
    urls = await partials(plane, other)
    over = await later(plane, over)
    assert code(await final(plane, over, urls)) == (410, "url_expired")
    assert (await final(plane, await plane.grant(), urls)).status_code == 201


async def test_once_it_is_revoked_multiparts_go_on_and_no_video_is_made_of_parts(plane: Plane) -> None:
    address = await plane.grant()
    urls = await partials(plane, address)
    begun = (await plane.client.post(f"{address}/s3/multipart", json={"filename": "a.mp4"})).json()
    await revoke(plane, address)
    assert code(await final(plane, address, urls)) == (410, "url_expired")
    parts = f"{address}/s3/multipart/{begun['uploadId']}"
    signed = (await plane.client.get(f"{parts}/1")).json()
    sent = await plane.client.put(signed["url"], content=FILE)
    listed = [{"PartNumber": 1, "ETag": sent.headers["etag"]}]
    done = await plane.client.post(f"{parts}/complete", json={"parts": listed})
    assert done.status_code == 200, done.text


@pytest.mark.parametrize("below", ["/s3/multipart/" + "0" * 32, "/tus"])
async def test_a_forged_token_opens_nothing_that_is_over_either(plane: Plane, below: str) -> None:
    address = await later(plane, await plane.grant())
    token = address.rpartition("/")[2]
    enter = by_grant(Grants(plane.parts.records, plane.parts.signer))
    headers = {"upload-concat": "final;x"}
    caller, rest = await enter(f"/{token}{below}", headers)
    assert (caller.project_id, rest) == (plane.project_id, below)
    forged = token[:-1] + ("A" if token[-1] != "A" else "B")
    answer = await plane.client.request(
        "POST", f"{plane.base}/u/{forged}{below}", headers={**headers, "Tus-Resumable": "1.0.0"}
    )
    assert code(answer) == (403, "url_invalid")
