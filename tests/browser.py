"""Debian's Chromium for tests, driven by Playwright, which downloads no browser of its own.

Each test gets a browser of its own, closed with it: nothing one test leaves behind can reach another.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = "/usr/bin/chromium"

FLAGS = [
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",  # a test has no user who could press play
]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser, for tests that open several pages or contexts."""
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page whose uncaught errors fail the test."""
    opened = await browser.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert errors == []
