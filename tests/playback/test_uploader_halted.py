"""Uploads that the user halts: paused and gone on with, cancelled, also before there is anywhere to send to."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.live import Live
from tests.playback.uploader import (
    SIZE,
    SLOW,
    Site,
    Window,
    companion_of,
    granted,
    listed,
    payload,
    stored,
)

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_paused_from_the_keyboard_it_goes_on_where_it_was(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    window = await Window.open(tab, customer.page(**granted(live_server)))
    starts: list[int] = []
    tab.on("request", lambda one: _note_offset(one, starts))
    await window.slow_down(SLOW)
    async with tab.expect_file_chooser() as chooser:
        await tab.keyboard.press("Tab")
        await expect(tab.get_by_label("choose a file")).to_be_focused()
        await tab.keyboard.press("Enter")
    await (await chooser.value).set_files(payload(name, film))
    await window.wait_for_bytes(name, SIZE // 3)
    await tab.keyboard.press("Tab")
    await expect(window.button("Pause the upload of", name)).to_be_focused()
    await tab.keyboard.press("Enter")
    await window.wait_for(name, "paused")
    await expect(tab.get_by_role("status")).to_have_text(f"The upload of {name} is paused.")
    # The button is the same one, for the other way.
    await expect(window.button("Go on with the upload of", name)).to_be_focused()
    await window.slow_down(-1)
    await tab.keyboard.press("Enter")
    await window.wait_for(name, "done")
    assert stored(live_server, name) == film
    assert starts[0] == 0
    assert SIZE // 4 < starts[1] < SIZE
    heard = ["upload-added", "preflight", "upload-paused", "upload-resumed", "upload-complete"]
    assert await window.heard(name) == heard


def _note_offset(request: Request, starts: list[int]) -> None:
    if request.method == "PATCH":
        starts.append(int(request.headers["upload-offset"]))


async def test_cancelled_it_leaves_nothing(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    window = await Window.open(tab, customer.page(**granted(live_server)))
    await window.slow_down(SLOW)
    await window.choose(payload(name, film))
    await window.wait_for_bytes(name, 100_000)
    async with tab.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        await window.button("Cancel the upload of", name).click()
    assert (await ended.value).status == 204
    await expect(window.row(name)).to_have_count(0)
    await expect(tab.get_by_label("choose a file")).to_be_focused()
    assert (await window.heard(name))[-1] == "upload-cancelled"
    assert await window.kept() == []
    assert [video["status"] for video in listed(live_server, name)] in ([], ["fail"])


@pytest.mark.parametrize("way", ["tus", "parts"])
async def test_cancelled_while_the_server_makes_room_it_leaves_nothing_either(
    tab: Page, customer: Site, live_server: Live, film: bytes, way: str
) -> None:
    name, given = f"cancelled-early-{way}.mp4", granted(live_server)
    attributes = given if way == "tus" else {**companion_of(given), "preflight": given["preflight"]}
    window = await Window.open(tab, customer.page(**attributes))
    opened, making = asyncio.Event(), asyncio.Event()
    await tab.route(re.compile("/tus$|/s3/multipart$"), lambda route: _hold_answer(route, making, opened))
    await window.choose(payload(name, film))
    await making.wait()
    assert len(listed(live_server, name)) == 1
    async with tab.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
        await window.button("Cancel the upload of", name).click()
        await expect(window.row(name)).to_have_count(0)
        opened.set()
    assert (await ended.value).ok
    assert [video["status"] for video in listed(live_server, name)] in ([], ["fail"])


async def test_paused_while_the_server_makes_room_it_goes_on_there(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    window = await Window.open(tab, customer.page(**granted(live_server)))
    opened, making = asyncio.Event(), asyncio.Event()
    await tab.route(re.compile("/tus$"), lambda route: _hold_answer(route, making, opened))
    await window.choose(payload(name, film))
    await making.wait()
    await window.button("Pause the upload of", name).click()
    await window.wait_for(name, "paused")
    await window.button("Go on with the upload of", name).click()
    opened.set()
    await window.wait_for(name, "done")
    assert stored(live_server, name) == film  # of the one video that there is


async def _hold_answer(route: Route, making: asyncio.Event, opened: asyncio.Event) -> None:
    """Let the server do what it is asked, and keep its answer back for a while."""
    if route.request.method != "POST":
        await route.fallback()
        return
    answer = await route.fetch()
    making.set()
    await opened.wait()
    await route.fulfill(response=answer)
