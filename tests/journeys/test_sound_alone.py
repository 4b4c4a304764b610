"""A song through a real server: players are streamed the sound, and its MP4 shows the waveform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageStat
from playwright.async_api import Page

from tests import drive
from tests.browser import browser, page
from tests.journeys.streamed import Stream, close, packets
from tests.live import Live
from tests.media import checks
from tests.media.mp4.clips import ffmpeg
from tests.processing.test_sound import metered

__all__ = ["browser", "page"]

PLAY = """async (video) => {
  await customElements.whenDefined("playhead-player");
  video.muted = true;
  await video.play();
  while (video.currentTime < 0.5) await new Promise((done) => setTimeout(done, 20));
  return { streamed: video.currentSrc.startsWith("blob:"), heard: video.webkitAudioDecodedByteCount > 0,
    seen: video.videoWidth, lasts: Math.round(video.duration) };
}"""


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One that is fit to be streamed as it is, one that is not, and one with fewer samples than a picture is wide."""
    folder = tmp_path_factory.mktemp("songs")
    tone = ("-f", "lavfi", "-i", "sine=440:d=9", "-ac", "2")
    made = {"fit": folder / "fit.m4a", "unfit": folder / "unfit.flac", "click": folder / "click.wav"}
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=0.02", made["click"])
    ffmpeg(*tone, "-c:a", "aac", "-movflags", "+faststart", made["fit"])
    ffmpeg(*tone, "-c:a", "flac", made["unfit"])
    return made


@pytest.fixture(scope="module")
def videos(live_server: Live, songs: dict[str, Path]) -> Iterator[dict[str, dict[str, Any]]]:
    with live_server.http() as client:
        sent = {
            name: drive.upload(client, path, ["480p"], thumbnailTimestampsSeconds=[1])
            for name, path in songs.items()
        }
        yield {name: drive.wait(client, video_id) for name, video_id in sent.items()}


def test_normalised_sound_is_streamed_as_it_was_made(
    live_server: Live, songs: dict[str, Path], tmp_path: Path
) -> None:
    """Also of a source that could be served: its own sound is not as loud as was asked for."""
    with live_server.http() as client:
        video = drive.wait(client, drive.upload(client, songs["fit"], ["144p"], loudness="normalised"))
        refused = client.post("/v1/uploads", json={"filename": "a.mp4", "loudness": "loud"})
    assert refused.status_code in (400, 422)
    assert video["loudness"] == "normalised"
    assert not video["source"]["served_as_it_is"]
    whole = drive.fetch(video["renditions"][0]["video_url"], tmp_path / "whole.mp4")
    assert metered(songs["fit"])[0] == pytest.approx(-21, abs=1)
    assert metered(whole)[0] == pytest.approx(-16, abs=1)
    assert close(packets(_stream(video).download("audio", tmp_path)), packets(whole))


def _stream(video: dict[str, Any]) -> Stream:
    return Stream(video["hls_url"].removesuffix("master.m3u8"))


@pytest.mark.parametrize("name", ["fit", "unfit"])
def test_the_rendition_is_a_film_of_the_size_asked_for(
    name: str, videos: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    video = videos[name]
    assert video["status"] == "ready"
    assert (video["source"]["width"], video["source"]["video_codec"]) == (None, None)
    assert video["source"]["served_as_it_is"] == (name == "fit")
    (rendition,) = video["renditions"]
    assert rendition["note"] == "The file is sound alone; its waveform is shown."
    seen = checks.inspect_mp4(drive.fetch(rendition["video_url"], tmp_path / "song.mp4"))
    assert (seen.shown, seen.frames, seen.audio_tracks, seen.warnings) == ((854, 480), 9, 1, ())
    assert seen.audio_seconds == pytest.approx(9, abs=0.1)


def test_a_click_is_a_film_too(videos: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    video = videos["click"]
    assert video["status"] == "ready"
    seen = checks.inspect_mp4(drive.fetch(video["renditions"][0]["video_url"], tmp_path / "click.mp4"))
    assert (seen.shown, seen.frames, seen.audio_tracks, seen.warnings) == ((854, 480), 1, 1, ())


@pytest.mark.parametrize("name", ["fit", "unfit"])
def test_what_is_streamed_is_its_sound_and_nothing_else(
    name: str, videos: dict[str, dict[str, Any]], songs: dict[str, Path], tmp_path: Path
) -> None:
    video = videos[name]
    stream = _stream(video)
    master = stream.text("master.m3u8")
    assert "RESOLUTION" not in master
    assert stream.tracks() == ["audio"]
    held_against = (
        songs["fit"]
        if name == "fit"
        else drive.fetch(video["renditions"][0]["video_url"], tmp_path / "whole.mp4")
    )
    streamed = packets(stream.download("audio", tmp_path))
    assert close(streamed, packets(held_against))
    for url in (video["hls_url"], video["dash_url"]):
        assert checks.probe(url)["streams"][0]["codec_type"] == "audio"
    assert 'contentType="video"' not in stream.text("manifest.mpd")


@pytest.mark.parametrize("name", ["unfit", "click"])
def test_its_poster_and_thumbnail_are_the_waveform(
    name: str, videos: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    video = videos[name]
    for url in (video["poster_url"], video["renditions"][0]["thumbnail_urls"][0]):
        with Image.open(drive.fetch(url, tmp_path / "still.jpg")) as still:
            red, _, blue = ImageStat.Stat(still.convert("RGB")).mean
        assert blue > 10
        assert blue > red


@pytest.mark.parametrize("name", ["fit", "unfit"])
async def test_the_embed_page_plays_it_over_its_poster(
    name: str,
    videos: dict[str, dict[str, Any]],
    page: Page,
) -> None:
    await page.goto(videos[name]["embed_url"])
    video = page.locator("video")
    assert await video.get_attribute("poster") == videos[name]["poster_url"]
    assert await video.evaluate(PLAY) == {"streamed": True, "heard": True, "seen": 0, "lasts": 9}


def test_it_is_playable_before_anything_is_made_where_it_can_be_served(
    videos: dict[str, dict[str, Any]], live_server: Live
) -> None:
    for video in videos.values():
        assert video["playable_at"] is not None
        assert video["playable_at"] <= video["ready_at"]
    assert httpx.get(videos["fit"]["hls_url"]).status_code == 200
