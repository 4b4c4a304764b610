"""The players that developers use, unmodified, in Chromium: each plays, seeks, switches and ends without a flaw."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page, Route

from tests import drive
from tests.browser import browser, page
from tests.journeys.players.site import serving
from tests.live import Live
from tests.media.samples.flags import AAC, FASTSTART, x264
from tests.media.samples.pictures import Picture, number_of
from tests.media.samples.recipes import Encode, tone
from tests.media.samples.sample import Ready, Sample

__all__ = ["browser", "page"]

RATE = 25
PLACES = 20
PLAYERS = (
    ("hls", "master.m3u8"),
    ("shaka", "master.m3u8"),
    ("shaka", "manifest.mpd"),
    ("dash", "manifest.mpd"),
)
PATIENCE = 90_000
"""Milliseconds a page may take for all it does: the machine may be busy."""
FIRST_SEGMENT = 1.6
"""Seconds that the first segment of `FIT` lasts."""
HELD = 0.2
"""Seconds that are there to be played, with which a player has no reason to wait."""


# Sound without priming: Matroska would let the pictures begin that much later.
MUST_BE_ENCODED = "-c:v mpeg4 -q:v 4 -g 30 -c:a pcm_s16le -f matroska"


def film(seconds: int, encoder: str, name: str) -> Sample:
    """A film whose every frame can be told from all others."""
    picture = Picture(width=426, height=240, rate=str(RATE), frames=RATE * seconds)
    made = Encode(encoder, picture, (tone(seconds),))
    return Sample(name.partition(".")[0], "odd", name, made, Ready(426, 240, float(seconds)), "for players")


FIT = film(10, f"{x264('-bf 2', gop=40)} {AAC} -sc_threshold 0 {FASTSTART}", "fit.mp4")
UNFIT = film(10, MUST_BE_ENCODED, "unfit.mkv")
LONG = film(120, MUST_BE_ENCODED, "long.mkv")
HEIGHTS = {FIT.name: [144, 240], UNFIT.name: [144, 240]}


@dataclass(frozen=True)
class Stage:
    """A page with a player on it."""

    page: Page
    site: str

    async def open(self, player: str, url: str) -> list[int]:
        """Load the player and let it play; the heights it can choose from, rising."""
        self.page.set_default_timeout(PATIENCE)
        await self.page.goto(f"{self.site}/{player}.html")
        await self.page.wait_for_function("() => window.drive")
        heights: list[int] = await self.do("open", url)
        return sorted(set(heights))

    async def do(self, what: str, *given: object) -> Any:
        """Have the page do something."""
        asked = self.page.evaluate("([what, ...given]) => window.drive[what](...given)", [what, *given])
        return await asyncio.wait_for(asked, PATIENCE / 1000)

    async def visit(self, frames: Sequence[int]) -> None:
        """Seek to each of these frames: it must be what is shown, at its own time."""
        for number in frames:
            shown = await self.do("seek", (number + 0.5) / RATE)
            assert number_of(shown["blocks"]) == number, f"frame {number}: {shown}"
            assert shown["time"] == pytest.approx(number / RATE, abs=1e-3)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Where the players are."""
    with serving() as address:
        yield address


@pytest.fixture
def stage(page: Page, site: str) -> Stage:
    """A page for one player."""
    return Stage(page, site)


@pytest.fixture(scope="module")
def ready(live_server: Live) -> dict[str, str]:
    """The playback base URLs of finished videos, by the name of their film."""
    with live_server.http() as client:
        ids = {each.name: drive.upload(client, each.path(), ["240p", "144p"]) for each in (FIT, UNFIT)}
        assert {drive.wait(client, each)["status"] for each in ids.values()} == {"ready"}
    return {name: f"{live_server.url}/v/{video_id}" for name, video_id in ids.items()}


def places(frames: int) -> list[int]:
    """Frames all over a film: forwards, backwards, its first and its last among them."""
    spread = [round(step * (frames - 1) / (PLACES - 1)) for step in range(PLACES)]
    return [*spread[1::3], *reversed(spread[::3]), *spread[2::3]]


async def check(stage: Stage, *, from_second: float | None, seconds: int, finished: bool = True) -> None:
    """Play to the end, from a moment or from where it is, and see what the player has to say of all that was before.

    Of a finished video nothing may be late but what was just asked for. One that is being made may be waited for, but
    not while there is something of it to be played.
    """
    if from_second is not None:
        await stage.do("seek", from_second)
    await stage.do("finish")
    report = await stage.do("report")
    stalls = [each for each in report["stalls"] if finished or each["held"] > HELD]
    assert (report["errors"], stalls, report["ended"]) == ([], [], True)
    assert report["audio"] > 5_000, "nothing is heard"
    assert report["duration"] == pytest.approx(seconds, abs=0.1)


def _param(number: int, player: str, entry: str, source: str) -> object:
    """Often each player has one of the two: `make soak` gives it both."""
    often = (number % 2 == 0) == (source == FIT.name)
    name = f"{player}-{entry}-{source}"
    return pytest.param(player, entry, source, id=name, marks=() if often else pytest.mark.soak)


@pytest.mark.parametrize(
    ("player", "entry", "source"),
    [
        _param(number, *each, source)
        for number, each in enumerate(PLAYERS)
        for source in (FIT.name, UNFIT.name)
    ],
)
async def test_a_finished_video(
    stage: Stage, ready: dict[str, str], player: str, entry: str, source: str
) -> None:
    heights = await stage.open(player, f"{ready[source]}/{entry}")
    assert heights == HEIGHTS[source]
    await stage.visit(places(10 * RATE))
    for height in (240, 144, 240):
        shown = await stage.do("choose", height)
        assert shown["height"] == height
        assert number_of(shown["blocks"]) == round(shown["time"] * RATE)
        await stage.do("seek", 1.0)
    await stage.do("settle")
    await check(stage, from_second=8.0, seconds=10)
    # As whoever only watches: nothing is there when it begins, and all of it has to come in time.
    await stage.open(player, f"{ready[source]}/{entry}")
    await check(stage, from_second=None, seconds=10)


async def test_a_segment_that_comes_late_is_noticed(stage: Stage, ready: dict[str, str]) -> None:
    """Else nothing would follow from a player that is never seen to wait."""
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    await stage.page.route("**/*-1.m4s*", hold)
    await stage.open("shaka", f"{ready[FIT.name]}/master.m3u8")  # hls.js would tell of it itself
    while not (await stage.do("report"))["stalls"]:
        await asyncio.sleep(0.1)
    late.set()
    await stage.do("finish")
    stalls = (await stage.do("report"))["stalls"]
    assert stalls[0]["lasted"] > 0
    assert stalls[0]["at"] == pytest.approx(FIRST_SEGMENT, abs=0.2)
    assert stalls[0]["held"] < HELD


async def test_the_browsers_own_player(stage: Stage, ready: dict[str, str]) -> None:
    await stage.open("native", f"{ready[FIT.name]}/master.m3u8")
    await stage.visit(places(10 * RATE))
    await stage.do("seek", 9.0)
    await stage.do("finish")
    report = await stage.do("report")
    assert (report["errors"], report["ended"]) == ([], True)


@pytest.mark.soak
@pytest.mark.parametrize(("player", "entry"), PLAYERS)
async def test_a_video_that_is_being_made(stage: Stage, live_server: Live, player: str, entry: str) -> None:
    with live_server.http() as client:
        video_id = drive.upload(client, LONG.path(), ["240p", "144p"])
        heights = await stage.open(player, f"{live_server.url}/v/{video_id}/{entry}")
        assert heights == [144]
        # The end first: what is asked for is made, wherever it is.
        await stage.visit([*reversed(places(120 * RATE))])
        await check(stage, from_second=118.0, seconds=120, finished=False)
        drive.wait(client, video_id)
