"""The page for everyone: judged by axe in both colour schemes, on a phone, from the keyboard, at rest."""

from __future__ import annotations

import re
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.live import Live
from tests.playback.dashboard import Dashboard

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")

Scheme = Literal["light", "dark"]

_AXE = """async () => (await axe.run()).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + " " + node.failureSummary).join("; ")}`
)"""


async def violations(page: Page, axe_source: str) -> list[str]:
    """What axe-core finds on the page as it is now."""
    # A fade under way has no contrast to judge.
    await page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")
    await page.evaluate(axe_source)
    found: list[str] = await page.evaluate(_AXE)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong(
    browser: Browser,
    live_server: Live,
    ready_video: dict[str, Any],
    axe_source: str,
    scheme: Literal["light", "dark"],
) -> None:
    async with Dashboard.open(browser, live_server, scheme=scheme) as dashboard:
        page, name = dashboard.page, f"{scheme}.mp4"
        await page.get_by_role("button", name=ready_video["filename"], exact=True).first.click()
        await dashboard.choose({"name": name, "mimeType": "video/mp4", "buffer": b"No video. " * 99})
        await dashboard.wait_for(name, "Failed")
        await expect(dashboard.card(name).get_by_role("alert")).to_be_visible()
        assert await violations(page, axe_source) == []
        await page.get_by_role("button", name=f"Delete {ready_video['filename']}").first.click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await violations(page, axe_source) == []
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Change", exact=True).click()
        await expect(page.get_by_label("API key")).to_be_visible()
        assert await violations(page, axe_source) == []
        await page.goto(ready_video["embed_url"])
        assert await violations(page, axe_source) == []


async def test_a_phone_needs_no_sideways_scrolling(
    browser: Browser, live_server: Live, ready_video: dict[str, Any]
) -> None:
    async with Dashboard.open(browser, live_server, width=390) as dashboard:
        page = dashboard.page
        await page.get_by_role("button", name=ready_video["filename"], exact=True).first.click()
        await expect(page.get_by_title("Open the player page").first).to_be_visible()
        for width in (390, 320):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_the_keyboard_reaches_everything_in_the_order_it_stands(
    dashboard: Dashboard, ready_video: dict[str, Any]
) -> None:
    page, name = dashboard.page, ready_video["filename"]
    opener = page.get_by_role("button", name=name, exact=True).first
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await page.get_by_label("choose a file").focus()
    # One stop for each resolution, one for the pair of radio buttons, then the first card.
    for _ in range(11):
        await page.keyboard.press("Tab")
    while not await opener.evaluate("(opener) => opener === document.activeElement"):
        assert await page.evaluate("document.activeElement !== document.body")
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(opener).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name=f"Delete {name}").first).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("video").first).to_be_focused()
    await opener.press("Space")
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await expect(page.locator("video")).to_have_count(0)


async def test_nothing_moves_for_those_who_ask_for_that(dashboard: Dashboard) -> None:
    page = dashboard.page
    await page.emulate_media(reduced_motion="reduce")
    moving = (
        "() => [...document.querySelectorAll('*')].map((one) => getComputedStyle(one).transitionDuration)"
    )
    durations = set(re.split(r",\s*", ",".join(await page.evaluate(moving))))
    assert durations == {"0s"}
