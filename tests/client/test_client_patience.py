"""When to try again and when to stop waiting."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest

from playhead.client import (
    Failure,
    PlayheadAPIError,
    PlayheadConnectionError,
    Video,
    VideoFailedError,
    patience,
)


def _video(status: str, *, playable: bool = False, error: Failure | None = None) -> Video:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return Video("v", "clip.mp4", status, True, now, playable_at=now if playable else None, error=error)


@pytest.mark.parametrize("status", ["pending_upload", "processing"])
def test_a_video_under_way_has_not_arrived(status: str) -> None:
    assert not patience.arrived(_video(status), "ready")
    assert not patience.arrived(_video(status), "playable")


def test_a_playable_video_has_arrived_for_who_waits_for_that() -> None:
    assert patience.arrived(_video("processing", playable=True), "playable")
    assert not patience.arrived(_video("processing", playable=True), "ready")


def test_a_ready_video_has_arrived() -> None:
    assert patience.arrived(_video("ready"), "ready")
    assert patience.arrived(_video("ready"), "playable")


def test_a_failed_video_never_arrives() -> None:
    video = _video("fail", error=Failure("corrupt_file", "It is damaged.", "Send another."))

    with pytest.raises(VideoFailedError, match=r"It is damaged\. Send another\.") as raised:
        patience.arrived(video, "ready")

    assert (raised.value.code, raised.value.video) == ("corrupt_file", video)


def test_polling_slows_down_to_once_a_second() -> None:
    pauses = list(islice(patience.poll_pauses(), 100))

    assert pauses[0] == 0.2
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0


def test_five_retries_sit_out_a_restart() -> None:
    assert list(patience.retry_pauses(5)) == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert list(patience.retry_pauses(0)) == []


def test_a_passing_failure_is_waited_out() -> None:
    pauses = patience.retry_pauses(2)

    assert patience.pause_after(PlayheadConnectionError("gone"), pauses) == 0.25
    assert patience.pause_after(PlayheadAPIError(503, "c", "m", retry_after=2), pauses) == 2


@pytest.mark.parametrize(
    "error",
    [
        PlayheadAPIError(422, "c", "m"),
        PlayheadAPIError(500, "c", "m"),
        PlayheadAPIError(429, "c", "m", retry_after=31),
    ],
    ids=["refused", "broken", "too long"],
)
def test_what_waiting_does_not_mend_is_raised(error: PlayheadAPIError) -> None:
    with pytest.raises(PlayheadAPIError) as raised:
        patience.pause_after(error, patience.retry_pauses(5))

    assert raised.value is error


def test_after_the_last_attempt_the_failure_is_raised() -> None:
    error = PlayheadConnectionError("gone")

    with pytest.raises(PlayheadConnectionError) as raised:
        patience.pause_after(error, patience.retry_pauses(0))

    assert raised.value is error
