"""Conditional requests against RFC 9110, section 13."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from playhead.delivery.conditions import Validators, Verdict, judge, range_applies

PUBLISHED = datetime(2026, 11, 23, 10, 0, 0, 750_000, UTC)
AT, BEFORE, AFTER = (
    "Mon, 23 Nov 2026 10:00:00 GMT",
    "Mon, 23 Nov 2026 09:59:59 GMT",
    "Mon, 23 Nov 2026 10:00:01 GMT",
)
OURS = Validators('"abc"', PUBLISHED)
UNDATED = Validators('"abc"')

GO, SAME, NO = Verdict.PROCEED, Verdict.NOT_MODIFIED, Verdict.FAILED


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, GO),
        ({"if-none-match": '"abc"'}, SAME),
        ({"if-none-match": 'W/"abc"'}, SAME),
        ({"if-none-match": "*"}, SAME),
        ({"if-none-match": '"x", "abc"'}, SAME),
        ({"if-none-match": '"x","y" , W/"abc"'}, SAME),
        ({"if-none-match": ',, "abc",'}, SAME),
        ({"if-none-match": '"a,b", "abc"'}, SAME),
        ({"if-none-match": '"ab"'}, GO),
        ({"if-none-match": '"abcd"'}, GO),
        ({"if-none-match": "abc"}, GO),
        ({"if-none-match": 'w/"abc"'}, GO),
        ({"if-none-match": '"x"abc"'}, GO),
        ({"if-none-match": '"ABC"'}, GO),
        ({"if-none-match": ""}, GO),
        ({"if-modified-since": AT}, SAME),
        ({"if-modified-since": AFTER}, SAME),
        ({"if-modified-since": BEFORE}, GO),
        ({"if-modified-since": "Monday, 23-Nov-26 10:00:00 GMT"}, SAME),
        ({"if-modified-since": "Mon Nov 23 10:00:00 2026"}, SAME),
        ({"if-modified-since": "yesterday"}, GO),
        ({"if-modified-since": ""}, GO),
        # A tag outranks a date.
        ({"if-none-match": '"x"', "if-modified-since": AFTER}, GO),
        ({"if-none-match": '"abc"', "if-modified-since": BEFORE}, SAME),
        ({"if-match": '"abc"'}, GO),
        ({"if-match": "*"}, GO),
        ({"if-match": '"x", "abc"'}, GO),
        ({"if-match": '"x"'}, NO),
        ({"if-match": 'W/"abc"'}, NO),
        ({"if-unmodified-since": AT}, GO),
        ({"if-unmodified-since": BEFORE}, NO),
        ({"if-unmodified-since": "never"}, GO),
        ({"if-match": '"abc"', "if-unmodified-since": BEFORE}, GO),
        ({"if-match": '"x"', "if-none-match": '"abc"'}, NO),
        ({"if-match": '"abc"', "if-none-match": '"abc"'}, SAME),
    ],
)
def test_preconditions(headers: dict[str, str], verdict: Verdict) -> None:
    assert judge(headers, OURS) is verdict


def test_without_a_date_no_date_matches() -> None:
    assert judge({"if-modified-since": AFTER}, UNDATED) is GO
    assert judge({"if-unmodified-since": BEFORE}, UNDATED) is NO
    assert not range_applies(AT, UNDATED)


@pytest.mark.parametrize(
    ("if_range", "applies"),
    [
        (None, True),
        ('"abc"', True),
        (' "abc" ', True),
        ('W/"abc"', False),
        ('"x"', False),
        ('"x", "abc"', False),
        ("abc", False),
        ("*", False),
        ("", False),
        (AT, True),
        (BEFORE, False),
        (AFTER, False),
        ("not a date", False),
    ],
)
def test_if_range(if_range: str | None, applies: bool) -> None:
    assert range_applies(if_range, OURS) is applies


def test_dates_are_spelled_in_whole_seconds_of_utc() -> None:
    assert OURS.last_modified_text == AT
    assert UNDATED.last_modified_text is None
