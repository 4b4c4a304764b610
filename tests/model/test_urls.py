"""The URLs as clients see them."""

from __future__ import annotations

from uuid import UUID

from playhead.model.signing import Signer
from playhead.model.urls import Urls, version

SIGNER = Signer(["n" * 32])
URLS = Urls("https://video.example", SIGNER)
VIDEO = UUID("7b0e3a4c-0000-4000-8000-000000000001")
KEY = f"videos/{VIDEO}/rendition/480p/a1.mp4"


def test_a_public_video_has_plain_urls() -> None:
    v = version(KEY)
    assert URLS.rendition(VIDEO, "480p", KEY) == f"https://video.example/v/{VIDEO}/480p.mp4?v={v}"
    assert URLS.poster(VIDEO, KEY) == f"https://video.example/v/{VIDEO}/poster.jpg?v={v}"
    assert URLS.thumbnail(VIDEO, "4k", 2, KEY) == f"https://video.example/v/{VIDEO}/thumbnail-4k-2.jpg?v={v}"
    assert URLS.embed(VIDEO) == f"https://video.example/embed/{VIDEO}"


def test_a_private_video_carries_its_token_as_a_path_segment() -> None:
    token = URLS.playback_token(VIDEO, 2_000_000_000)
    SIGNER.verify("playback", str(VIDEO), token, 1_999_999_999)
    base = f"https://video.example/v/{VIDEO}/~{token}"
    assert URLS.rendition(VIDEO, "480p", KEY, token).startswith(f"{base}/480p.mp4?v=")
    assert URLS.poster(VIDEO, KEY, token).startswith(f"{base}/poster.jpg?v=")
    assert URLS.thumbnail(VIDEO, "480p", 0, KEY, token).startswith(f"{base}/thumbnail-480p-0.jpg?v=")
    assert URLS.embed(VIDEO, token) == f"https://video.example/embed/{VIDEO}/~{token}"


def test_an_upload_url_opens_that_upload_only() -> None:
    url = URLS.upload(VIDEO, 2_000_000_000)
    prefix, upload_id, token = url.rsplit("/", 2)
    assert (prefix, upload_id) == ("https://video.example/uploads", str(VIDEO))
    SIGNER.verify("upload", upload_id, token, 0)


def test_other_bytes_have_another_url() -> None:
    assert URLS.poster(VIDEO, KEY) != URLS.poster(VIDEO, KEY.replace("a1", "a2"))
    assert URLS.poster(VIDEO, KEY) == URLS.poster(VIDEO, KEY)


def test_a_version_gives_the_key_away_to_nobody() -> None:
    assert len(version(KEY)) == 12
    assert "a1" not in URLS.rendition(VIDEO, "480p", KEY).replace(version(KEY), "")


def test_a_slash_at_the_end_of_the_base_is_not_doubled() -> None:
    assert Urls("http://127.0.0.1:8000/", SIGNER).embed(VIDEO) == f"http://127.0.0.1:8000/embed/{VIDEO}"
