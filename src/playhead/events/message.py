"""What is sent to a webhook, whatever its format."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from playhead.model.events import EventType
from playhead.model.urls import Urls
from playhead.records.database import Row

SECRET_PREFIX = "whsec_"
_SECRET_BYTES = 32


@dataclass(frozen=True)
class Message:
    """One request to a webhook."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Event:
    """An entry of the log, with the video as it stands now."""

    number: int
    type: EventType
    at: datetime
    video_id: UUID
    video: Row | None
    """None once it is deleted."""
    renditions: list[Row]
    images: dict[str, list[Row]]
    """Thumbnails by track."""
    left_out: list[Row]
    """The parts that the video is made without."""

    @property
    def id(self) -> str:
        """The same on every attempt and for every webhook, so that a receiver can tell repetitions."""
        return f"evt_{self.number}"

    def open_urls(self, urls: Urls) -> Urls | None:
        """The URLs that may be told, or None: a private video's are for who asks with a key."""
        return urls if self.video is not None and self.video["is_public"] else None


def new_secret() -> str:
    """A fresh secret, as Standard Webhooks spells it; 256 random bits."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
