"""Listing, on both APIs: newest first, page by page, one's own alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.contracts.wire import assert_problem, create


@dataclass(frozen=True)
class Listing:
    """How an API spells its listing."""

    path: str
    next_cursor: str
    has_more: str


LISTINGS = [Listing("/v1/videos", "next_cursor", "has_more"), Listing("/api/video", "nextCursor", "hasMore")]

pytestmark = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.path)


@pytest.fixture(scope="module")
def made(other: httpx.Client) -> list[str]:
    """Ids of the other tenant's five videos, newest first; nobody else adds to them."""
    return [create(other, filename=f"{number}.mp4")["id"] for number in range(5)][::-1]


def test_pages_follow_each_other_newest_first(other: httpx.Client, made: list[str], listing: Listing) -> None:
    pages = _pages(other, listing, 2)

    assert [len(page["data"]) for page in pages] == [2, 2, 1]
    assert [video["id"] for page in pages for video in page["data"]] == made
    assert [page[listing.has_more] for page in pages] == [True, True, False]
    assert pages[-1][listing.next_cursor] is None


def test_a_new_video_does_not_shift_the_next_page(
    other: httpx.Client, made: list[str], listing: Listing
) -> None:
    first = other.get(listing.path, params={"limit": 2}).json()
    newer = create(other)["id"]

    second = other.get(listing.path, params={"limit": 2, "cursor": first[listing.next_cursor]}).json()

    assert [video["id"] for video in second["data"]] == made[2:4]
    assert other.delete(f"/v1/videos/{newer}").status_code == 204


def test_others_are_not_listed(api: httpx.Client, made: list[str], listing: Listing) -> None:
    listed = {video["id"] for page in _pages(api, listing, 100) for video in page["data"]}

    assert listed.isdisjoint(made)


@pytest.mark.parametrize("status", ["pending_upload", "ready"])
def test_a_filter_by_status(other: httpx.Client, made: list[str], listing: Listing, status: str) -> None:
    page = other.get(listing.path, params={"status": status}).json()

    assert [video["id"] for video in page["data"]] == (made if status == "pending_upload" else [])


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=many", "limit=100000", "status=none"])
def test_a_query_must_be_sensible(api: httpx.Client, listing: Listing, query: str) -> None:
    assert_problem(api.get(f"{listing.path}?{query}"), 422, "invalid_request")


@pytest.mark.parametrize("cursor", ["x", "e30", "....", "%00"])
def test_a_cursor_must_be_one_of_ours(api: httpx.Client, listing: Listing, cursor: str) -> None:
    assert_problem(api.get(f"{listing.path}?cursor={cursor}"), 422, "invalid_request")


def _pages(api: httpx.Client, listing: Listing, limit: int) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get(listing.path, params={"limit": limit, **cursor}).json()
        pages.append(page)
        if not page[listing.has_more]:
            return pages
        cursor = {"cursor": page[listing.next_cursor]}
