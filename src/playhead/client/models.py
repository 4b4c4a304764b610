"""What the server says, typed. Fields a newer server adds are ignored; an older client keeps working."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Failure(msgspec.Struct, frozen=True):
    """Why a video or a rendition failed."""

    code: str
    """Stable name from Playhead's error table."""
    message: str
    """What happened, for a person."""
    remedy: str = ""
    """What that person can do."""
    docs_url: str | None = None

    @property
    def sentence(self) -> str:
        """What happened and what to do, said once each."""
        if self.remedy and self.remedy not in self.message:
            return f"{self.message} {self.remedy}"
        return self.message


class Source(msgspec.Struct, frozen=True):
    """The uploaded original, as measured."""

    size_bytes: int
    duration_seconds: float
    width: int | None = None
    """Pixels as displayed, rotation applied; None of sound alone."""
    height: int | None = None
    frame_rate: float | None = None
    """Frames a second."""
    video_codec: str | None = None
    audio_codec: str | None = None
    """None for a video without sound."""
    served_as_it_is: bool = False
    """Whether players are given the file itself as one of the renditions."""
    reasons: list[str] = []
    """Why they are not, in a few words each."""
    notes: list[str] = []
    """What of it is left out, as sentences."""


class Received(msgspec.Struct, frozen=True):
    """How much of the file the server holds."""

    received_bytes: int = 0
    size_bytes: int | None = None
    """The declared size; None when none was."""
    checksum: str | None = None
    """The declared checksum."""
    verified: bool = False
    """Whether the file was seen to have it."""


class Rendition(msgspec.Struct, frozen=True):
    """One encoded stream of a video at one size."""

    id: str
    resolution: str
    """As asked for: `144p` to `1440p`, `4k`, `8k`."""
    status: str
    """`pending_upload`, `processing`, `ready` or `fail`."""
    progress: float = 0.0
    """0 to 1."""
    pieces_done: int = 0
    pieces_planned: int = 0
    width: int | None = None
    """Pixels; None until planned."""
    height: int | None = None
    size_bytes: int | None = None
    video_url: str | None = None
    """A progressive MP4, once ready."""
    thumbnail_urls: list[str] = []
    """One JPEG for each requested moment."""
    note: str | None = None
    """Where the result differs from what was asked, such as a source smaller than the resolution."""
    error: Failure | None = None


class LeftOut(Failure, frozen=True, kw_only=True):
    """A part that could not be made; the video is complete but for it, and `code` and `message` say why."""

    part: str
    """`poster`, `sound` or `captions`."""
    language: str | None = None
    """Of a sound as the file spells it, if it does; of captions an RFC 5646 tag."""


class Captions(msgspec.Struct, frozen=True):
    """Captions in one language."""

    language: str
    """An RFC 5646 tag."""
    title: str
    """What a menu calls them."""
    url: str
    """WebVTT, for a `<track>`."""
    cues: int
    from_source: bool = False
    """Whether they were found in the uploaded file."""


class Video(msgspec.Struct, frozen=True):
    """A video and everything made from it so far."""

    id: str
    filename: str
    status: str
    """`pending_upload`, `processing`, `ready` or `fail`."""
    is_public: bool
    created_at: datetime
    upload: Received = Received()
    metadata: dict[str, Any] | None = None
    """As given when the upload was created."""
    loudness: str = "source"
    """`source`, or `normalised` where the sound is brought to -16 LUFS."""
    reprocessing: bool = False
    """Whether everything is being made once more; what was ready is served until then."""
    playable_at: datetime | None = None
    """Since when there is something to play; may come before `ready_at`."""
    ready_at: datetime | None = None
    progress: float = 0.0
    """0 to 1, over all renditions."""
    source: Source | None = None
    """None until the file was examined."""
    error: Failure | None = None
    poster_url: str | None = None
    embed_url: str | None = None
    """A page that plays the video; a private video's URLs, this one too, carry a token and expire."""
    hls_url: str | None = None
    """The multivariant playlist, for any HLS player; None until something can be played."""
    dash_url: str | None = None
    """The DASH manifest, likewise."""
    captions: tuple[Captions, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """What the video is made without, as it could not be made."""
    renditions: list[Rendition] = []


class Upload(msgspec.Struct, frozen=True):
    """A place to send a file's bytes to."""

    id: str
    url: str
    """Takes the file by PUT, whole or in parts, without a key; whoever holds it may send."""
    video_id: str
    status: str
    """`waiting` when new."""
    content_type: str
    """The one Content-Type the URL takes."""
    play_while_uploading: bool = False
    """Whether the server plays it from the bytes that have arrived."""
    direct: bool = False
    """Whether its parts can go straight to where the server keeps files, and so are best sent there."""
    expires_at: datetime | None = None


class Multipart(msgspec.Struct, frozen=True, rename="camel"):
    """Where the parts of a file go that are sent side by side, straight to where the server keeps files."""

    key: str
    upload_id: str
    part_size: int
    """Bytes of each part but the last."""


class Unfinished(msgspec.Struct, frozen=True):
    """An upload that was begun."""

    upload: Upload
    multipart: Multipart | None = None
    """Where its parts go, when they are sent side by side."""


class StoredPart(msgspec.Struct, frozen=True, rename="pascal"):
    """A part that has arrived whole."""

    part_number: int
    size: int
    e_tag: str = msgspec.field(name="ETag")


class Signed(msgspec.Struct, frozen=True):
    """Where one part goes."""

    url: str
    headers: dict[str, str] = {}


class Interval(msgspec.Struct, frozen=True):
    """From the least to the most that is to be expected."""

    low: float
    high: float


class PlannedRendition(msgspec.Struct, frozen=True):
    """A rendition that would be made."""

    resolution: str
    width: int
    height: int
    max_bit_rate: int
    """Bits per second that it may not exceed."""
    note: str | None = None


class DryRun(msgspec.Struct, frozen=True):
    """What would be made of a file."""

    renditions: list[PlannedRendition]
    cpu_seconds: Interval
    bytes: Interval
    """What the video would take of storage, its source included."""


class ClaimedSource(msgspec.Struct, frozen=True):
    """A file by what its index says."""

    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    video_codec: str | None = None
    audio_codec: str | None = None


class Wanted(msgspec.Struct, frozen=True):
    """A range that would tell more."""

    start: int
    length: int


class Preflight(msgspec.Struct, frozen=True):
    """What would become of a file, by its first bytes and its index."""

    verdict: str
    """`fit`: it can be played as it is; `encode`: what is encoded from it will be; `refused`; or `unknown`."""
    reasons: list[str] = []
    """Why it is not fit, in a few words each; or what is not known."""
    error: Failure | None = None
    """Why it is refused."""
    source: ClaimedSource | None = None
    plan: DryRun | None = None
    wanted: list[Wanted] = []


class Webhook(msgspec.Struct, frozen=True):
    """An address that is told about events."""

    id: str
    name: str
    url: str
    format: str
    """`standard` (Standard Webhooks) or `hyperserve`."""
    events: list[str] | None = None
    """Event types that are sent; None for all."""
    secret: str | None = None
    """Signs what is sent. Only the answer to registering carries it."""
    created_at: datetime | None = None


class VideoPage(msgspec.Struct, frozen=True):
    """One page of a listing, newest first."""

    data: list[Video]
    has_more: bool = False
    next_cursor: str | None = None


class WebhookPage(msgspec.Struct, frozen=True):
    """A project's webhooks."""

    data: list[Webhook]
