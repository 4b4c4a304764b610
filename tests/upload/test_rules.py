"""What may be uploaded, as tables."""

from __future__ import annotations

import pytest

from playhead.model.errors import PlayheadError
from playhead.upload.rules import check_announced, check_content_type, content_type_of


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("a.mp4", "video/mp4"),
        ("A.MOV", "video/quicktime"),
        ("x.tar.webm", "video/webm"),
        ("film.mkv", "video/x-matroska"),
        ("noextension", "application/octet-stream"),
        ("odd.xyz", "application/octet-stream"),
    ],
)
def test_the_extension_names_the_content_type(filename: str, expected: str) -> None:
    assert content_type_of(filename) == expected


@pytest.mark.parametrize("sent", ["video/mp4", "Video/MP4", "video/mp4; codecs=avc1", " video/mp4 "])
def test_types_are_compared_without_case_and_parameters(sent: str) -> None:
    check_content_type(sent, "video/mp4")


@pytest.mark.parametrize("sent", [None, "", "text/html", "video/mp4x"])
def test_another_type_is_refused(sent: str | None) -> None:
    with pytest.raises(PlayheadError) as caught:
        check_content_type(sent, "video/mp4")
    assert caught.value.code == "content_type_mismatch"


@pytest.mark.parametrize(
    ("announced", "declared", "code"),
    [
        (None, 10, None),
        (10, 10, None),
        (100, None, None),
        (11, 10, "upload_too_large"),
        (9, 10, "size_mismatch"),
        (101, None, "upload_too_large"),
    ],
)
def test_an_announced_size_must_be_the_declared_one(
    announced: int | None, declared: int | None, code: str | None
) -> None:
    if code is None:
        check_announced(announced, declared, most=100)
        return
    with pytest.raises(PlayheadError) as caught:
        check_announced(announced, declared, most=100)
    assert caught.value.code == code
