"""How long to wait and when to stop: plain sequences and judgements, so that both clients behave alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from playhead.client.errors import PlayheadAPIError, PlayheadConnectionError, VideoFailedError
from playhead.client.models import Video

Until = Literal["playable", "ready"]

_LONGEST_ASKED = 30.0
"""Seconds; when a server asks for more, the caller is told instead of kept waiting."""

_FIRST_RETRY, _RETRY_GROWTH, _LONGEST_RETRY = 0.25, 2.0, 10.0
_FIRST_POLL, _POLL_GROWTH, _LONGEST_POLL = 0.2, 1.25, 1.0


def retry_pauses(attempts: int) -> Iterator[float]:
    """Seconds to wait before each further attempt: five of them sit out a restart of 7 s, ten of half a minute."""
    return (min(_LONGEST_RETRY, _FIRST_RETRY * _RETRY_GROWTH**number) for number in range(attempts))


def sending_retries(retries: int) -> int:
    """How often sending is tried again without getting on, where other calls are tried again `retries` times.

    More is at stake: a file is half there, and with five it sits out a server that is away for a minute.
    """
    return 2 * retries + 2 if retries else 0


def pause_after(
    error: PlayheadAPIError | PlayheadConnectionError,
    pauses: Iterator[float],
    also: frozenset[int] = frozenset(),
) -> float:
    """Seconds to wait before trying again; raises `error` when that is no use or `pauses` is empty.

    `also` are statuses after which trying again is of use here, besides the usual ones.
    """
    asked = error.retry_after or 0.0
    pause = next(pauses, None)
    passing = error.passing or (isinstance(error, PlayheadAPIError) and error.status in also)
    if pause is None or not passing or asked > _LONGEST_ASKED:
        raise error
    return max(pause, asked)


def poll_pauses() -> Iterator[float]:
    """Seconds between looks at a video, without end: often at first, as short videos are ready at once."""
    pause = _FIRST_POLL
    while True:
        yield pause
        pause = min(pause * _POLL_GROWTH, _LONGEST_POLL)


def arrived(video: Video, until: Until) -> bool:
    """Whether the video has come as far as `until`.

    Raises:
        VideoFailedError: it never will.
    """
    if video.status == "fail":
        raise VideoFailedError(video)
    return video.status == "ready" or (until == "playable" and video.playable_at is not None)
