"""Captions: those of the source and those sent apart, from the API to the words on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page

from tests import drive
from tests.browser import browser, page
from tests.journeys.players.site import serving
from tests.live import Live
from tests.media.mp4.clips import AAC, X264, ffmpeg, sound

__all__ = ["browser", "page"]

ENGLISH = "1\n00:00:01,000 --> 00:00:03,500\nHello <i>you</i>\n\n2\n00:00:04,000 --> 00:00:30,000\nlong\n"
GERMAN = "[Script Info]\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n[Events]\n"
GERMAN += "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
GERMAN += "Dialogue: 0,0:00:01.00,0:00:03.50,Default,,0,0,0,,{\\an8}{\\b1}Hallo{\\b0} <script>du</script>\n"
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=256x144:r=25:d=24")
PLAYERS = (
    ("hls", "master.m3u8"),
    ("shaka", "master.m3u8"),
    ("shaka", "manifest.mpd"),
    ("dash", "manifest.mpd"),
)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One that is fit, with timed text of its own kind; one that is not, with SubRip and SubStation Alpha."""
    folder = tmp_path_factory.mktemp("captions")
    (folder / "en.srt").write_text(ENGLISH)
    (folder / "de.ass").write_text(GERMAN)
    texts = ("-i", folder / "en.srt", "-i", folder / "de.ass")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2", "-map", "3")
    told = ("-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=For <all>")
    inputs: tuple[str | Path, ...] = (
        *PICTURE,
        *sound(24),
        *texts,
        *maps,
        *told,
        "-metadata:s:s:1",
        "language=ger",
    )
    fit, unfit = folder / "fit.mp4", folder / "unfit.mkv"
    ffmpeg(*inputs, *X264, "-g", "50", *AAC, "-c:s", "mov_text", "-movflags", "+faststart", fit)
    ffmpeg(*inputs, "-c:v", "mpeg4", "-c:a", "pcm_s16le", "-c:s:0", "subrip", "-c:s:1", "ass", unfit)
    return {"fit": fit, "unfit": unfit}


@pytest.fixture(scope="module")
def ready(live_server: Live, films: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """Their videos."""
    with live_server.http() as client:
        ids = {name: drive.upload(client, path, ["144p"]) for name, path in films.items()}
        return {name: drive.wait(client, each) for name, each in ids.items()}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.mark.parametrize("name", ["fit", "unfit"])
def test_captions_of_the_source_are_taken_and_spelled_anew(
    name: str, ready: dict[str, dict[str, Any]], live_server: Live
) -> None:
    video = ready[name]
    assert video["status"] == "ready"
    german, english = video["captions"]
    assert (english["language"], english["from_source"], english["cues"]) == ("en", True, 2)
    assert (german["language"], german["title"], german["cues"]) == ("de", "Deutsch", 1)
    if name == "unfit":  # an MP4 by ffmpeg keeps no titles of tracks
        assert english["title"] == "For <all>"
    answer = httpx.get(english["url"])
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.text == (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
        "00:00:01.000 --> 00:00:03.500\nHello <i>you</i>\n\n00:00:04.000 --> 00:00:24.000\nlong\n"
    )
    assert "<b>Hallo</b>" in httpx.get(german["url"]).text
    assert "<script" not in httpx.get(german["url"]).text
    base = f"{live_server.url}/v/{video['id']}/"
    master = httpx.get(f"{base}master.m3u8").text
    assert (
        'TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES' in master
    )
    assert 'SUBTITLES="subtitles"' in master
    listed = httpx.get(f"{base}captions-en.m3u8").text
    assert "#EXTINF:24." in listed
    assert f"captions-en.vtt?v={english['url'].partition('?v=')[2]}" in listed
    manifest = httpx.get(f"{base}manifest.mpd").text
    assert manifest.count('mimeType="text/vtt"') == 2


@pytest.mark.parametrize(("player", "entry"), PLAYERS)
async def test_players_show_them(
    page: Page, site: str, live_server: Live, ready: dict[str, dict[str, Any]], player: str, entry: str
) -> None:
    page.set_default_timeout(90_000)
    await page.goto(f"{site}/{player}.html")
    await page.wait_for_function("() => window.drive")
    url = f"{live_server.url}/v/{ready['unfit']['id']}/{entry}"
    await page.evaluate("(url) => window.drive.open(url)", url)
    told = await page.evaluate("() => window.drive.captions()")
    assert sorted(told) == [["de", "Deutsch"], ["en", "For <all>"]]
    words = await page.evaluate("() => window.drive.read('en', 12)")
    assert words == ["long"]


def test_captions_are_sent_replaced_and_deleted(live_server: Live, ready: dict[str, dict[str, Any]]) -> None:
    path = f"/v1/videos/{ready['fit']['id']}/captions"
    with live_server.http() as client:
        old = {each["language"]: each["url"] for each in ready["fit"]["captions"]}
        sent = client.put(f"{path}/pt-br?title=Legendas", content=ENGLISH.encode())
        assert sent.status_code == 200, sent.text
        made = {each["language"]: each for each in sent.json()["captions"]}
        assert sorted(made) == ["de", "en", "pt-BR"]
        assert (made["pt-BR"]["title"], made["pt-BR"]["from_source"], made["pt-BR"]["cues"]) == (
            "Legendas",
            False,
            2,
        )
        assert "Hello <i>you</i>" in httpx.get(made["pt-BR"]["url"]).text
        replaced = client.put(f"{path}/en", content=b"WEBVTT\n\n00:01.000 --> 00:02.000\nnew\n").json()
        new = {each["language"]: each for each in replaced["captions"]}["en"]
        assert (new["title"], new["from_source"], new["url"] == old["en"]) == ("English", False, False)
        assert "new" in httpx.get(new["url"]).text
        assert client.delete(f"{path}/PT-BR").status_code == 204
        assert client.delete(f"{path}/pt-BR").status_code == 404
        assert httpx.get(made["pt-BR"]["url"]).status_code == 404
        left = drive.video(client, ready["fit"]["id"])["captions"]
        assert [each["language"] for each in left] == ["de", "en"]


@pytest.mark.parametrize(
    ("language", "body", "status", "code"),
    [
        ("en", b"hello", 422, "captions_invalid"),
        ("en", "1\n00:00:01,000 --> 00:00:02,000\né\n".encode("cp1252"), 422, "captions_invalid"),
        ("en", bytes(9 * 1024 * 1024), 422, "captions_invalid"),
        ("en", bytes(17 * 1024 * 1024), 413, "upload_too_large"),
        ("english!", b"WEBVTT\n", 422, "invalid_request"),
        ("e", b"WEBVTT\n", 422, "invalid_request"),
        ("en?title=" + "x" * 81, b"WEBVTT\n", 422, "invalid_request"),
    ],
    ids=range(7),
)
def test_what_is_no_captions_is_refused(
    live_server: Live, ready: dict[str, dict[str, Any]], language: str, body: bytes, status: int, code: str
) -> None:
    with live_server.http() as client:
        answer = client.put(f"/v1/videos/{ready['unfit']['id']}/captions/{language}", content=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert len(drive.video(client, ready["unfit"]["id"])["captions"]) == 2


def test_captions_are_the_owners_and_private_where_the_video_is(
    live_server: Live, films: dict[str, Path]
) -> None:
    with live_server.http() as client:
        created = drive.create(client, films["fit"], ["144p"], isPublic=False)
        path = f"/v1/videos/{created['id']}/captions/fr"
        assert httpx.put(live_server.url + path, content=b"WEBVTT\n").status_code == 401
        # Before the film itself has come.
        assert client.put(path, content=ENGLISH.encode()).status_code == 200
        drive.send(created, films["fit"])
        client.post(f"/api/video/{created['id']}/complete-upload")
        video = drive.wait(client, created["id"])
        assert [each["language"] for each in video["captions"]] == ["de", "en", "fr"]
        url = video["captions"][2]["url"]
        assert "/~" in url
        assert httpx.get(url).headers["cache-control"].startswith("private")
        open_url = f"{live_server.url}/v/{created['id']}/captions-fr.vtt"
        assert httpx.get(open_url).status_code == 404


async def test_the_embed_page_has_a_menu_of_them(
    page: Page, live_server: Live, ready: dict[str, dict[str, Any]]
) -> None:
    page.set_default_timeout(90_000)
    await page.goto(f"{live_server.url}/embed/{ready['unfit']['id']}")
    listed = "document.querySelector('video').textTracks"
    tracks = f"() => [...{listed}].map((each) => [each.kind, each.language, each.label])"
    told = [["captions", "de", "Deutsch"], ["captions", "en", "For <all>"]]
    assert await page.evaluate(tracks) == told
    await page.evaluate("""async () => {
        const video = document.querySelector("video");
        video.muted = true;
        await video.play();
        video.textTracks[1].mode = "showing";
        video.currentTime = 2;
    }""")
    await page.wait_for_function("() => document.querySelector('video').textTracks[1].activeCues?.length")
    words = "() => document.querySelector('video').textTracks[1].activeCues[0].getCueAsHTML().textContent"
    assert await page.evaluate(words) == "Hello you"
    # hls.js knows of them as well, and does not list them once more.
    assert await page.evaluate(tracks) == told
