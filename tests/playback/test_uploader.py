"""`<playhead-uploader>` on a page of another origin, in Chromium, against a real server."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Request, Route, expect

from playhead.model.errors import ERRORS
from tests.docs.blocks import blocks
from tests.live import Live
from tests.playback.uploader import (
    SIZE,
    SLOW,
    Site,
    Window,
    granted,
    listed,
    long_film,
    payload,
    site,
    stored,
)

# The browser is shared, and lives on the loop it was started on.
pytestmark = pytest.mark.asyncio(loop_scope="session")


_DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "video/mp4" }));
  const uploader = document.querySelector("playhead-uploader");
  return ["dragenter", "dragover", "drop"].map((type) => {
    const event = new DragEvent(type, { bubbles: true, composed: true, cancelable: true, dataTransfer });
    uploader.shadowRoot.querySelector("[part=drop]").dispatchEvent(event);
    return event.defaultPrevented && uploader.hasAttribute("dragging");
  });
}"""


async def test_several_files_go_two_abreast(
    tab: Page, customer: Site, live_server: Live, clip: bytes, axe_source: str
) -> None:
    films = {f"abreast-{number}.mp4": long_film(clip, SIZE, number) for number in range(3)}
    window = await Window.open(tab, customer.page(multiple=True, **granted(live_server)))
    await window.slow_down(SLOW)
    await window.choose(*(payload(name, content) for name, content in films.items()))
    # Whichever are judged first go first.
    first, second = await window.wait_for_senders(2)
    (last,) = set(films) - {first, second}
    assert (await window.state(last))["step"] in ("checking", "waiting")
    await window.wait_for(last, "waiting")
    await expect(window.row(second).get_by_role("progressbar")).to_have_attribute(
        "aria-label", f"Upload of {second}"
    )
    assert await window.kept() == list(films)
    await expect(window.row(first).locator("[part=line]")).to_have_text(
        re.compile(r"^\S+ [kM]?B of 3\.0 MB · \S+ [kM]B/s · \d+ s left$")
    )
    await tab.evaluate(axe_source)
    assert (await tab.evaluate("axe.run()"))["violations"] == []
    await window.slow_down(-1)
    for name, content in films.items():
        done = await window.wait_for(name, "done")
        assert stored(live_server, name) == content
        assert done["videoId"] == listed(live_server, name)[0]["id"]
        assert await window.heard(name) == ["upload-added", "preflight", "upload-complete"]
        await expect(window.row(name)).to_contain_text("Sent · 3.0 MB")
        # The picture is of the file itself: no server has one yet.
        await expect(window.row(name).locator("canvas")).to_be_visible()
    assert (await tab.evaluate("axe.run()"))["violations"] == []
    assert await window.kept() == []
    assert await window.shifts() == []
    await window.assert_proper()


async def test_a_file_is_refused_with_the_servers_sentence(
    tab: Page, customer: Site, live_server: Live, name: str
) -> None:
    window = await Window.open(tab, customer.page(**granted(live_server)))
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    await window.choose(payload(name, b"This is a text.\n" * 400))
    row = window.row(name)
    await expect(row).to_contain_text(ERRORS["not_a_video"].remedy)
    await expect(row.get_by_role("link", name="Read more")).to_have_attribute(
        "href", re.compile("not_a_video")
    )
    await expect(tab.get_by_role("status")).to_contain_text(f"{name} is not uploaded.")
    await expect(window.button("Try again to upload", name)).to_have_count(0)
    assert await window.kept() == []
    # By its head: no upload was created for it, and none of it was sent.
    assert [url.rpartition("/")[2] for url in asked if url.startswith("http")] == ["preflight"]
    assert listed(live_server, name) == []
    await window.button("Take off the list:", name).click()
    await expect(row).to_have_count(0)


async def test_what_will_be_made_is_told_before_anything_is_sent(
    tab: Page, customer: Site, live_server: Live, tmp_path: Path, clip: bytes, axe_source: str
) -> None:
    window = await Window.open(tab, customer.page(multiple=True, **granted(live_server)))
    last = _index_last(clip, 3_000_000)
    unfit = tmp_path / "unfit.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=2", "-pix_fmt", "yuv444p"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", str(unfit)]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *coding], check=True, timeout=60)
    films = {"told-foreign.mp4": unfit.read_bytes(), "told-index-last.mp4": last}
    judged: list[int] = []
    tab.on("request", lambda one: _note_size(one, judged))
    await tab.route("**/uploads/**", lambda route: None)  # nothing that is sent arrives
    await window.choose(*(payload(name, content) for name, content in films.items()))
    foretold = window.row("told-foreign.mp4").locator("[part=detail]")
    await expect(foretold).to_have_text("Will be encoded to 144p · 640 × 360 · 0:02")
    # Of this one the index was seen, though it stands behind more than is looked at from the beginning.
    foretold = window.row("told-index-last.mp4").locator("[part=detail]")
    await expect(foretold).to_have_text("Plays as it is · 320 × 180 · 0:01")
    assert [(await window.state(name))["verdict"]["verdict"] for name in films] == ["encode", "fit"]
    assert [(await window.state(name))["sent"] for name in films] == [0, 0]
    assert max(judged) < 2 * 1024 * 1024
    await tab.evaluate(axe_source)
    assert (await tab.evaluate("axe.run()"))["violations"] == []
    await tab.set_viewport_size({"width": 360, "height": 800})
    assert (await tab.evaluate("axe.run()"))["violations"] == []
    assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_an_index_that_is_not_found_at_once_is_asked_for(
    tab: Page, customer: Site, live_server: Live, name: str, clip: bytes
) -> None:
    """Behind more boxes than the element looks at; the server says where to look on."""
    last = _index_last(clip, 3_000_000)
    index = last.rindex(b"moov") - 4
    box = (20_000).to_bytes(4, "big") + b"free" + bytes(19_992)
    window = await Window.open(tab, customer.page(**granted(live_server)))
    judged: list[int] = []
    tab.on("request", lambda one: _note_size(one, judged))
    await tab.route("**/uploads/**", lambda route: None)  # nothing that is sent arrives
    await window.choose(payload(name, last[:index] + 100 * box + last[index:]))
    detail = window.row(name).locator("[part=detail]")
    await expect(detail).to_have_text("Plays as it is · 320 × 180 · 0:01")
    assert len(judged) == 2
    assert max(judged) < len(last)


def _note_size(request: Request, sizes: list[int]) -> None:
    if request.url.endswith("/preflight") and request.method == "POST":
        sizes.append(int(request.headers.get("content-length", "0")))


async def test_the_pages_own_limits_are_told_before_anything_is_sent(
    tab: Page, customer: Site, live_server: Live, film: bytes
) -> None:
    limits: dict[str, str | int | bool] = {
        "max_bytes": 1_000_000,
        "accept": ".mp4",
        "multiple": True,
        "max_files": 1,
    }
    window = await Window.open(tab, customer.page(**limits, endpoint="/nowhere"))
    asked: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    await window.choose(payload("limits-large.mp4", film))
    too_large = "The file has 3.0 MB; up to 1.0 MB can be sent here."
    await expect(window.row("limits-large.mp4")).to_contain_text(too_large)
    dropped = ["limits-text.txt", base64.b64encode(b"A text.").decode()]
    # The last of the three ends the highlight.
    assert await tab.evaluate(_DROP, dropped) == [True, True, False]
    await expect(window.row("limits-text.txt")).to_contain_text("Files of this kind are not taken here.")
    assert await window.heard("limits-text.txt") == ["upload-added", "upload-error"]
    assert asked == []


async def test_a_page_can_take_files_back_and_keep_words_with_them(
    tab: Page, customer: Site, live_server: Live, clip: bytes
) -> None:
    window = await Window.open(tab, customer.page(multiple=True, **granted(live_server)))
    await tab.evaluate(
        """() => document.addEventListener("files-chosen", (event) => {
             if (event.detail.files[0].name.startsWith("not-")) event.preventDefault();
             event.detail.metadata.shelf = "seven";
           })"""
    )
    await window.choose(payload("not-wanted.mp4", clip))
    await window.choose(payload("wanted.mp4", clip))
    await window.wait_for("wanted.mp4", "done")
    assert await window.state("not-wanted.mp4") is None
    (video,) = listed(live_server, "wanted.mp4")
    assert video["metadata"]["shelf"] == "seven"


async def test_without_a_network_it_waits_and_goes_on_by_itself(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    # In several requests, as the one under way is not cut by a browser that is only told to be offline.
    window = await Window.open(tab, customer.page(chunk_bytes=SIZE // 10, **granted(live_server)))
    await window.slow_down(SLOW)
    await window.choose(payload(name, film))
    await window.wait_for_bytes(name, SIZE // 3)
    await window.slow_down(0)
    await window.wait_for(name, "stalled")
    await expect(window.row(name)).to_contain_text("Offline. It goes on when you are back.")
    await expect(window.button("Try again to upload", name)).to_be_visible()
    await window.slow_down(-1)
    await window.wait_for(name, "done")
    assert stored(live_server, name) == film
    assert await window.heard(name) == ["upload-added", "preflight", "upload-stalled", "upload-complete"]
    assert await window.shifts() == []


async def test_a_server_that_fails_for_a_while_is_tried_again(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    window = await Window.open(tab, customer.page(**granted(live_server)))
    failures = iter([502, 503])

    async def fail(route: Route) -> None:
        status = next(failures, None) if route.request.method in ("HEAD", "PATCH") else None
        if status:
            await route.fulfill(status=status, headers={"access-control-allow-origin": "*"})
        else:
            await route.fallback()

    await tab.route("**/uploads/**", fail)
    await window.choose(payload(name, film))
    await window.wait_for(name, "done")
    assert stored(live_server, name) == film
    assert (await window.heard(name)).count("upload-stalled") == 2
    # On the upload it had: a client that begins anew leaves the first one behind.
    assert len(listed(live_server, name)) == 1


async def test_an_upload_that_the_server_forgot_can_be_begun_anew(
    tab: Page, customer: Site, live_server: Live, film: bytes, name: str
) -> None:
    window = await Window.open(tab, customer.page(**granted(live_server)))
    await window.slow_down(SLOW)
    urls: list[str] = []
    tab.on("request", lambda one: urls.append(one.url) if one.method == "PATCH" else None)
    await window.choose(payload(name, film))
    await window.wait_for_bytes(name, 100_000)
    await window.button("Pause the upload of", name).click()
    assert httpx.delete(urls[0], headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    await window.slow_down(-1)
    await window.button("Go on with the upload of", name).click()
    failed = await window.wait_for(name, "failed")
    # Why is in the server's words, though the question that failed was one without a body.
    assert failed["problem"]["code"] == "url_expired"
    assert failed["problem"]["sentence"] == "This upload is over."
    await window.button("Try again to upload", name).click()
    await window.wait_for(name, "done")
    newest = listed(live_server, name)[0]
    (source,) = (live_server.data / "storage" / "videos" / newest["id"] / "source").iterdir()
    assert source.read_bytes() == film


async def test_the_index_goes_first_where_a_film_is_watched_while_it_arrives(
    tab: Page, customer: Site, live_server: Live, tmp_path: Path, clip: bytes, name: str
) -> None:
    film = _index_last(clip, 400_000)
    with live_server.http() as http:
        wish = {"filename": name, "size": len(film), "resolutions": ["144p"]}
        asked = {**wish, "play_while_uploading": True, "auto_complete": True}
        created = http.post("/v1/uploads", json=asked).raise_for_status().json()
    window = await Window.open(tab, customer.page(upload_url=created["url"], play_while_uploading=True))
    parts: list[str] = []
    tab.on("request", lambda one: parts.append(one.headers["content-range"]) if one.method == "PUT" else None)
    await window.choose(payload(name, film))
    await window.wait_for(name, "done")
    index, size = film.index(b"moov") - 4, len(film)
    media = film.index(b"mdat") + 12
    assert parts == [
        f"bytes */{size}",
        f"bytes 0-{media - 1}/{size}",
        f"bytes {index}-{size - 1}/{size}",
        f"bytes {media}-{index - 1}/{size}",
    ]
    assert hashlib.sha256(stored(live_server, name)).digest() == hashlib.sha256(film).digest()


def _index_last(clip: bytes, fill: int) -> bytes:
    """The clip as cameras write films: `ftyp`, `mdat`, and behind them the index, whose offsets still hold.

    In front of the media lies a box as large as the index was, so that every sample stays where it is.
    """
    at = clip.index(b"moov") - 4
    length = int.from_bytes(clip[at : at + 4], "big")
    free = length.to_bytes(4, "big") + b"free" + bytes(length - 8)
    media = bytearray(clip[at + length :])
    # The last box grows by random bytes that no sample refers to.
    start = media.rindex(b"mdat") - 4
    grown = len(media) - start + fill
    media[start : start + 4] = grown.to_bytes(4, "big")
    return clip[:at] + free + bytes(media) + hashlib.shake_128(b"fill").digest(fill) + clip[at : at + length]


async def test_the_documentations_page_works_as_it_stands(
    tab: Page, live_server: Live, clip: bytes, name: str
) -> None:
    (block,) = [block for block in blocks("docs/uploader.md") if block.language == "html"]
    given = granted(live_server)
    html = block.text.replace("http://127.0.0.1:8000", live_server.url)
    html = html.replace("PREFLIGHT_URL", given["preflight"]).replace("TUS_URL", given["endpoint"])
    told: list[str] = []
    tab.on("console", lambda message: told.append(message.text))
    with site(live_server.url, page=html) as documented:
        window = await Window.open(tab, documented.url)
        await window.choose(payload(name, clip))
        await window.wait_for(name, "done")
    assert told == [f"{name} is video {listed(live_server, name)[0]['id']}"]
