"""What can go wrong for a caller of this SDK. Every failure is a `PlayheadClientError`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playhead.client.models import Video

PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Answers after which the same request may succeed a moment later."""


class PlayheadClientError(Exception):
    """Base of everything this SDK raises on purpose; its text is a sentence for a person."""


class PlayheadAPIError(PlayheadClientError):
    """The server answered with an error.

    `code` is the stable name from Playhead's error table (`http_502` and the like when something in between
    answered), `status` the HTTP status, `message` what happened and what to do.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        request_id: str | None = None,
        docs_url: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.docs_url = docs_url
        self.retry_after = retry_after
        """Seconds the server asked to wait."""
        super().__init__(message)

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed a moment later."""
        return self.status in PASSING

    @property
    def says_no(self) -> bool:
        """Whether it is the answer to what was asked, and not that the server could give none."""
        return not self.passing and self.status < HTTPStatus.INTERNAL_SERVER_ERROR


class PlayheadConnectionError(PlayheadClientError):
    """No answer arrived: nobody listens there, the connection broke, or it took too long."""

    passing = True
    retry_after: float | None = None


class SourceChangedError(PlayheadClientError):
    """The file turned out shorter than it was when the upload began."""


class VideoFailedError(PlayheadClientError):
    """Processing ended in failure; `video.error` says why, and `code` and `message` repeat it."""

    def __init__(self, video: Video) -> None:
        self.video = video
        self.code = video.error.code if video.error else "unknown"
        self.message = video.error.sentence if video.error else "Processing failed without a reason."
        super().__init__(self.message)


class WaitTimeoutError(PlayheadClientError):
    """The video was not there yet when the time to wait was over; `video` is how it stood then."""

    def __init__(self, video: Video) -> None:
        self.video = video
        super().__init__(
            f"The video is still {video.status}, {video.progress:.0%} done. It goes on without being watched."
        )
