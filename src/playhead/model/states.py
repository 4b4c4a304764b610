"""The states of a video, a rendition and an upload, and which may follow which.

The four names are the wire contract's; states only move forward, and `fail` or `ready` is the end of one try. A video
that failed may be tried once more; one that is ready stays so while it is made again (`records.remaking`).
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a video or a rendition stands."""

    PENDING_UPLOAD = "pending_upload"
    PROCESSING = "processing"
    READY = "ready"
    FAIL = "fail"


class UploadState(StrEnum):
    """Where an upload stands."""

    WAITING = "waiting"
    """Its URL takes bytes."""
    RECEIVED = "received"
    """All declared bytes are on disk; only completing is left."""
    COMPLETE = "complete"
    """The bytes became a source; the URL takes nothing more."""
    DEAD = "dead"
    """Expired or refused; the bytes are gone."""


FOLLOWS: dict[Status, frozenset[Status]] = {
    Status.PENDING_UPLOAD: frozenset({Status.PROCESSING, Status.FAIL}),
    Status.PROCESSING: frozenset({Status.READY, Status.FAIL}),
    Status.READY: frozenset(),
    Status.FAIL: frozenset({Status.PROCESSING}),
}
"""State → the states that may follow it."""


def may_become(now: Status, then: Status) -> bool:
    """Whether a video or rendition in state `now` may move to `then`."""
    return then in FOLLOWS[now]
