"""`Upload-Metadata` as clients spell it, and what is made of it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.errors import PlayheadError
from playhead.upload.tus_metadata import MAX_HEADER, parse, wishes

names = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1)


@given(pairs=st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"])), max_size=6))
def test_every_pair_comes_back(pairs: dict[str, str]) -> None:
    header = ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in pairs.items())
    assert parse(header) == pairs


def test_odd_spellings() -> None:
    assert parse("") == {}
    assert parse("is_confidential") == {"is_confidential": ""}
    assert parse(" a YQ== , b Yg==") == {"a": "a", "b": "b"}


@pytest.mark.parametrize(
    "header", ["a YQ==,a Yg==", ",", "a YQ==,", "a !!!", "a /w==", "ü YQ==", "a " + "A" * MAX_HEADER]
)
def test_what_cannot_be_read(header: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        parse(header)
    assert caught.value.code == "malformed_request"


def test_what_uppy_and_tus_js_client_say() -> None:
    asked = wishes(
        {"relativePath": "null", "name": "a.mp4", "type": "video/mp4", "filename": "b.mp4", "filetype": "x"},
        5,
    )
    assert (asked.filename, asked.size_bytes, asked.metadata) == ("b.mp4", 5, {})
    assert (asked.resolutions, asked.is_public, asked.thumbnail_seconds) == (None, None, [])


def test_a_videos_settings() -> None:
    asked = wishes(
        {
            "resolutions": "360p, 720p",
            "isPublic": "TRUE",
            "thumbnail_seconds": "0,1.5",
            "play_while_uploading": "1",
            "loudness": "normalised",
        },
        None,
    )
    assert (asked.resolutions, asked.is_public, asked.thumbnail_seconds) == (["360p", "720p"], True, [0, 1.5])
    assert (asked.play_while_uploading, asked.loudness) == (True, "normalised")
    assert wishes({}, None).loudness == "source"
    assert wishes({"is_public": "0"}, None).is_public is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_public", "perhaps"),
        ("thumbnail_seconds", "x"),
        ("thumbnail_seconds", "-1"),
        ("thumbnail_seconds", "nan"),
        ("loudness", "louder"),
    ],
)
def test_settings_that_mean_nothing(name: str, value: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        wishes({name: value}, None)
    assert (caught.value.code, caught.value.field) == ("invalid_request", name)


def test_a_checksum_is_no_metadata() -> None:
    asked = wishes({"filename": "a.mp4", "checksum": "sha-256:00", "post": "7"}, None)
    assert (asked.checksum, asked.metadata) == ("sha-256:00", {"post": "7"})
