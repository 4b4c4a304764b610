"""Who may have what is behind a playback URL."""

from __future__ import annotations

from uuid import UUID

from playhead.model.errors import PlayheadError
from playhead.model.signing import Signer

MARK = "~"
"""What a token's path segment begins with."""


def seconds_left(signer: Signer, video_id: UUID, segment: str, now: int) -> int:
    """How long the token in a path segment still opens that video, in seconds.

    A token is judged before anything is looked up, so that a refusal says nothing about the video. One that
    is there must be good, even on a public video: a URL handed out for an hour works for an hour.

    Raises:
        PlayheadError: `not_found` when the segment is none of ours, `url_invalid`, `url_expired`.
    """
    if not segment.startswith(MARK):
        raise PlayheadError("not_found")
    token = segment.removeprefix(MARK)
    return signer.verify("playback", str(video_id), token, now) - now


def admit(*, is_public: bool, has_token: bool) -> None:
    """Let pass to a public video, and to a private one with a good token.

    Raises:
        PlayheadError: `not_found`, exactly as if there were no such video.
    """
    if not is_public and not has_token:
        raise PlayheadError("not_found")
