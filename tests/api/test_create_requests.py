"""What may be asked for, in both spellings, and what is wrong with the rest."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.api.requests import from_fields, read_create
from playhead.model.errors import PlayheadError

GOOD: dict[str, Any] = {"filename": "a.mp4", "resolutions": ["480p", "720p", "480p"], "isPublic": True}


def test_newer_and_older_names_mean_the_same() -> None:
    newer = {"fileSizeBytes": 5, "thumbnailTimestampsSeconds": [1, 2.5], "customMetadata": {"a": 1}}
    older = {"file_size_bytes": 5, "thumbnail_timestamps_seconds": [1, 2.5], "custom_user_metadata": {"a": 1}}
    assert from_fields({**GOOD, **newer}) == from_fields({**GOOD, **older})
    assert from_fields(GOOD).resolutions == ["480p", "720p"]
    assert from_fields({**GOOD, "name": "ignored", "fileSizeBytes": None}).size_bytes is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"filename": ""}, "invalid_request"),
        ({"filename": "x" * 256}, "invalid_request"),
        ({"filename": "a\x00.mp4"}, "invalid_request"),
        ({"resolutions": []}, "invalid_request"),
        ({"resolutions": ["481p"]}, "invalid_request"),
        ({"resolutions": "480p"}, "invalid_request"),
        ({"isPublic": "yes"}, "invalid_request"),
        ({"fileSizeBytes": -1}, "invalid_request"),
        ({"fileSizeBytes": 5 * 1024**3 + 1}, "upload_too_large"),
        ({"thumbnailTimestampsSeconds": [-1]}, "invalid_request"),
        ({"customMetadata": {"a": "x" * 20_000}}, "invalid_request"),
        ({"customMetadata": {"a": ["\0"]}}, "invalid_request"),
    ],
)
def test_each_mistake_is_named(change: dict[str, Any], code: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        from_fields({**GOOD, **change})
    assert caught.value.code == code


def test_metadata_may_speak_of_escapes() -> None:
    assert from_fields({**GOOD, "customMetadata": {"a": "\\u0000"}}).metadata == {"a": "\\u0000"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(PlayheadError) as caught:
        read_create(body)
    assert caught.value.code == "malformed_request"


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "fileSizeBytes", "customMetadata", "x"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_whatever_is_asked_is_answered_by_name(fields: dict[str, Any]) -> None:
    status = 201
    try:
        read_create(msgspec.json.encode(fields))
    except PlayheadError as error:
        status = error.kind.status
    assert status in (201, 400, 413, 422)
