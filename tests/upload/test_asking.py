"""What an uploader gets of what it asks for, with a key and within a grant."""

from __future__ import annotations

from typing import Any

import pytest

from playhead.model.errors import PlayheadError
from playhead.model.resolutions import DEFAULT_RESOLUTIONS
from playhead.upload.asking import Wishes, wished

OPEN: dict[str, Any] = {"resolutions": None, "is_public": None, "metadata": None}


@pytest.mark.parametrize("grant", [None, OPEN])
def test_with_a_key_or_an_open_grant_anything_can_be_asked_for(grant: dict[str, Any] | None) -> None:
    plain = wished(Wishes("a.mp4"), grant)
    assert (plain.resolutions, plain.is_public) == (list(DEFAULT_RESOLUTIONS), True)
    assert (plain.metadata, plain.auto_complete) == (None, True)
    asked = wished(Wishes("a.mp4", 5, ["144p"], False, [1.5], {"a": "b"}, True), grant)
    assert (asked.resolutions, asked.is_public, asked.size_bytes) == (["144p"], False, 5)
    assert (asked.thumbnail_seconds, asked.metadata) == ([1.5], {"a": "b"})
    assert asked.play_while_uploading


def test_a_grant_decides_what_is_made_unless_less_is_asked_for() -> None:
    grant = {**OPEN, "resolutions": ["360p", "720p"]}
    assert wished(Wishes("a.mp4"), grant).resolutions == ["360p", "720p"]
    assert wished(Wishes("a.mp4", resolutions=["720p"]), grant).resolutions == ["720p"]
    with pytest.raises(PlayheadError) as caught:
        wished(Wishes("a.mp4", resolutions=["720p", "4k"]), grant)
    assert (caught.value.code, caught.value.field) == ("invalid_request", "resolutions")


@pytest.mark.parametrize(
    ("granted", "asked", "is_public"),
    [
        (None, None, True),
        (None, False, False),
        (True, None, True),
        (True, False, False),
        (False, None, False),
    ],
)
def test_a_video_is_public_only_where_the_grant_lets_it(
    granted: bool | None, asked: bool | None, is_public: bool
) -> None:
    request = wished(Wishes("a.mp4", is_public=asked), {**OPEN, "is_public": granted})
    assert request.is_public is is_public


def test_a_private_grant_makes_nothing_public() -> None:
    with pytest.raises(PlayheadError) as caught:
        wished(Wishes("a.mp4", is_public=True), {**OPEN, "is_public": False})
    assert (caught.value.code, caught.value.field) == ("invalid_request", "is_public")


def test_what_the_application_says_of_a_video_cannot_be_replaced() -> None:
    grant = {**OPEN, "metadata": {"user": 42}}
    assert wished(Wishes("a.mp4", metadata={"user": "1", "x": "y"}), grant).metadata == {"user": 42, "x": "y"}


@pytest.mark.parametrize("filename", ["", " ", "x" * 256, "a\0.mp4", "a\n.mp4"])
def test_a_name_must_be_one(filename: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        wished(Wishes(filename), None)
    assert caught.value.field == "filename"
