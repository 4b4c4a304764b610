"""What interrupts a page: a reload, another tab. The upload goes on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.live import Live
from tests.playback.uploader import (
    NO_ROOM,
    Site,
    Window,
    granted,
    listed,
    long_film,
    stored,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 4_000_000
SLOW = 1_000_000
"""Bytes a second at which there is time to interrupt it."""

# How a page finds a machine whose clock is wrong by so many milliseconds.
_CLOCK = """{
  const [wrong, { now }, { timeOrigin }] = [%d, Date, performance];
  Date.now = () => now() + wrong;
  Object.defineProperty(performance, "timeOrigin", { value: timeOrigin + wrong });
}"""


@pytest.fixture(scope="module")
def film(clip: bytes) -> bytes:
    """A film that takes a while to send."""
    return long_film(clip, SIZE)


@pytest.fixture
def path(film: bytes, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The same as a file, with a name of this test's own, as the server is shared."""
    place = tmp_path / f"{request.node.name}.mp4"
    place.write_bytes(film)
    return place


def watch(page: Page) -> list[Request]:
    """The requests that carry bytes, from here on."""
    sent: list[Request] = []
    page.on("request", lambda one: sent.append(one) if one.method == "PATCH" else None)
    return sent


@pytest.mark.parametrize("years_ahead", [0, 3, -3])
async def test_a_reload_goes_on_where_the_server_is(
    browser: Browser, customer: Site, live_server: Live, film: bytes, path: Path, years_ahead: int
) -> None:
    """Whatever the clock of the browser's machine says."""
    async with await browser.new_context() as context:
        await context.add_init_script(_CLOCK % (years_ahead * 365 * 24 * 3600 * 1000))
        page = await context.new_page()
        address = customer.page(scope=path.name, **granted(live_server))
        window = await Window.open(page, address)
        await window.slow_down(SLOW)
        sent = watch(page)
        await window.choose(path)
        await window.wait_for_bytes(path.name, SIZE // 3)
        await page.reload()
        await window.slow_down(-1)
        assert (await window.wait_for(path.name, "done"))["resumed"]
        assert stored(live_server, path.name) == film
        assert [int(one.headers["upload-offset"]) > SIZE // 5 for one in sent] == [False, True]
        assert len(listed(live_server, path.name)) == 1
        assert await window.kept() == []


async def test_what_was_paused_stays_so_over_a_reload(
    browser: Browser, customer: Site, live_server: Live, film: bytes, path: Path
) -> None:
    async with await browser.new_context() as context:
        page = await context.new_page()
        window = await Window.open(page, customer.page(scope=path.name, **granted(live_server)))
        await window.slow_down(SLOW)
        await window.choose(path)
        await window.wait_for_bytes(path.name, SIZE // 4)
        await window.button("Pause the upload of", path.name).click()
        paused = await window.wait_for(path.name, "paused")
        await page.reload()
        again = await window.wait_for(path.name, "paused")
        assert again["sent"] == paused["sent"]
        await window.slow_down(-1)
        await window.button("Go on with the upload of", path.name).click()
        await window.wait_for(path.name, "done")
        assert stored(live_server, path.name) == film


async def test_a_file_that_could_not_be_kept_is_asked_for_again(
    browser: Browser, customer: Site, live_server: Live, film: bytes, path: Path
) -> None:
    async with await browser.new_context() as context:
        await context.add_init_script(NO_ROOM)
        page = await context.new_page()
        window = await Window.open(page, customer.page(scope=path.name, **granted(live_server)))
        await window.slow_down(SLOW)
        await window.choose(path)
        await window.wait_for_bytes(path.name, SIZE // 4)
        assert not (await window.state(path.name))["survives"]
        await page.reload()
        await window.wait_for(path.name, "asking")
        await window.slow_down(-1)
        other = path.with_name("other.mp4")
        other.write_bytes(film[:1000])
        for chosen in (other, path):
            async with page.expect_file_chooser() as chooser:
                await window.button("Choose again, to go on:", path.name).click()
            await (await chooser.value).set_files(chosen)
            if chosen == other:
                await expect(window.row(path.name)).to_contain_text(f"This is another file than {path.name}")
        await window.wait_for(path.name, "done")
        assert stored(live_server, path.name) == film
        assert len(listed(live_server, path.name)) == 1


async def test_two_tabs_do_not_send_the_same_file(
    browser: Browser, customer: Site, live_server: Live, film: bytes, path: Path
) -> None:
    async with await browser.new_context() as context:
        first = await context.new_page()
        address = customer.page(scope=path.name, **granted(live_server))
        window = await Window.open(first, address)
        await window.slow_down(SLOW)
        await window.choose(path)
        await window.wait_for_bytes(path.name, SIZE // 4)
        second = await context.new_page()
        other = await Window.open(second, address)
        sent = watch(second)
        await window.wait_for_bytes(path.name, SIZE // 2)
        assert await other.page.evaluate("document.querySelector('playhead-uploader').uploads") == []
        assert sent == []
        # Who takes over is the one that is left.
        # It leaves, as closing would end its throttle first and let it send the rest at once.
        await first.goto("about:blank")
        await other.wait_for(path.name, "done")
        assert [int(one.headers["upload-offset"]) >= SIZE // 3 for one in sent] == [True]
        assert stored(live_server, path.name) == film
