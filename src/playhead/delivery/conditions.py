"""Conditional requests (RFC 9110, section 13): what a client already has, and what it insists on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import Enum

_ELEMENT = re.compile(r'[ \t,]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|$)')
"""One entity tag of a list: whether it is weak, and the tag with its quotes."""


class Verdict(Enum):
    """What a request's conditions lead to."""

    PROCEED = 200
    NOT_MODIFIED = 304
    FAILED = 412


@dataclass(frozen=True)
class Validators:
    """What identifies the bytes that would be sent."""

    etag: str
    """A strong entity tag, with its quotes."""
    last_modified: datetime | None = None
    """When they were published; None when that is not known."""

    @property
    def last_modified_text(self) -> str | None:
        """`last_modified` as a header spells it."""
        return (
            format_datetime(self.last_modified.astimezone(UTC), usegmt=True) if self.last_modified else None
        )


def judge(headers: Mapping[str, str], validators: Validators) -> Verdict:
    """Evaluate the preconditions of a GET or HEAD in the order of section 13.2.2.

    `headers` has lower-case names. Dates that cannot be read are as good as absent.
    """
    if (wanted := headers.get("if-match")) is not None:
        if not _listed(wanted, validators.etag, weak=False):
            return Verdict.FAILED
    elif (since := _date(headers.get("if-unmodified-since"))) is not None and _modified_after(
        validators, since
    ):
        return Verdict.FAILED
    if (held := headers.get("if-none-match")) is not None:
        return Verdict.NOT_MODIFIED if _listed(held, validators.etag, weak=True) else Verdict.PROCEED
    since = _date(headers.get("if-modified-since"))
    if since is not None and validators.last_modified is not None and not _modified_after(validators, since):
        return Verdict.NOT_MODIFIED
    return Verdict.PROCEED


def range_applies(if_range: str | None, validators: Validators) -> bool:
    """Whether a `Range` beside this `If-Range` may be served from the bytes we have (section 13.1.5).

    A tag must match strongly and a date exactly. A date is strong enough here, for objects are never changed
    and a new one is published seconds after the old at the soonest.
    """
    if if_range is None:
        return True
    condition = if_range.strip()
    if condition.endswith('"'):
        return condition == validators.etag
    date = _date(condition)
    return (
        date is not None and validators.last_modified is not None and date == _whole(validators.last_modified)
    )


def _listed(header: str, etag: str, *, weak: bool) -> bool:
    """Whether `etag` is among the listed ones, compared strongly or weakly (section 8.8.3.2)."""
    if header.strip() == "*":
        return True
    position = 0
    while found := _ELEMENT.match(header, position):
        if found[2] == etag and (weak or not found[1]):
            return True
        position = found.end()
    return False


def _modified_after(validators: Validators, since: datetime) -> bool:
    return validators.last_modified is None or _whole(validators.last_modified) > since


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    # The obsolete forms name no zone; HTTP's dates are in UTC.
    return date if date.tzinfo else date.replace(tzinfo=UTC)
