"""A page that is closed for days: opened again, it goes on with what its browser has kept and its server has."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import Page, Request

from tests.days import DAY, calendar_of, tidied
from tests.playback.uploader import Site, Window, kill, long_film, persistent, site
from tests.upload.companion import MIB, Plane, serving_plane

LATER = 6.9
"""Days."""
PART = 5 * MIB
SLOW = 3_000_000
"""Bytes a second of one connection: some of each file is there, and some is not, when the browser is killed."""

_PLACES = """() => new Promise((resolve) => {
  const request = indexedDB.open("playhead-uploader", 1);
  request.onsuccess = () => {
    const all = request.result.transaction("uploads").objectStore("uploads").getAll();
    all.onsuccess = () => {
      request.result.close();
      resolve(Object.fromEntries(all.result.map(({ name, place }) => [name, place])));
    };
  };
})"""
# Moves every time that is kept back by so many milliseconds; URLs are those that go with it.
_LATER = """([by, urls]) => new Promise((resolve) => {
  const request = indexedDB.open("playhead-uploader", 1);
  request.onsuccess = () => {
    const change = request.result.transaction("uploads", "readwrite");
    const uploads = change.objectStore("uploads");
    uploads.getAll().onsuccess = ({ target }) => {
      for (const { place, ...kept } of target.result) {
        const older = { ...place, url: urls[kept.name], expiresAt: place.expiresAt - by };
        uploads.put({ ...kept, addedAt: kept.addedAt - by, place: older });
      }
    };
    change.oncomplete = () => {
      request.result.close();
      resolve();
    };
  };
})"""


@dataclass
class Way:
    """One way of sending, in a page of its own."""

    path: Path
    carries: str
    """The method of requests that carry bytes."""
    asks: dict[str, Any]
    """Attributes of its element."""
    abreast: int
    """Connections that share what may leave its page."""
    sent: list[Request] = field(default_factory=list)

    @property
    def early(self) -> int:
        """Bytes after which some of it is there: parts that go side by side are so at about the same moment."""
        return self.abreast * PART + MIB

    @property
    def name(self) -> str:
        """The file's name, which is the element's scope as well."""
        return self.path.name

    async def open(self, page: Page, customer: Site, plane: Plane) -> Window:
        """The page, with a grant that its server has made just now; what carries bytes is noted."""
        self.sent = []
        page.on("request", lambda one: self.sent.append(one) if one.method == self.carries else None)
        grant = (await plane.grant()).url
        asks = {name: f"{grant}{ask}" if isinstance(ask, str) else ask for name, ask in self.asks.items()}
        return await Window.open(page, customer.page(scope=self.name, **asks))

    def starts(self) -> list[int]:
        """Where in the file the bytes of each such request begin."""
        return [start for one in self.sent if (start := _start(one)) is not None]


def _start(request: Request) -> int | None:
    part = re.search(r"/parts/[0-9a-f]{32}/(\d+)/", request.url)
    if part:
        return (int(part[1]) - 1) * PART
    if "upload-offset" in request.headers:
        return int(request.headers["upload-offset"])
    found = re.match(r"bytes (\d+)-", request.headers["content-range"])
    return int(found[1]) if found else None  # a question


async def test_days_later_a_killed_browser_goes_on(clip: bytes, database_url: str, tmp_path: Path) -> None:
    """By tus, by ranges and by parts; the page that is opened then has a grant of its own."""
    profile = tmp_path / "profile"
    ways = [
        Way(tmp_path / "tus.mp4", "PATCH", {"endpoint": "/tus"}, 1),
        Way(tmp_path / "ranges.mp4", "PUT", {"endpoint": "/tus", "play_while_uploading": True}, 1),
        Way(tmp_path / "parts.mp4", "PUT", {"companion": ""}, 4),
    ]
    async with serving_plane(database_url, tmp_path / "data", None) as plane:
        with site(plane.parts.urls.base_url) as customer:
            films = {way.name: long_film(clip, way.early + 2 * PART) for way in ways}
            for way in ways:
                way.path.write_bytes(films[way.name])
            places = await begun(plane, customer, ways, profile)
            for way in ways:
                way.path.unlink()
            held = {way.name: await settled(plane, places[way.name]) for way in ways}
            await asyncio.to_thread(calendar_of(plane.parts).go_by, LATER)
            await tidied(plane.parts)
            await gone_on(plane, customer, ways, profile, places)
        for way in ways:
            assert way.starts(), way.name
            again = [start for start in way.starts() if any(a <= start < b for a, b in held[way.name])]
            assert (way.name, again) == (way.name, [])
        stored = await plane.stored()
        for row in await plane.rows("SELECT filename, source_key FROM videos"):
            wanted = hashlib.sha256(films.pop(row["filename"])).digest()
            assert hashlib.sha256(stored[row["source_key"]]).digest() == wanted, row["filename"]
    assert films == {}


async def begun(plane: Plane, customer: Site, ways: list[Way], profile: Path) -> dict[str, Any]:
    """Send some of each file, and kill the browser; what it has kept of where each goes, by name."""
    async with persistent(profile) as page:
        windows = [await way.open(await page.context.new_page(), customer, plane) for way in ways]
        for way, window in zip(ways, windows, strict=True):
            await window.slow_down(way.abreast * SLOW)
            await window.choose(way.path)
        for way, window in zip(ways, windows, strict=True):
            await window.wait_for_bytes(way.name, way.early)
        places: dict[str, Any] = await windows[0].page.evaluate(_PLACES)
        kill(profile)
    return places


async def gone_on(
    plane: Plane, customer: Site, ways: list[Way], profile: Path, places: dict[str, Any]
) -> None:
    """Open the pages again, in the same browser whose times are all older, and wait until each is done."""
    urls = {name: calendar_of(plane.parts).older(place["url"], LATER) for name, place in places.items()}
    async with persistent(profile) as page:
        await Window.open(page, customer.page(scope="another"))
        await page.evaluate(_LATER, [LATER * DAY * 1000, urls])
        for way in ways:
            window = await way.open(await page.context.new_page(), customer, plane)
            await window.wait_for(way.name, "done")
        assert await window.kept() == []


async def settled(plane: Plane, place: dict[str, Any]) -> list[tuple[int, int]]:
    """What the server has of a file, once it has written what had come."""
    station, before = plane.parts.uploads, None
    while True:
        if place["way"] == "parts":
            parts = await station.parts.parts(place["key"], place["multipart"])
            now = [((part.number - 1) * PART, part.number * PART) for part in parts]
        else:
            held = await station.incoming.standing(UUID(place["uploadId"]))
            now = list(held.bytes) if held is not None else []
        if now == before:
            assert sum(stop - start for start, stop in now) >= PART
            return now
        before = now
        await asyncio.sleep(0.2)
