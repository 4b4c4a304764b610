"""What a real server tells webhooks of a video on its way: once that it can be watched, then that it is ready."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests import drive
from tests.faults.receiver import Receiver, Told, receiving
from tests.live import Live
from tests.media.mp4.clips import AAC, X264, ffmpeg, picture, sound

TOLD_WITHIN = 60.0
LARGE = ("-f", "lavfi", "-i", "testsrc2=s=426x240:r=25:d=9")
FILMS = {
    # Playable as soon as it is looked at: its own pictures and sound are what players are given.
    "fit.mp4": (*picture(3), *sound(3), *X264, "-g", "25", *AAC),
    # Playable when its first piece is encoded: that of the smaller size, and the other's is no news.
    "unfit.avi": (*LARGE, *sound(9), "-c:v", "mpeg4", "-g", "30", "-c:a", "mp3"),
    # Playable when its sound is there, and not with the pictures that are drawn of it.
    "song.flac": (*sound(3), "-c:a", "flac"),
}


def _all_of(receiver: Receiver, video_id: str) -> list[Told]:
    """What was told of a video once it was told to be deleted, which happened after everything else."""
    deadline = time.monotonic() + TOLD_WITHIN
    while not receiver.ids(video_id, "video.deleted"):
        assert time.monotonic() < deadline, receiver.told
        time.sleep(0.05)
    return [each for each in receiver.told if each.video_id == video_id]


@pytest.mark.parametrize("name", FILMS)
def test_it_is_told_once_that_a_video_can_be_watched_and_before_it_is_ready(
    name: str, live_server: Live, tmp_path: Path
) -> None:
    ffmpeg(*FILMS[name], tmp_path / name)
    with receiving() as receiver, live_server.http() as client:
        hook = client.post("/v1/webhooks", json={"name": "all", "url": receiver.url}).json()
        video_id = drive.upload(client, tmp_path / name, ["240p", "144p"])
        video = drive.wait(client, video_id)
        assert client.delete(f"/v1/videos/{video_id}").status_code == 204
        told = _all_of(receiver, video_id)
        assert client.delete(f"/v1/webhooks/{hook['id']}").status_code == 204
    assert video["status"] == "ready"
    assert video["playable_at"] <= video["ready_at"]
    # Deliveries may overtake each other; the number in an event's id is the order in which things happened.
    numbers = {each.webhook_id: int(each.webhook_id.removeprefix("evt_")) for each in told}
    happened = [event for _, event in sorted({(numbers[each.webhook_id], each.event) for each in told})]
    assert happened.count("video.playable") == 1, happened
    assert happened.count("video.ready") == 1, happened
    assert happened.index("video.uploaded") < happened.index("video.playable") < happened.index("video.ready")
