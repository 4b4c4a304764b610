"""Files that are no longer what they were, and answers that are lost: nothing is mixed or begun twice."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress

import pytest
from playwright.async_api import Browser, Page, Route, expect
from playwright.async_api import Error as PlaywrightError

from tests.live import Live
from tests.playback.uploader import (
    NO_ROOM,
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

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A file of the site's own file system: the page reads it by a handle that needs nobody's permission again.
_WRITE = """async ([name, base64]) => {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
  const writer = await handle.createWritable();
  await writer.write(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
  await writer.close();
}"""
_DROP = """async (name) => {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name);
  DataTransferItem.prototype.getAsFileSystemHandle = async () => handle;
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(await handle.getFile());
  const target = document.querySelector("playhead-uploader").shadowRoot.querySelector("[part~=drop]");
  target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true, composed: true }));
}"""


@pytest.mark.parametrize("change", ["none", "shorter", "rewritten"])
async def test_a_file_that_was_changed_behind_its_handle_does_not_go_on(
    browser: Browser, customer: Site, live_server: Live, film: bytes, name: str, change: str
) -> None:
    async with await browser.new_context() as context:
        await context.add_init_script(NO_ROOM)
        page = await context.new_page()
        window = await Window.open(page, customer.page(scope=name, **granted(live_server)))
        await page.evaluate(_WRITE, [name, b64encode(film).decode()])
        await window.slow_down(SLOW)
        await page.evaluate(_DROP, name)
        await window.wait_for_bytes(name, SIZE // 4)
        assert (await window.state(name))["survives"]
        await window.button("Pause the upload of", name).click()
        await window.wait_for(name, "paused")
        changed = {"none": None, "shorter": film[: SIZE // 2], "rewritten": film[:100] + bytes(SIZE - 100)}[
            change
        ]
        if changed is not None:
            await page.evaluate(_WRITE, [name, b64encode(changed).decode()])
        await page.reload()
        await window.slow_down(-1)
        if changed is None:
            await window.wait_for(name, "paused")
            await window.button("Go on with the upload of", name).click()
        else:
            asking = await window.wait_for(name, "asking")
            assert (asking["wants"], asking["problem"]["code"]) == ("file", "other_file")
            await expect(window.row(name)).to_contain_text("This is another file")
            async with page.expect_file_chooser() as chooser:
                await window.button("Choose again, to go on:", name).click()
            await (await chooser.value).set_files(payload(name, film))
        await window.wait_for(name, "done")
        assert stored(live_server, name) == film


async def test_a_file_shorter_than_the_server_waits_for_is_not_done(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    with live_server.http() as http:
        asked = {"filename": name, "size": len(film) + 1000, "resolutions": ["144p"]}
        made = http.post("/v1/uploads", json=asked).raise_for_status().json()
    window = await Window.open(tab, customer.page(upload_url=made["url"]))
    await window.choose(payload(name, film))
    failed = await window.wait_for(name, "failed")
    assert failed["problem"]["code"] == "other_file"
    assert "upload-complete" not in await window.heard(name)


@pytest.mark.parametrize("way", ["tus", "parts"])
async def test_what_was_begun_and_not_answered_is_begun_once(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str, way: str
) -> None:
    given = granted(live_server, max_uploads=1)
    lost: list[str] = []

    async def lose(route: Route) -> None:
        """The server has carried it out; its answer never comes."""
        if route.request.method == "POST" and len(lost) < 2:
            assert (await route.fetch()).ok
            lost.append(route.request.headers["idempotency-key"])
            with suppress(PlaywrightError):
                await route.abort()
        else:
            await route.continue_()

    where = companion_of(given) if way == "parts" else given
    await tab.route("**/s3/multipart" if way == "parts" else "**/tus", lose)
    window = await Window.open(tab, customer.page(**where))
    await window.choose(payload(name, film))
    await window.wait_for(name, "done")
    assert len(lost) == 2
    assert len(set(lost)) == 1
    assert stored(live_server, name) == film
    assert len(listed(live_server, name)) == 1


async def test_what_was_completed_and_not_answered_is_done(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    lost: list[str] = []

    async def lose(route: Route) -> None:
        if lost:
            await route.continue_()
            return
        assert (await route.fetch()).ok
        lost.append(route.request.url)
        with suppress(PlaywrightError):
            await route.abort()

    await tab.route("**/complete?*", lose)
    window = await Window.open(tab, customer.page(**companion_of(granted(live_server))))
    await window.choose(payload(name, film))
    await window.wait_for(name, "done")
    assert len(lost) == 1
    assert stored(live_server, name) == film


async def test_what_the_server_has_forgotten_is_begun_afresh(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    """By another key: the one before leads to what is over."""
    keys: list[str] = []
    tab.on(
        "request",
        lambda one: keys.append(one.headers.get("idempotency-key", "")) if one.method == "POST" else None,
    )
    given = {"endpoint": granted(live_server)["endpoint"]}
    window = await Window.open(tab, customer.page(**given))
    await window.slow_down(SLOW)
    await window.choose(payload(name, film))
    await window.wait_for_bytes(name, SIZE // 4)
    await window.button("Pause the upload of", name).click()
    (video,) = listed(live_server, name)
    with live_server.http() as http:
        http.delete(f"/v1/videos/{video['id']}").raise_for_status()
    await window.slow_down(-1)
    await window.button("Go on with the upload of", name).click()
    assert (await window.wait_for(name, "failed"))["canRetry"]
    await window.button("Try again to upload", name).click()
    await window.wait_for(name, "done")
    assert len(set(keys)) == len(keys) == 2
    assert stored(live_server, name) == film
