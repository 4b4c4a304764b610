"""The closed set of jobs: what may be put on the queue, and what may not run beside what.

A job is a hint that work may be due, never the only record of it: each finds its work in rows, so running
one twice or losing one is harmless (`processing.reconcile` finds what is due from rows alone).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

LIGHT = "light"
"""Queue of short jobs: probing, joining, webhooks, housekeeping."""
ENCODE = "encode"
"""Queue of jobs that keep a core busy for seconds."""
DEMAND = "demand"
"""Queue of pieces that a viewer waits for."""


@dataclass(frozen=True)
class Job:
    """One unit of work for a worker."""

    task: str
    queue: str
    name: str
    """Names the work itself: no two jobs of one name wait, or run, at the same time."""
    arguments: dict[str, str | int] = field(default_factory=dict)
    priority: int = 0
    """Higher runs first."""


def inspect(video_id: UUID) -> Job:
    """Probe the source, plan, and enqueue the rest."""
    return Job("inspect", LIGHT, f"inspect:{video_id}", {"video_id": str(video_id)}, priority=60)


def poster(video_id: UUID) -> Job:
    """Take the poster from the source."""
    return Job("poster", LIGHT, f"poster:{video_id}", {"video_id": str(video_id)}, priority=50)


def chunk(video_id: UUID, number: int) -> Job:
    """Encode one chunk of the timeline for every rendition that lacks it; early chunks first."""
    return Job(
        "encode_chunk",
        ENCODE,
        f"chunk:{video_id}:{number}",
        {"video_id": str(video_id), "number": number},
        priority=max(0, 30 - number),
    )


def demand(video_id: UUID, track: str, number: int, asked_at: float) -> Job:
    """Encode one chunk for one track at once, because a viewer waits for it since `asked_at` (Unix time).

    Whoever asked last comes first: when there is more to make than can be made in time, those who asked
    long ago have given up, or have gone on to another place, and would not be helped any more.
    """
    return Job(
        "encode_on_demand",
        DEMAND,
        f"demand:{video_id}:{track}:{number}",
        {"video_id": str(video_id), "track": track, "number": number},
        priority=int(asked_at) & 0x7FFFFFFF,  # what the queue's column holds
    )


def audio(video_id: UUID) -> Job:
    """Encode or copy the sound, once for all renditions."""
    return Job("encode_audio", ENCODE, f"audio:{video_id}", {"video_id": str(video_id)}, priority=40)


def finalise(video_id: UUID, track: str) -> Job:
    """Join a track's pieces into one MP4, take its thumbnails and publish it."""
    return Job(
        "finalise",
        LIGHT,
        f"finalise:{video_id}:{track}",
        {"video_id": str(video_id), "track": track},
        priority=50,
    )


def deliver(delivery_id: int) -> Job:
    """Send one event to one webhook."""
    return Job("deliver_webhook", LIGHT, f"deliver:{delivery_id}", {"delivery_id": delivery_id}, priority=40)


def sweep() -> Job:
    """Delete the stored objects that nothing refers to any more."""
    return Job("sweep", LIGHT, "sweep", priority=10)
