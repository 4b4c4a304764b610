"""The origin judged by a browser: it must play, alone and embedded, and run nothing."""

from __future__ import annotations

import time

from litestar import Litestar, MediaType, get
from playwright.async_api import Page

from tests.browser import browser, page  # noqa: F401
from tests.delivery.conftest import Origin
from tests.serving import serving

READY = "() => document.querySelector('video')?.readyState >= 2"


async def test_a_film_opened_by_its_own_url_is_shown(page: Page, origin: Origin, film: bytes) -> None:  # noqa: F811
    video = await origin.video(is_public=True, film=film)
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    await page.goto(origin.urls.rendition(video.id, "480p", video.film_key))
    await page.wait_for_function(READY)
    assert await page.evaluate("document.querySelector('video').videoWidth") == 320
    assert [message for message in messages if "Policy" in message] == []


async def test_a_private_film_plays_and_seeks_on_a_page_of_another_origin(
    page: Page,  # noqa: F811
    origin: Origin,
    film: bytes,
) -> None:
    video = await origin.video(is_public=False, film=film)
    token = origin.urls.playback_token(video.id, int(time.time()) + 600)
    url = origin.urls.rendition(video.id, "480p", video.film_key, token)

    @get("/", media_type=MediaType.HTML)
    async def embedding() -> str:
        return f"<!doctype html><video muted src='{url}'></video>"

    async with serving(Litestar([embedding], openapi_config=None)) as elsewhere:
        await page.goto(elsewhere)
        await page.wait_for_function(READY)
        await page.evaluate("document.querySelector('video').currentTime = 3")
        await page.wait_for_function("() => !document.querySelector('video').seeking")
        assert await page.evaluate("document.querySelector('video').currentTime") == 3
        status, length = await page.evaluate(
            """async url => {
                const answer = await fetch(url, {headers: {Range: 'bytes=10-19'}});
                return [answer.status, answer.headers.get('Content-Range')];
            }""",
            url,
        )
        assert (status, length) == (206, f"bytes 10-19/{len(film)}")
