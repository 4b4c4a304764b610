"""Names, access, caching and download names: the small pure rules of the origin."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from playhead.delivery import access, cache, disposition, names
from playhead.delivery.names import Poster, Rendition, Thumbnail
from playhead.model.errors import PlayheadError
from playhead.model.resolutions import SHORT_SIDES
from playhead.model.signing import Signer
from playhead.model.urls import Urls

VIDEO = UUID("7b0e3a4c-0000-4000-8000-000000000001")
OTHER = UUID("7b0e3a4c-0000-4000-8000-000000000002")
SIGNER = Signer(["n" * 32])
URLS = Urls("http://h", SIGNER)


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1].split("?")[0]


@pytest.mark.parametrize("resolution", SHORT_SIDES)
def test_every_url_that_is_handed_out_can_be_read_back(resolution: str) -> None:
    assert names.parse(_name(URLS.rendition(VIDEO, resolution, "k"))) == Rendition(resolution)
    assert names.parse(_name(URLS.thumbnail(VIDEO, resolution, 12, "k"))) == Thumbnail(resolution, 12)
    assert names.parse(_name(URLS.poster(VIDEO, "k"))) == Poster()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "480p",
        "480P.mp4",
        "480p.mp4\n",
        "481p.mp4",
        "0480p.mp4",
        "480p.mp4.mp4",
        "x480p.mp4",
        "480p.webm",
        "source",
        "audio.mp4",
        "poster.png",
        "poster.jpg/",
        "Poster.jpg",
        "thumbnail-480p.jpg",
        "thumbnail-480p-00.jpg",
        "thumbnail-480p--1.jpg",
        "thumbnail-480p-1٢.jpg",
        "thumbnail-480p-1234567.jpg",
        "thumbnail-audio-0.jpg",
        "..",
        "../480p.mp4",
    ],
)
def test_other_names_are_not_found(name: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        names.parse(name)
    assert caught.value.code == "not_found"


def test_a_token_says_how_long_it_works() -> None:
    segment = "~" + URLS.playback_token(VIDEO, 1000)
    assert access.seconds_left(SIGNER, VIDEO, segment, 400) == 600
    assert access.seconds_left(SIGNER, VIDEO, segment, 999) == 1


@pytest.mark.parametrize(
    ("video", "segment", "now", "code"),
    [
        (VIDEO, "~" + URLS.playback_token(VIDEO, 1000), 1000, "url_expired"),
        (OTHER, "~" + URLS.playback_token(VIDEO, 1000), 0, "url_invalid"),
        (VIDEO, "~" + SIGNER.sign("upload", str(VIDEO), 1000), 0, "url_invalid"),
        (VIDEO, "~", 0, "url_invalid"),
        (VIDEO, "~~" + URLS.playback_token(VIDEO, 1000), 0, "url_invalid"),
        (VIDEO, URLS.playback_token(VIDEO, 1000), 0, "not_found"),
        (VIDEO, "", 0, "not_found"),
    ],
)
def test_other_tokens_are_refused(video: UUID, segment: str, now: int, code: str) -> None:
    with pytest.raises(PlayheadError) as caught:
        access.seconds_left(SIGNER, video, segment, now)
    assert caught.value.code == code


def test_a_private_video_without_a_token_is_not_found() -> None:
    access.admit(is_public=True, has_token=False)
    access.admit(is_public=True, has_token=True)
    access.admit(is_public=False, has_token=True)
    with pytest.raises(PlayheadError) as caught:
        access.admit(is_public=False, has_token=False)
    assert (caught.value.code, caught.value.detail) == ("not_found", "")


@pytest.mark.parametrize(
    ("versioned", "seconds_left", "expected"),
    [
        (True, None, "public, max-age=31536000, immutable"),
        (False, None, "public, max-age=60"),
        (True, 3600, "private, max-age=3600, immutable"),
        (False, 3600, "private, max-age=60"),
        (False, 5, "private, max-age=5"),
        (True, 99_999_999, "private, max-age=31536000, immutable"),
    ],
)
def test_who_may_keep_an_answer(versioned: bool, seconds_left: int | None, expected: str) -> None:
    assert cache.control(versioned=versioned, seconds_left=seconds_left) == expected


@pytest.mark.parametrize(
    ("filename", "plain", "encoded"),
    [
        ("holiday.mov", "holiday-480p.mp4", "holiday-480p.mp4"),
        ("my film.v2.mov", "my film.v2-480p.mp4", "my%20film.v2-480p.mp4"),
        ("Grüße.mp4", "Gr__e-480p.mp4", "Gr%C3%BC%C3%9Fe-480p.mp4"),
        ('a"b\\c/d.mp4', "d-480p.mp4", "d-480p.mp4"),
        ('say "hi".mp4', "say _hi_-480p.mp4", "say%20_hi_-480p.mp4"),
        ("../../etc/passwd", "passwd-480p.mp4", "passwd-480p.mp4"),
        ("a\r\nSet-Cookie: x=1.mp4", "aSet-Cookie_ x=1-480p.mp4", "aSet-Cookie_%20x%3D1-480p.mp4"),
        ("invoice\u202efdp.mp4", "invoicefdp-480p.mp4", "invoicefdp-480p.mp4"),
        ("\ud800.mp4", "video-480p.mp4", "video-480p.mp4"),
        (".mp4", "mp4-480p.mp4", "mp4-480p.mp4"),
        ("   ", "video-480p.mp4", "video-480p.mp4"),
        ("..", "video-480p.mp4", "video-480p.mp4"),
        ("/", "video-480p.mp4", "video-480p.mp4"),
    ],
)
def test_a_download_is_named_after_the_upload(filename: str, plain: str, encoded: str) -> None:
    assert (
        disposition.attachment(filename, "-480p.mp4")
        == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    )


@given(some.text(max_size=300))
def test_any_filename_makes_a_header_that_says_one_thing(filename: str) -> None:
    header = disposition.attachment(filename, "-480p.mp4")
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert len(header) < 2000
