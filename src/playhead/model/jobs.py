"""The closed set of jobs: what may be put on the queue, and what may not run beside what.

A job is a hint that work may be due, never the only record of it: each finds its work in rows, so running
one twice or losing one is harmless (`processing.reconcile` finds what is due from rows alone).

`turn` is that of the job's video (`records.turns`): a smaller one comes first, so that no project waits behind
another's backlog. Among jobs of one turn the kind of work decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from playhead.model.plan import AUDIO

LIGHT = "light"
"""Queue of short jobs: probing, joining, deleting."""
ENCODE = "encode"
"""Queue of jobs that keep a core busy for seconds."""
DEMAND = "demand"
"""Queue of pieces that a viewer waits for, and of each video's first."""
TELL = "tell"
"""Queue of webhooks: slow receivers must hold nobody's videos up."""
FETCH = "fetch"
"""Queue of files that are brought from a URL: their servers may be slow."""
LOOK = "look"
"""Queue of the look for lost work: it must not wait behind the very work that is stuck."""

CHUNKS_PER_TURN = 8
"""So many chunks of one video make a turn: a long video does not keep those behind it from becoming ready."""
_SPAN = 100
"""Priorities of one turn; each kind of work has one, from 0 to 99."""
_LOWEST = -(2**31)
"""The queue's column is an integer of four bytes."""


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


def inspect(video_id: UUID, turn: int) -> Job:
    """Probe the source, plan, and enqueue the rest."""
    return Job("inspect", LIGHT, f"inspect:{video_id}", {"video_id": str(video_id)}, _priority(60, turn))


def poster(video_id: UUID, turn: int) -> Job:
    """Take the poster from the source."""
    return Job("poster", LIGHT, f"poster:{video_id}", {"video_id": str(video_id)}, _priority(50, turn))


def chunk(video_id: UUID, number: int, turn: int) -> Job:
    """Encode one chunk of the timeline for every rendition that lacks it; early chunks first."""
    turns, place = divmod(number, CHUNKS_PER_TURN)
    return Job(
        "encode_chunk",
        ENCODE,
        f"chunk:{video_id}:{number}",
        {"video_id": str(video_id), "number": number},
        _priority(30 - place, turn + turns),
    )


def demand(video_id: UUID, track: str, number: int, asked_at: float) -> Job:
    """Encode one chunk for one track at once, because a viewer waits for it since `asked_at` (Unix time).

    Whoever asked last comes first: when there is more to make than can be made in time, those who asked
    long ago have given up, or have gone on to another place, and would not be helped any more.
    """
    # What the queue's column holds; far above all turns.
    return _piece(video_id, track, number, int(asked_at) & 0x7FFFFFFF)


def beginning(video_id: UUID, track: str, turn: int) -> Job:
    """Encode the first chunk for one track before the others, so that there is something to watch."""
    return _piece(video_id, track, 0, _priority(80, turn))


def audio(video_id: UUID, track: str, turn: int) -> Job:
    """Encode a sound track, once for all renditions; the one that all of them carry before the others."""
    return Job(
        "encode_audio",
        ENCODE,
        f"audio:{video_id}" if track == AUDIO else f"audio:{video_id}:{track}",
        {"video_id": str(video_id), "track": track},
        _priority(40 if track == AUDIO else 15, turn),
    )


def captions(video_id: UUID, turn: int) -> Job:
    """Take the captions out of the source: a matter of reading it once."""
    return Job(
        "take_captions", LIGHT, f"captions:{video_id}", {"video_id": str(video_id)}, _priority(45, turn)
    )


def finalise(video_id: UUID, track: str, turn: int) -> Job:
    """Join a track's pieces into one MP4, take its thumbnails and publish it."""
    return Job(
        "finalise",
        LIGHT,
        f"finalise:{video_id}:{track}",
        {"video_id": str(video_id), "track": track},
        _priority(50, turn),
    )


def fetch(video_id: UUID, turn: int) -> Job:
    """Bring a video's file from its URL."""
    return Job("fetch", FETCH, f"fetch:{video_id}", {"video_id": str(video_id)}, _priority(50, turn))


def deliver(delivery_id: int) -> Job:
    """Send one event to one webhook."""
    return Job("deliver_webhook", TELL, f"deliver:{delivery_id}", {"delivery_id": delivery_id}, priority=40)


def sweep() -> Job:
    """Delete the stored objects that nothing refers to any more."""
    return Job("sweep", LIGHT, "sweep", priority=10)


def _piece(video_id: UUID, track: str, number: int, priority: int) -> Job:
    return Job(
        "encode_on_demand",
        DEMAND,
        f"demand:{video_id}:{track}:{number}",
        {"video_id": str(video_id), "track": track, "number": number},
        priority,
    )


def _priority(kind: int, turn: int) -> int:
    return max(_LOWEST, kind - _SPAN * turn)
