"""A failure as clients see it: a problem document (RFC 9457) that old clients can read too."""

from __future__ import annotations

from typing import Any

from playhead.model.errors import PlayheadError

DOCS = "https://github.com/playhead/playhead/blob/main/docs/errors"
RETRY_AFTER_SECONDS = 2
"""Where nobody knows better: long enough for a server that is started again."""


def problem(error: PlayheadError, request_id: str | None = None) -> dict[str, Any]:
    """The JSON body of an answer that tells of `error`.

    `message` is what the wire contract's clients show; the rest is RFC 9457 section 3.
    """
    body: dict[str, Any] = {
        "type": docs_url(error.code),
        "title": error.kind.sentence,
        "status": error.kind.status,
        "detail": error.detail or error.kind.sentence,
        "code": error.code,
        "message": error.message,
        "docs_url": docs_url(error.code),
    }
    if error.field is not None:
        body["field"] = error.field
    if request_id is not None:
        body["request_id"] = request_id
    return body


def reason(error: PlayheadError) -> dict[str, str]:
    """Why a video or a part of it failed, or would: the same in every answer and event."""
    return {
        "code": error.code,
        "message": error.detail or error.kind.sentence,
        "remedy": error.kind.remedy,
        "docs_url": docs_url(error.code),
    }


def reason_kept(code: str | None, detail: str | None) -> dict[str, str] | None:
    """The same of a failure that was written down; None when there was none."""
    return None if code is None else reason(PlayheadError(code, detail or ""))


def waiting(error: PlayheadError) -> dict[str, str]:
    """The header that says when to come again, of answers that ask for it."""
    if error.kind.status not in (429, 503):
        return {}
    return {"retry-after": str(error.retry_after or RETRY_AFTER_SECONDS)}


def docs_url(code: str) -> str:
    """The page that explains an error code."""
    return f"{DOCS}/{code}.md"
