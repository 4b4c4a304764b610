"""What can be told of a video, and the formats webhooks tell it in."""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """What happened to a video."""

    CREATED = "video.created"
    UPLOADED = "video.uploaded"
    """The file arrived whole and looks like a video."""
    PLANNED = "video.planned"
    """It was probed, and what will be made of it is known."""
    PLAYABLE = "video.playable"
    """Its beginning can be shown, though not every rendition is made."""
    POSTER = "video.poster"
    RENDITION_READY = "video.rendition_ready"
    READY = "video.ready"
    FAILED = "video.failed"
    DELETED = "video.deleted"
    REPROCESSING = "video.reprocessing"
    """Everything is made of its file once more, as was asked."""
    REPROCESSED = "video.reprocessed"
    """What was ready has been replaced by what was made once more."""
    REPROCESS_FAILED = "video.reprocess_failed"
    """It could not be made once more, and stays as it was."""


class Format(StrEnum):
    """How a webhook's requests look."""

    STANDARD = "standard"
    """Standard Webhooks: `{type, timestamp, data}`."""
    HYPERSERVE = "hyperserve"
    """The Hyperserve contract: the end of processing, well or badly."""


TELLS: dict[Format, frozenset[EventType]] = {
    # That it is planned is of no use to who cannot see the plan; what comes of it follows.
    Format.STANDARD: frozenset(EventType) - {EventType.PLANNED},
    Format.HYPERSERVE: frozenset({EventType.READY, EventType.FAILED}),
}
"""Format → the events it has a message for; no delivery is made of others."""


def formats_telling(event_type: str) -> list[Format]:
    """The formats that have a message for events of that type."""
    return [format for format, events in TELLS.items() if event_type in events]
