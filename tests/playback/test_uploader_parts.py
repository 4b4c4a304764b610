"""Numbered parts, four at a time: to our own disk, and to a real S3 without a byte of them coming by us."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Request, expect

from tests.live import Live, serving
from tests.playback.uploader import (
    Window,
    companion_of,
    granted,
    kill,
    listed,
    long_film,
    persistent,
    site,
    stored,
)
from tests.s3 import SeaweedFS, settings_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 26 * 1024 * 1024
SLOW = 7_000_000
"""Bytes a second: some parts are there and others are not when it is paused."""


@pytest.fixture(scope="module", params=["disk", "s3"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, SeaweedFS | None, str]]:
    """A server, its store if that is not its disk, and the prefix in it."""
    if request.param == "disk":
        yield request.getfixturevalue("live_server"), None, ""
        return
    store: SeaweedFS = request.getfixturevalue("seaweedfs")
    bucket = store.bucket()
    with serving(tmp_path_factory.mktemp("parts"), **settings_of(bucket)) as live:
        yield live, store, bucket.prefix


async def test_parts_that_are_there_are_not_sent_again(
    browser: Browser, server: tuple[Live, SeaweedFS | None, str], clip: bytes, tmp_path: Path
) -> None:
    live, store, prefix = server
    film, name = long_film(clip, SIZE), "parts.mp4"
    path = tmp_path / name
    path.write_bytes(film)
    origin = store.endpoint if store else ""
    with site(live.url, store=origin) as customer:
        async with await browser.new_context() as context:
            page = await context.new_page()
            window = await Window.open(page, customer.page(**companion_of(granted(live))))
            taken: list[str] = []
            sent: list[Request] = []
            page.on("request", lambda one: sent.append(one) if one.method == "PUT" else None)
            page.on(
                "response",
                lambda answer: taken.append(_part(answer.url)) if answer.request.method == "PUT" else None,
            )
            await window.slow_down(SLOW)
            await window.choose(path)
            await window.wait_for_bytes(name, SIZE * 4 // 5)
            assert len({_part(one.url) for one in sent}) >= 4
            await window.button("Pause the upload of", name).click()
            await window.wait_for(name, "paused")
            before, already = len(sent), set(taken)
            assert already
            # A reload forgets all that the page knew of its parts; the store knows them.
            await page.reload()
            await window.slow_down(-1)
            await window.button("Go on with the upload of", name).click()
            done = await window.wait_for(name, "done")
            await expect(window.row(name)).to_contain_text("Sent")
            again = {_part(one.url) for one in sent[before:]}
            assert again
            assert already & again == set()
            assert {urlsplit(one.url).netloc for one in sent} == {urlsplit(origin or live.url).netloc}
            await window.assert_proper()
    (video,) = listed(live, name)
    assert done["videoId"] == video["id"]
    content = _in_store(store, prefix, video["id"]) if store else stored(live, name)
    assert hashlib.sha256(content).digest() == hashlib.sha256(film).digest()


@pytest.mark.parametrize("server", ["s3"], indirect=True)  # to a disk: in test_uploader_days_later.py
async def test_a_killed_browser_goes_on_with_the_parts_that_are_missing(
    server: tuple[Live, SeaweedFS | None, str], clip: bytes, tmp_path: Path
) -> None:
    live, store, prefix = server
    film, profile, path = long_film(clip, SIZE), tmp_path / "profile", tmp_path / "killed-parts.mp4"
    path.write_bytes(film)
    with site(live.url, store=store.endpoint if store else "") as customer:
        address = customer.page(scope=path.name, **companion_of(granted(live)))
        async with persistent(profile) as page:
            taken: list[str] = []
            page.on(
                "response",
                lambda answer: taken.append(_part(answer.url)) if answer.request.method == "PUT" else None,
            )
            window = await Window.open(page, address)
            await window.slow_down(SLOW)
            await window.choose(path)
            await window.wait_for_bytes(path.name, SIZE * 4 // 5)
            while not taken:
                await asyncio.sleep(0.02)
            kill(profile)
        path.unlink()
        async with persistent(profile) as page:
            sent: list[Request] = []
            page.on("request", lambda one: sent.append(one) if one.method == "PUT" else None)
            window = await Window.open(page, address)
            await window.wait_for(path.name, "done")
            assert await window.kept() == []
    again = {_part(one.url) for one in sent}
    assert again
    assert set(taken) & again == set()
    (video,) = listed(live, path.name)
    content = _in_store(store, prefix, video["id"]) if store else stored(live, path.name)
    assert hashlib.sha256(content).digest() == hashlib.sha256(film).digest()


def _part(url: str) -> str:
    """The number of the part that a URL is for: in S3's query, or at the end of our own path."""
    parts = urlsplit(url)
    numbers = [pair for pair in parts.query.split("&") if pair.startswith("partNumber=")]
    return numbers[0].removeprefix("partNumber=") if numbers else parts.path


def _in_store(store: SeaweedFS, prefix: str, video_id: str) -> bytes:
    bucket = store.bucket()
    found = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=f"{prefix}/videos/{video_id}/source")
    (key,) = [each["Key"] for each in found["Contents"]]
    return bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
