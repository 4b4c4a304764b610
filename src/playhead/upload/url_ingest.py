"""Bringing a file from a URL, the rules: which URLs, how far redirects go, what an answer is worth. Pure.

A file may come in several attempts. It is gone on with only when its server says that it is still the same one, by a
validator that RFC 9110 section 13.1.5 lets stand in `If-Range`: a strong ETag, or a time of change that lies well
before the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from yarl import URL

from playhead.model.errors import PlayheadError
from playhead.upload.rules import MAX_FILENAME

MAX_URL = 4096
"""Characters. Presigned URLs of object stores are long."""
MAX_REDIRECTS = 3
RETRIES = (2, 10, 60, 300, 900)
"""Seconds until the next attempt, after each failure since the last one that brought something."""
PROGRESS_BYTES = 256 * 1024
"""An attempt that brought this much is no failure in a row, however it ended."""
LONGEST_WAIT = 900
"""Seconds that a server's Retry-After is heeded for at most."""
_SETTLED = timedelta(seconds=60)
"""A time of change this long before the answer tells versions apart, whatever the resolution of its clock."""
_ENTITY_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def checked_url(url: str) -> URL:
    """The URL, if it is one that files are fetched from; where it leads is judged when it is.

    Raises:
        PlayheadError: `url_refused`.
    """
    try:
        parsed = URL(url)
        fine = parsed.scheme in ("http", "https") and bool(parsed.host) and parsed.port != 0
    except ValueError:
        fine = False
    if not fine or len(url) > MAX_URL or not url.isprintable() or any(map(str.isspace, url)):
        raise PlayheadError("url_refused", "The URL must be http:// or https:// with a host.", field="url")
    if parsed.raw_user is not None or parsed.raw_password is not None:
        # It would be kept, and could end up in logs of ours and of others.
        raise PlayheadError("url_refused", "The URL must not have a user or password in it.", field="url")
    return parsed


def next_hop(at: URL, location: str | None, hops: int) -> URL:
    """Where the redirect number `hops`, counted from 1, leads from `at`.

    Raises:
        PlayheadError: `source_refused` when it leads nowhere or too far, `url_refused`.
    """
    if hops > MAX_REDIRECTS:
        raise PlayheadError("source_refused", f"The URL redirects more than {MAX_REDIRECTS} times.")
    if not location:
        raise PlayheadError("source_refused", "The URL redirects to nowhere.")
    try:
        there = at.join(URL(location))
    except ValueError:
        raise PlayheadError("url_refused", "The URL redirects to something that is no URL.") from None
    return checked_url(str(there))


def filename_of(url: URL) -> str:
    """What the file is called when its creator does not say: the last part of the URL's path."""
    name = unquote(url.raw_path.rstrip("/").rpartition("/")[2], errors="replace")
    name = "".join(char for char in name if char.isprintable() and char not in "/\\").strip()
    return name[-MAX_FILENAME:] or "video"


@dataclass(frozen=True)
class Wanted:
    """What is there of a file already, and the version it is of."""

    start: int = 0
    size: int | None = None
    """Of the whole file, in bytes."""
    validator: str | None = None

    def headers(self) -> dict[str, str]:
        """Of the request: the file as it is, and only what is missing if it is still the same one."""
        said = {"accept-encoding": "identity"}
        if self.start and self.validator is not None:
            said |= {"range": f"bytes={self.start}-", "if-range": self.validator}
        return said


@dataclass(frozen=True)
class Offer:
    """What an answer brings: the file from `start` on, which is 0 unless it goes on with what is there."""

    start: int
    size: int | None
    """Of the whole file; None when the server does not say."""
    validator: str | None
    """None when this version cannot be told from others: then there is no going on with it."""


def offer(wanted: Wanted, status: int, headers: Mapping[str, str]) -> Offer | None:
    """What an answer is worth; None when it must be asked for anew, from the beginning. Names in lower case.

    Raises:
        PlayheadError: `source_refused` or `source_unreachable`, with what the server said.
    """
    if status not in (200, 206):
        if wanted.start and status in (412, 416):
            return None  # shorter than it was, so another one
        raise _refusal(status, headers)
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise PlayheadError(
            "source_refused", "The server sends the file compressed, though it was asked not to."
        )
    validator = _validator(headers)
    length = _number(headers.get("content-length"))
    if status == 200:
        return Offer(0, length, validator)
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if found is None:
        raise PlayheadError("source_refused", "The server answered with a part that does not say which.")
    start, last, size = (int(each) for each in found.groups())
    same = validator in (None, wanted.validator) and size == wanted.size
    if not wanted.start or start != wanted.start or last != size - 1 or not same:
        return None
    return Offer(start, size, wanted.validator)


def pause(failures: int, error: PlayheadError) -> float | None:
    """Seconds to wait after so many failures in a row, the last one being `error`; None to give up."""
    if not error.kind.retriable or failures > len(RETRIES):
        return None
    return max(RETRIES[failures - 1], min(error.retry_after or 0, LONGEST_WAIT))


def _refusal(status: int, headers: Mapping[str, str]) -> PlayheadError:
    said = f"The URL's server answered {status}."
    if status in (408, 425, 429) or status >= 500:
        return PlayheadError("source_unreachable", said, retry_after=_number(headers.get("retry-after")))
    return PlayheadError("source_refused", said)


def _validator(headers: Mapping[str, str]) -> str | None:
    tag = headers.get("etag", "").strip()
    if tag:
        return tag if _ENTITY_TAG.fullmatch(tag) else None
    try:
        changed = parsedate_to_datetime(headers.get("last-modified", ""))
        answered = parsedate_to_datetime(headers.get("date", ""))
        return headers["last-modified"] if answered - changed >= _SETTLED else None
    except (ValueError, TypeError):  # no dates, or dates of different kinds
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 19 else None
