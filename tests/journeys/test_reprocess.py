"""Making a video once more, on a real server that is set otherwise in between: nothing served is worse for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from playhead.client import Client
from tests import drive
from tests.live import Live, start, stop
from tests.media.mp4.clips import AAC, X264, ffmpeg, picture, sound

WITHIN = 120.0


def _clip(path: Path, seconds: float) -> Path:
    ffmpeg(*picture(seconds), *sound(seconds), *X264, "-g", "25", *AAC, "-f", "avi", path)
    return path


def _strict(folder: Path) -> dict[Path, str]:
    """Films that are fit to be played as they are, and why they are not where the limits are set low."""
    spaced, rich = folder / "spaced.mp4", folder / "rich.mp4"
    fit = (*picture(3), *sound(3), *X264, "-sc_threshold", "0", *AAC, "-movflags", "+faststart")
    ffmpeg(*fit, "-g", "50", spaced)
    ffmpeg(*fit, "-g", "25", "-crf", "10", "-vf", "noise=alls=60:allf=t", rich)
    return {spaced: "long GOP: 2.0 s", rich: "bitrate over 0.5 Mb/s: "}


def _again(client: httpx.Client, video_id: str) -> dict[str, Any]:
    answer = client.post(f"/v1/videos/{video_id}/reprocess")
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _until(
    client: httpx.Client, video_id: str, over: Callable[[dict[str, Any]], bool], *urls: str
) -> dict[str, Any]:
    """The video once `over` holds; until then each of the URLs is served all the time."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        for url in urls:
            assert httpx.get(url, timeout=60).status_code == 200, url
        video = drive.video(client, video_id)
        if over(video):
            return video
        time.sleep(0.05)
    raise AssertionError(f"not over: {video}")


def _segments(video: dict[str, Any]) -> list[str]:
    """The URLs that a player which holds the playlists of now is going to ask for."""
    base = video["hls_url"].removesuffix("master.m3u8")
    lists = [line for line in httpx.get(video["hls_url"]).text.splitlines() if ".m3u8?" in line]
    names = [name for name in lists if not name.startswith("#")]
    media = httpx.get(base + names[0]).text.splitlines()
    return [base + line for line in media if line and not line.startswith("#")]


def _settled(video: dict[str, Any]) -> bool:
    return not video["reprocessing"] and video["status"] in drive.DONE


def test_a_video_is_made_once_more(tmp_path: Path) -> None:
    data = tmp_path / "data"
    strict = _strict(tmp_path)
    live = start(data, MAX_DURATION_SECONDS="3", SOURCE_MAX_GOP_SECONDS="1", SOURCE_MAX_BIT_RATE="500000")
    try:
        with live.http() as client:
            encoded = [_is_encoded(live, client, film, reason) for film, reason in strict.items()]
            good = drive.upload(client, _clip(tmp_path / "short.avi", 2), ["144p"])
            long = drive.upload(client, _clip(tmp_path / "long.avi", 5), ["144p"])
            first = drive.wait(client, good)
            assert drive.wait(client, long)["error"]["code"] == "limit_duration"
            # A failure that has its reason in the file fails again.
            assert _again(client, long)["reprocessing"]
            assert _until(client, long, _settled)["error"]["code"] == "limit_duration"
    finally:
        stop(live)
    live = start(data, MAX_DURATION_SECONDS="1", port=_port(live))
    try:
        with live.http() as client:
            watched = [first["renditions"][0]["video_url"], first["hls_url"], *_segments(first)]
            told = _again(client, good)
            assert (told["status"], told["reprocessing"]) == ("ready", True)
            stayed = _until(client, good, _settled, *watched)
            assert stayed == first
    finally:
        stop(live)
    live = start(data, port=_port(live))
    try:
        with live.http() as client:
            for each in (*encoded, long, good):
                _again(client, each)
            assert _again(client, good)["reprocessing"]
            second = _until(client, good, _settled, *watched)
            assert second["status"] == "ready"
            renewed, before = second["renditions"][0], first["renditions"][0]
            assert renewed["id"] == before["id"]
            assert renewed["video_url"] != before["video_url"]
            assert second["poster_url"] != first["poster_url"]
            # Who holds an old URL is served all the same, but not for a year.
            for url, lasts in ((before["video_url"], False), (renewed["video_url"], True)):
                answer = httpx.get(url)
                assert answer.status_code == 200
                assert ("immutable" in answer.headers["cache-control"]) == lasts
            time.sleep(2.5)  # what was looked up of a finished video serves others for two seconds
            assert not set(_segments(second)) & set(watched)
            assert drive.wait(client, long)["status"] == "ready"
            listed = client.get("/v1/videos").json()["data"]
            assert sorted(video["id"] for video in listed) == sorted([good, long, *encoded])
            sources = [_until(client, each, _settled)["source"] for each in encoded]
            assert [(each["served_as_it_is"], each["reasons"]) for each in sources] == [(True, [])] * 2
            assert client.post(f"/v1/videos/{long[:-1]}0/reprocess").status_code == 404
    finally:
        stop(live)


def _is_encoded(live: Live, client: httpx.Client, film: Path, reason: str) -> str:
    """The id of a video that a server offers only encoded, by its own settings, whichever process is asked."""
    with Client(live.url, live.key) as asking:
        told = asking.preflight(film, resolutions=["144p"])
    assert (told.verdict, [each.startswith(reason) for each in told.reasons]) == ("encode", [True])
    video_id = drive.upload(client, film, ["144p"])
    # Before it is planned, the process that shows it judges for itself.
    assert "source" not in httpx.get(f"{live.url}/v/{video_id}/master.m3u8", timeout=60).text
    source = drive.wait(client, video_id)["source"]
    assert (source["served_as_it_is"], source["reasons"]) == (False, told.reasons)
    return video_id


def _port(live: Live) -> int:
    """URLs that were told before must lead to it again."""
    return int(live.url.rpartition(":")[2])
