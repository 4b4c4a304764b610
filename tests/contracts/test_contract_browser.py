"""The published browser entries and uploader, unmodified, in Chromium, on a page of another origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from tests.contracts.app import App
from tests.contracts.wire import complete, create, settled


@pytest.fixture(scope="session")
def large(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip with trailing bytes, 12 MB in all: more than what sockets hold by themselves."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    content = clip.read_bytes()
    path.write_bytes(content + (12_000_000 - len(content)).to_bytes(4, "big") + b"free")
    with path.open("r+b") as file:
        file.truncate(12_000_000)
    return path


async def _put(
    page: Page, app: App, file: Path, created: dict[str, Any], *, watch: bool = True, entry: str = "browser"
) -> dict[str, Any]:
    """Upload `file` with an entry of the client; gives the percents it told and how it ended."""
    await page.goto(f"{app.url}/storage")
    await page.wait_for_function("() => window.put")
    await page.set_input_files("input", file)
    given = {name: created[name] for name in ("uploadUrl", "contentType")}
    arguments = {**given, "entry": entry, "watch": watch}
    outcome: dict[str, Any] = await page.evaluate("(arguments) => window.put(arguments)", arguments)
    return outcome


async def test_a_page_of_another_origin_uploads_with_progress(
    page: Page, app: App, api: httpx.Client, large: Path
) -> None:
    created = create(api, fileSizeBytes=large.stat().st_size)
    await _slow_down(page, large.stat().st_size)

    outcome = await _put(page, app, large, created)

    assert outcome["error"] is None
    percents = outcome["percents"]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert any(0 < percent < 100 for percent in percents), percents
    assert complete(api, created["id"]).status_code == 201
    assert settled(api, created["id"])["status"] == "ready"


async def test_without_progress_it_uses_fetch(page: Page, app: App, api: httpx.Client, clip: Path) -> None:
    created = create(api, fileSizeBytes=clip.stat().st_size)

    outcome = await _put(page, app, clip, created, watch=False)

    assert outcome == {"percents": [], "error": None}
    assert complete(api, created["id"]).status_code == 201


async def test_the_react_native_entry_uploads_too(
    page: Page, app: App, api: httpx.Client, clip: Path
) -> None:
    created = create(api, fileSizeBytes=clip.stat().st_size)

    outcome = await _put(page, app, clip, created, entry="native")

    assert outcome["error"] is None
    assert outcome["percents"][-1] == 100
    assert complete(api, created["id"]).status_code == 201


@pytest.mark.parametrize("watch", [True, False], ids=["XHR", "fetch"])
async def test_a_page_learns_why_it_was_refused(
    page: Page, app: App, api: httpx.Client, large: Path, watch: bool
) -> None:
    # Refused with megabytes still under way: the answer must reach the page all the same.
    created = create(api, fileSizeBytes=1000)

    outcome = await _put(page, app, large, created, watch=watch)

    assert outcome["error"]["named"]
    assert outcome["error"]["uploadStatus"] in (413, 422)


async def test_a_page_learns_that_its_upload_is_over(
    page: Page, app: App, api: httpx.Client, clip: Path
) -> None:
    created = create(api, fileSizeBytes=clip.stat().st_size)
    await _put(page, app, clip, created)
    complete(api, created["id"])

    outcome = await _put(page, app, clip, created)

    assert outcome["error"]["uploadStatus"] == 409


async def test_the_uploader_with_its_adapter_from_drop_to_playback(
    page: Page, app: App, api: httpx.Client, clip: Path
) -> None:
    await page.goto(f"{app.url}/uploader")
    await page.set_input_files("input[type=file]", clip)

    await page.wait_for_function(
        "() => ['ready', 'failed'].includes(window.seen.at(-1)?.status)", timeout=60_000
    )

    seen = await page.evaluate("() => window.seen")
    last = seen[-1]
    assert last["status"] == "ready", last["error"]
    order = ["selected", "preparing", "uploading", "processing", "ready"]
    told = list(dict.fromkeys(state["status"] for state in seen))
    assert told == [status for status in order if status in told]
    assert {"uploading", "ready"} <= set(told)
    assert 100 in [state["progress"] for state in seen]
    video = api.get(f"/api/video/{last['videoId']}/public").json()
    assert video["customMetadata"] == {"album": "summer"}
    assert last["playbackUrl"] in [made["videoUrl"] for made in video["resolutions"].values()]
    assert last["thumbnailUri"] in [
        url for made in video["resolutions"].values() for url in made["thumbnailImageUrls"]
    ]
    await _assert_plays(page)


async def test_the_uploader_shows_a_failure(page: Page, app: App, clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes().replace(b"moov", b"lost"))
    await page.goto(f"{app.url}/uploader")
    await page.set_input_files("input[type=file]", broken)

    await page.get_by_text("Processing failed").wait_for(timeout=60_000)

    assert (await page.evaluate("() => window.seen.at(-1).status")) == "failed"


async def _slow_down(page: Page, bytes_per_second: int) -> None:
    """Uploads at that rate: Chromium tells progress every 50 ms, and loopback may be done before that."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    conditions = {
        "offline": False,
        "latency": 0,
        "downloadThroughput": -1,
        "uploadThroughput": bytes_per_second,
    }
    await devtools.send("Network.emulateNetworkConditions", conditions)


async def _assert_plays(page: Page) -> None:
    """The uploader's own <video>, on its own origin, plays ours: frames come and time goes on."""
    await page.evaluate(
        """async () => {
            const video = document.querySelector("video");
            video.muted = true;
            const frame = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
            await video.play();
            await frame;
        }"""
    )
    await page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    width = await page.evaluate("() => document.querySelector('video').videoWidth")
    assert width > 0
