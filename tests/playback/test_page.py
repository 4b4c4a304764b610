"""The page at `/` in Chromium, on a real server: from choosing a file to watching it."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, FilePayload, Response, Route, expect

from playhead.model.errors import ERRORS
from tests.live import Live
from tests.playback.dashboard import PATIENCE, Dashboard
from tests.playback.uploader import IS_KEPT_PAUSED, long_film

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST_PAUSE = 6000
"""Milliseconds: longer than the page waits before it asks for the list again."""

_PLAY = """async (video) => {
  video.muted = true;
  await video.play();
  while (video.currentTime < 0.2) await new Promise(requestAnimationFrame);
  return { width: video.videoWidth, sound: video.webkitAudioDecodedByteCount > 0 };
}"""

# Lets the list of videos be there before the uploads that an earlier page has left.
_LATE_UPLOADS = """{
  const { request } = LockManager.prototype;
  LockManager.prototype.request = async function (...given) {
    await new Promise((later) => setTimeout(later, 3000));
    return request.apply(this, given);
  };
}"""

# A drop as the browser reports one: the file dragged over the page, then let go.
_DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "video/mp4" }));
  const heard = [];
  const uploader = document.querySelector("playhead-uploader");
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector("h1").dispatchEvent(event);
    heard.push(event.defaultPrevented && uploader.hasAttribute("dragging"));
  }
  return heard;
}"""


async def test_the_start_link_signs_in_and_leaves_the_address_bar(
    dashboard: Dashboard, live_server: Live
) -> None:
    page = dashboard.page
    await expect(page.get_by_role("heading", name="Videos", exact=True)).to_be_visible()
    assert page.url == f"{live_server.url}/"
    await page.reload()
    await expect(page.get_by_role("heading", name="Drop a video here")).to_be_visible()
    await expect(page.get_by_label("API key")).to_be_hidden()
    await dashboard.assert_proper()


async def test_an_unknown_key_is_asked_for_again(browser: Browser, live_server: Live) -> None:
    async with Dashboard.open(browser, live_server, key="ph_of_nobody") as dashboard:
        page = dashboard.page
        await expect(page.get_by_role("alert").filter(has_text="does not know this key")).to_be_visible()
        await page.get_by_label("API key").fill(live_server.key)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Drop a video here")).to_be_visible()
        await page.get_by_role("button", name="Change", exact=True).click()
        await expect(page.get_by_label("API key")).to_be_focused()
        await dashboard.assert_proper()


async def test_a_video_is_followed_from_the_keyboard_to_the_screen(
    dashboard: Dashboard, chosen: FilePayload
) -> None:
    page, name = dashboard.page, chosen["name"]
    await dashboard.only("144p", "240p")
    await page.get_by_role("button", name="Change", exact=True).focus()
    await page.keyboard.press("Tab")
    async with page.expect_file_chooser() as chooser:
        # Asked in here, as the browser is told to hand the dialog over before it answers this.
        await expect(page.get_by_label("choose a file")).to_be_focused()
        await page.keyboard.press("Enter")
    await (await chooser.value).set_files(chosen)
    card = dashboard.card(name)
    await expect(card).to_be_visible()
    await dashboard.watch_shifts()
    await dashboard.wait_for(name, "Ready")

    said = await dashboard.said(name)
    # A clip as this one is fit to be played as it is, so it is playable before its renditions are there.
    assert [word for word in said if word != "Waiting"] in (
        ["Uploading", "Processing", "Playable", "Ready"],
        ["Uploading", "Playable", "Ready"],
    )
    bars = await page.evaluate("window.bars")
    assert {f"Upload of {name}", f"Processing of {name}", "Processing 144p", "Processing 240p"} <= set(bars)
    await expect(card.get_by_role("progressbar")).to_have_count(0)
    await dashboard.announced(f"{name} is ready.")
    await expect(card).to_contain_text("0:01 · 320 × 180")
    await expect(card.get_by_role("listitem").filter(has_text="144p")).to_contain_text("256 × 144")
    video = card.locator("video")
    await expect(video).to_have_attribute("poster", re.compile(r"/poster\.jpg"))
    played = await video.evaluate(_PLAY)
    assert played["sound"]
    # By the playlist: the smallest rendition first, unless it has climbed already.
    assert played["width"] in (256, 320)
    assert (await video.evaluate("(video) => video.currentSrc")).startswith("blob:")
    assert await dashboard.shifts() == []
    await dashboard.assert_proper()


async def test_a_video_plays_while_its_renditions_are_made(
    dashboard: Dashboard, chosen: FilePayload, foreign_clip: bytes
) -> None:
    name = chosen["name"]
    await dashboard.only("144p", "240p", "360p")
    await dashboard.choose({**chosen, "buffer": foreign_clip})
    player = dashboard.card(name).locator("playhead-player[growing]")
    await expect(player).to_be_visible(timeout=PATIENCE)
    await dashboard.watch_shifts()
    played = await player.locator("video").evaluate(_PLAY)
    assert played["sound"]
    # The one who watches is not interrupted by what is added.
    await dashboard.wait_for(name, "Ready")
    await expect(dashboard.card(name).locator("playhead-player:not([growing])")).to_be_visible()
    assert await dashboard.card(name).locator("video").evaluate("(video) => video.currentTime") > 0.2
    assert await dashboard.shifts() == []
    await dashboard.assert_proper()


async def test_each_address_can_be_copied_and_leads_somewhere(
    dashboard: Dashboard, ready_video: dict[str, Any]
) -> None:
    page = dashboard.page
    card = page.locator(".card").filter(has=page.get_by_role("button", name=ready_video["filename"])).last
    await card.locator(".opener").click()
    for what, content_type in (
        ("144p MP4", "video/mp4"),
        ("poster", "image/jpeg"),
        ("player page", "text/html"),
        ("HLS playlist", "application/vnd.apple.mpegurl"),
        ("DASH manifest", "application/dash+xml"),
    ):
        await card.get_by_role("button", name=f"Copy the address of the {what}").click()
        await dashboard.announced(f"Copied the address of the {what}.")
        address = await page.evaluate("navigator.clipboard.readText()")
        assert address == await card.get_by_title(f"Open the {what} in a new tab").get_attribute("href")
        answer = httpx.get(address, headers={"Range": "bytes=0-9"})
        assert answer.status_code in (200, 206)
        assert answer.headers["content-type"].startswith(content_type)
    await dashboard.assert_proper()


async def test_a_dropped_video_can_be_deleted(dashboard: Dashboard, chosen: FilePayload) -> None:
    page, name = dashboard.page, chosen["name"]
    await dashboard.only("144p")
    file = [name, base64.b64encode(chosen["buffer"]).decode()]
    # The last of the three ends the highlight.
    assert await page.evaluate(_DROP, file) == [True, True, False]
    await dashboard.wait_for(name, "Ready")
    delete = dashboard.card(name).get_by_role("button", name=f"Delete {name}")

    await delete.click()
    question = page.get_by_role("dialog", name="Delete this video?")
    await expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(question).to_be_hidden()
    await expect(delete).to_be_focused()

    address = await dashboard.card(name).get_by_title("Open the 144p MP4").get_attribute("href")
    await delete.click()
    await question.get_by_role("button", name="Delete").click()
    await expect(dashboard.card(name)).to_have_count(0)
    assert address is not None
    assert httpx.get(address).status_code == 404
    # The focus is not lost with what had it.
    assert await page.evaluate("document.activeElement !== document.body")
    await dashboard.assert_proper()


async def test_a_file_that_is_no_video_is_told_what_to_do(dashboard: Dashboard) -> None:
    name, kind = "really-a-text.mp4", ERRORS["not_a_video"]
    await dashboard.choose({"name": name, "mimeType": "video/mp4", "buffer": b"This is a text.\n" * 400})
    await dashboard.wait_for(name, "Failed")
    told = dashboard.card(name).get_by_role("alert")
    await expect(told).to_contain_text(kind.remedy)
    more = told.get_by_role("link", name="not_a_video")
    await expect(more).to_have_attribute("href", re.compile("not_a_video"))
    await expect(told.get_by_role("button", name="Try again")).to_have_count(0)
    await dashboard.assert_proper()


async def test_at_least_one_resolution_has_to_be_chosen(dashboard: Dashboard, chosen: FilePayload) -> None:
    await dashboard.only()
    await dashboard.choose(chosen)
    await expect(dashboard.page.get_by_text("Choose at least one resolution")).to_be_visible()
    await expect(dashboard.card(chosen["name"])).to_have_count(0)
    await dashboard.only("144p")
    await expect(dashboard.page.get_by_text("Choose at least one resolution")).to_be_hidden()


async def test_an_upload_that_lost_its_connection_goes_on(dashboard: Dashboard, chosen: FilePayload) -> None:
    page, name = dashboard.page, chosen["name"]
    await dashboard.only("144p")

    async def cut(route: Route) -> None:
        if route.request.method in ("HEAD", "PATCH"):
            await route.abort("connectionreset")
        else:
            await route.fallback()

    await page.route("**", cut)
    await dashboard.choose(chosen)
    card = dashboard.card(name)
    told = card.get_by_role("alert")
    await expect(told).to_contain_text("cannot be reached")
    await dashboard.wait_for(name, "Interrupted")
    # Pressed in vain, it is told again; and once the server is back it goes on by itself.
    await card.get_by_role("button", name="Try again").click()
    await expect(told).to_contain_text("cannot be reached")
    await page.unroute("**", cut)
    await dashboard.wait_for(name, "Ready")
    assert _listed(dashboard, name) == ["ready"]  # taken up on the same video, not begun anew
    await dashboard.assert_proper()


def _deletes_a_video(answer: Response) -> bool:
    return answer.request.method == "DELETE" and re.search(r"/v1/videos/[^/]+$", answer.url) is not None


async def test_a_cancelled_upload_leaves_nothing(dashboard: Dashboard, chosen: FilePayload) -> None:
    page, name = dashboard.page, chosen["name"]

    async def hold(route: Route) -> None:
        if route.request.method != "PATCH":
            await route.fallback()

    await page.route("**", hold)
    await dashboard.choose(chosen)
    cancel = page.get_by_role("button", name=f"Cancel the upload of {name}")
    await dashboard.wait_for(name, "Uploading")
    async with page.expect_response(_deletes_a_video) as deleted:
        await cancel.click()
    assert (await deleted.value).status == 204
    await expect(dashboard.card(name)).to_have_count(0)
    assert _listed(dashboard, name) == []
    await dashboard.assert_proper()


async def test_a_cancelled_upload_leaves_nothing_of_what_was_just_being_made(
    dashboard: Dashboard, chosen: FilePayload
) -> None:
    page, name = dashboard.page, chosen["name"]
    making, opened = asyncio.Event(), asyncio.Event()

    async def hold_answer(route: Route) -> None:
        answer = await route.fetch()
        making.set()
        await opened.wait()
        await route.fulfill(response=answer)

    await page.route(re.compile("/api/video$|/v1/uploads$"), hold_answer)
    await dashboard.choose(chosen)
    await making.wait()
    assert _listed(dashboard, name) == ["pending_upload"]
    async with page.expect_response(_deletes_a_video) as deleted:  # after the upload, which fails with that
        await page.get_by_role("button", name=f"Cancel the upload of {name}").click()
        opened.set()
    assert (await deleted.value).status == 204
    assert _listed(dashboard, name) == []
    await dashboard.assert_proper()


async def test_an_upload_can_be_paused_and_outlives_the_page(dashboard: Dashboard, clip: bytes) -> None:
    page, name = dashboard.page, "paused.mp4"
    film = long_film(clip, 2_000_000)
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "PATCH" and not held.is_set():
            held.set()
        else:
            await route.fallback()

    await page.route("**", hold)
    await dashboard.only("144p")
    await dashboard.choose({"name": name, "mimeType": "video/mp4", "buffer": film})
    await held.wait()
    await dashboard.card(name).get_by_role("button", name=f"Pause the upload of {name}").click()
    await dashboard.wait_for(name, "Paused")
    await page.wait_for_function(IS_KEPT_PAUSED, arg=name)  # the browser takes its time to write
    # The list is there first, with the video that waits for its file; the two become one.
    await page.add_init_script(_LATE_UPLOADS)
    await page.reload()
    await dashboard.wait_for(name, "Awaiting upload")
    # With what was asked for, though the form has forgotten it.
    await dashboard.wait_for(name, "Paused")
    await dashboard.card(name).get_by_role("button", name=f"Go on with the upload of {name}").click()
    await dashboard.wait_for(name, "Ready")
    with dashboard.live.http() as http:
        (video,) = [one for one in http.get("/v1/videos").json()["data"] if one["filename"] == name]
    assert [rendition["resolution"] for rendition in video["renditions"]] == ["144p"]
    await dashboard.assert_proper()


async def test_several_files_go_one_after_another(dashboard: Dashboard, clip: bytes) -> None:
    names = [f"several-{number}.mp4" for number in range(2)]
    files: list[FilePayload] = [{"name": name, "mimeType": "video/mp4", "buffer": clip} for name in names]
    await dashboard.only("144p")
    await dashboard.choose(*files)
    for name in names:
        await dashboard.wait_for(name, "Ready")
    assert await dashboard.page.locator(".card .title").all_inner_texts() != []
    for name in names[1:]:
        assert (await dashboard.said(name))[:2] == ["Waiting", "Uploading"]
    await dashboard.assert_proper()


async def test_videos_of_other_clients_come_and_go(dashboard: Dashboard, clip: bytes) -> None:
    page = dashboard.page
    await page.clock.install()
    await page.reload()
    await expect(page.locator("#loading")).to_be_hidden()
    wish = {"filename": "others.mp4", "fileSizeBytes": len(clip), "resolutions": ["144p"], "isPublic": True}
    with dashboard.live.http() as http:
        created = http.post("/api/video", json=wish).raise_for_status().json()
        await page.clock.fast_forward(LIST_PAUSE)
        await dashboard.wait_for("others.mp4", "Awaiting upload")
        http.delete(f"/v1/videos/{created['id']}").raise_for_status()
    await page.clock.fast_forward(LIST_PAUSE)
    await expect(dashboard.card("others.mp4")).to_have_count(0)
    await dashboard.assert_proper()


async def test_a_server_out_of_reach_is_told_until_it_is_back(dashboard: Dashboard) -> None:
    page = dashboard.page
    toast = page.locator("#toast")
    await page.clock.install()
    await page.reload()
    await expect(page.locator("#loading")).to_be_hidden()
    await page.route("**/v1/**", lambda route: route.abort("connectionrefused"))
    await page.clock.fast_forward(LIST_PAUSE)
    await expect(toast).to_contain_text("cannot be reached")
    await page.unroute_all()
    await page.clock.fast_forward(LIST_PAUSE)
    await expect(toast).to_be_empty()


def _listed(dashboard: Dashboard, name: str) -> list[str]:
    """The statuses of the server's videos of that name."""
    with dashboard.live.http() as http:
        page = http.get("/v1/videos", params={"limit": 50}).raise_for_status().json()
    return [video["status"] for video in page["data"] if video["filename"] == name]
