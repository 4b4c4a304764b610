"""Cursors, ids and problem documents."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from playhead.api.access import id_of
from playhead.api.cursor import check_limit, decode, encode
from playhead.model.errors import ERRORS, PlayheadError
from playhead.model.problems import problem


def test_a_cursor_comes_back_as_it_was() -> None:
    at, video_id = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), uuid4()
    assert decode(encode(at, video_id)) == (at, video_id)
    assert decode(None) is None


@pytest.mark.parametrize("cursor", ["", "x", "????", "MjAyNg", "é", "A" * 500])
def test_a_cursor_that_is_not_ours_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        decode(cursor)
    assert caught.value.code == "invalid_request"


@pytest.mark.parametrize("limit", [0, -1, 101])
def test_pages_have_a_bounded_length(limit: int) -> None:
    with pytest.raises(PlayheadError):
        check_limit(limit)


def test_an_id_that_is_none_names_nothing() -> None:
    wanted = uuid4()
    assert id_of(str(wanted)) == wanted
    with pytest.raises(PlayheadError) as caught:
        id_of("../etc")
    assert caught.value.code == "not_found"


@pytest.mark.parametrize("code", ERRORS)
def test_every_failure_can_be_told(code: str) -> None:
    told = problem(PlayheadError(code, "This is the case."), "r1")
    assert (told["code"], told["status"], told["request_id"]) == (code, ERRORS[code].status, "r1")
    assert told["message"].startswith("This is the case.")
    assert isinstance(told["title"], str)
