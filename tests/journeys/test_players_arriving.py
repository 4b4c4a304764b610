"""The players that developers use, on a film that is still being uploaded: from its beginning to its end."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests import drive
from tests.browser import browser, page
from tests.journeys.test_players import FIT, RATE, Stage, site, stage
from tests.live import Live
from tests.media.mp4.clips import ffmpeg
from tests.media.samples.pictures import number_of

__all__ = ["browser", "page", "site", "stage"]

pytestmark = pytest.mark.soak

SECONDS = 10


TYPES = {"mp4": "video/mp4", "mkv": "video/x-matroska"}


@pytest.fixture
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A film with its index first, or in Matroska, which has none."""
    path = tmp_path / f"fit.{request.param}"
    ffmpeg("-i", FIT.path(), "-c", "copy", "-movflags", "+faststart", path)
    return path


@pytest.mark.parametrize("film", TYPES, indirect=True)
@pytest.mark.parametrize(
    ("player", "entry"), [("dash", "manifest.mpd"), ("shaka", "manifest.mpd"), ("hls", "master.m3u8")]
)
async def test_a_film_that_is_arriving(
    stage: Stage, live_server: Live, film: Path, player: str, entry: str
) -> None:
    data = film.read_bytes()
    half = len(data) * 6 // 10

    def put(start: int, stop: int) -> int:
        headers = {
            "Content-Type": TYPES[film.suffix[1:]],
            "Content-Range": f"bytes {start}-{stop - 1}/{len(data)}",
        }
        return httpx.put(created["url"], content=data[start:stop], headers=headers, timeout=60).status_code

    with live_server.http() as client:
        fields = {
            "filename": film.name,
            "size": len(data),
            "resolutions": ["144p"],
            "play_while_uploading": True,
        }
        created = client.post("/v1/uploads", json=fields).json()
        assert put(0, half) == 308
        url = f"{live_server.url}/v/{created['video_id']}/{entry}"
        assert await stage.open(player, url) == [240]
        shown = await stage.do("seek", 0.5 / RATE)
        assert number_of(shown["blocks"]) == 0, "a viewer begins at the beginning"
        assert put(half, len(data)) == 200
        assert client.post(f"/v1/uploads/{created['id']}/complete").status_code == 200
        await stage.do("finish")
        report = await stage.do("report")
        assert (report["errors"], report["ended"]) == ([], True)
        assert report["audio"] > 5_000, "nothing is heard"
        assert report["duration"] == pytest.approx(SECONDS, abs=0.1)
        assert drive.wait(client, created["video_id"])["status"] == "ready"
