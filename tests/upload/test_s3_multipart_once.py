"""A multipart that is begun again by its `Idempotency-Key`, as its answer was lost: it is the same one."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from tests.upload.companion import PIECES, WHOLE, Plane, Tree


async def begun(tree: Tree, key: str, **asked: Any) -> httpx.Response:
    body = {"filename": "film.mp4", "type": "video/mp4", "size": len(WHOLE), **asked}
    return await tree.client.post(f"{tree.url}/s3/multipart", json=body, headers={"Idempotency-Key": key})


async def test_begun_again_by_its_key_it_is_the_same(plane: Plane) -> None:
    tree = await plane.grant(max_uploads=1)
    first = (await begun(tree, "k")).json()
    tree.multipart = first
    part = await tree.send(1, PIECES[0])
    assert (await begun(tree, "k")).json() == first
    other = await begun(tree, "k", size=len(WHOLE) + 1)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await begun(tree, "another")).json()["code"] == "grant_used_up"
    assert (await tree.complete([part, await tree.send(2, PIECES[1])])).status_code == 200
    assert len(await plane.rows("SELECT id FROM videos")) == 1
    assert (await begun(tree, "k")).json()["code"] == "wrong_state"


async def test_of_many_at_once_one_makes_the_video(plane: Plane) -> None:
    tree = await plane.grant()
    answers = await asyncio.gather(*(begun(tree, "k") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["videoId"] for answer in answers}) == 1
    # The keys of another grant's holders are theirs.
    elsewhere = await begun(await plane.grant(), "k")
    assert elsewhere.json()["videoId"] != answers[0].json()["videoId"]


async def test_what_was_given_up_is_not_begun_again(plane: Plane) -> None:
    tree = await plane.grant()
    tree.multipart = (await begun(tree, "k")).json()
    await tree.abort()
    assert (await begun(tree, "k")).json()["code"] == "url_expired"
    assert (await begun(tree, "k2")).status_code == 200
