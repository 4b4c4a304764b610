"""Listing, on both APIs: newest first, page by page, one's own alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.contracts.wire import assert_problem, create


@pytest.fixture(scope="module")
def made(other: httpx.Client) -> list[str]:
    """Ids of the other tenant's five videos, newest first; nobody else adds to them."""
    return [create(other, filename=f"{number}.mp4")["id"] for number in range(5)][::-1]


def test_pages_follow_each_other_newest_first(other: httpx.Client, made: list[str]) -> None:
    pages = _pages(other, 2)

    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert [video["id"] for page in pages for video in page["data"]] == made
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert pages[-1]["next_cursor"] is None


def test_a_new_video_does_not_shift_the_next_page(other: httpx.Client, made: list[str]) -> None:
    first = other.get("/v1/videos", params={"limit": 2}).json()
    newer = create(other)["id"]

    second = other.get("/v1/videos", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [video["id"] for video in second["data"]] == made[2:4]
    assert other.delete(f"/v1/videos/{newer}").status_code == 204


def test_others_are_not_listed(api: httpx.Client, made: list[str]) -> None:
    listed = {video["id"] for page in _pages(api, 100) for video in page["data"]}

    assert listed.isdisjoint(made)


@pytest.mark.parametrize("limit", ["0", "-1", "many", "100000"])
def test_a_limit_must_be_sensible(api: httpx.Client, limit: str) -> None:
    assert_problem(api.get("/v1/videos", params={"limit": limit}), 422, "invalid_request")


@pytest.mark.parametrize("cursor", ["x", "e30", "...."])
def test_a_cursor_must_be_one_of_ours(api: httpx.Client, cursor: str) -> None:
    assert_problem(api.get("/v1/videos", params={"cursor": cursor}), 422, "invalid_request")


def _pages(api: httpx.Client, limit: int) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get("/v1/videos", params={"limit": limit, **cursor}).json()
        pages.append(page)
        if not page["has_more"]:
            return pages
        cursor = {"cursor": page["next_cursor"]}
