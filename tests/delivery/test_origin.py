"""The origin as players, browsers and strangers meet it."""

from __future__ import annotations

import email
import os
import time
from email import policy
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from playhead.model.signing import Signer
from playhead.model.urls import Urls, version
from tests.delivery.conftest import FILM, POSTER, STILL, Origin

LAST_MODIFIED = "Sun, 01 Nov 2026 12:00:00 GMT"
IMMUTABLE = "public, max-age=31536000, immutable"


async def test_a_public_rendition_is_served_whole(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    answer = await origin.client.get(origin.urls.rendition(video.id, "480p", video.film_key))
    assert answer.status_code == 200
    assert answer.content == FILM
    headers = answer.headers
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == str(len(FILM))
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == IMMUTABLE
    assert headers["last-modified"] == LAST_MODIFIED
    assert headers["etag"].startswith('"')
    assert headers["content-disposition"] == "inline"
    assert headers["x-content-type-options"] == "nosniff"
    policy_parts = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy_parts)
    assert not any(part.startswith(("script-src", "sandbox allow")) for part in policy_parts)
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["access-control-allow-origin"] == "*"
    assert "Content-Range" in headers["access-control-expose-headers"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


async def test_images_are_served(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    poster = await origin.client.get(origin.urls.poster(video.id, video.poster_key))
    still = await origin.client.get(origin.urls.thumbnail(video.id, "480p", 0, video.still_key))
    assert (poster.content, poster.headers["content-type"]) == (POSTER, "image/jpeg")
    assert (still.content, still.headers["content-type"]) == (STILL, "image/jpeg")
    assert poster.headers["cache-control"] == still.headers["cache-control"] == IMMUTABLE
    assert poster.headers["etag"] != still.headers["etag"]
    missing = await origin.client.get(origin.urls.thumbnail(video.id, "480p", 1, video.still_key))
    assert missing.status_code == 404


async def test_only_the_url_of_the_current_bytes_may_be_kept_for_ever(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    for query in ("", "?v=", "?v=000000000000", f"?v={version('another')}", "?x=1"):
        answer = await origin.client.get(f"/v/{video.id}/480p.mp4{query}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=60"


async def test_head_tells_what_get_would(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    urls = [
        origin.urls.rendition(video.id, "480p", video.film_key),
        origin.urls.poster(video.id, video.poster_key),
    ]
    for url in urls:
        head, get = await origin.client.head(url), await origin.client.get(url)
        assert head.status_code == 200
        assert head.content == b""
        varying = {"date"}
        assert {k: v for k, v in head.headers.items() if k not in varying} == {
            k: v for k, v in get.headers.items() if k not in varying
        }
        # Ranges are for GET; asking on HEAD changes nothing.
        ranged = await origin.client.head(url, headers={"range": "bytes=0-1"})
        assert (ranged.status_code, ranged.headers["content-length"]) == (200, head.headers["content-length"])


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=1000-1999", 1000, 2000), ("bytes=-7", len(FILM) - 7, len(FILM))],
)
async def test_a_single_range(origin: Origin, asked: str, start: int, end: int) -> None:
    video = await origin.video(is_public=True)
    answer = await origin.client.get(f"/v/{video.id}/480p.mp4", headers={"range": asked})
    assert answer.status_code == 206
    assert answer.content == FILM[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(FILM)}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["content-type"] == "video/mp4"


async def test_several_ranges(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    spans = [(5, 9), (1_500_000, 1_500_100), (0, 0)]
    asked = "bytes=" + ",".join(f"{first}-{last}" for first, last in spans)
    answer = await origin.client.get(f"/v/{video.id}/480p.mp4", headers={"range": asked})
    assert answer.status_code == 206
    assert "content-range" not in answer.headers
    message = email.message_from_bytes(
        b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content,
        policy=policy.HTTP,
    )
    parts = list(message.iter_parts())
    assert [part.get_payload(decode=True) for part in parts] == [
        FILM[first : last + 1] for first, last in spans
    ]
    assert [part["Content-Range"] for part in parts] == [
        f"bytes {first}-{last}/{len(FILM)}" for first, last in spans
    ]


async def test_a_thousand_overlapping_ranges_get_the_file_once(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    asked = "bytes=" + ",".join("0-" for _ in range(1000))
    answer = await origin.client.get(f"/v/{video.id}/480p.mp4", headers={"range": asked})
    assert answer.status_code == 200
    assert answer.content == FILM


async def test_a_range_beyond_the_end_tells_the_length(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    answer = await origin.client.get(f"/v/{video.id}/480p.mp4", headers={"range": f"bytes={len(FILM)}-"})
    assert answer.status_code == 416
    assert answer.json()["code"] == "range_not_satisfiable"
    assert answer.headers["content-range"] == f"bytes */{len(FILM)}"
    assert answer.headers["cache-control"] == "no-store"


async def test_what_the_client_holds_is_not_sent_again(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    url = origin.urls.rendition(video.id, "480p", video.film_key)
    etag = (await origin.client.head(url)).headers["etag"]
    for condition in ({"if-none-match": etag}, {"if-modified-since": LAST_MODIFIED}):
        answer = await origin.client.get(url, headers=condition)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == IMMUTABLE
    assert (await origin.client.get(url, headers={"if-none-match": '"other"'})).status_code == 200
    refused = await origin.client.get(url, headers={"if-match": '"other"'})
    assert (refused.status_code, refused.content) == (412, b"")


async def test_a_range_of_other_bytes_is_answered_with_the_whole(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    url = f"/v/{video.id}/480p.mp4"
    etag = (await origin.client.head(url)).headers["etag"]
    expected = {etag: 206, '"other"': 200, f"W/{etag}": 200, LAST_MODIFIED: 206}
    for if_range, status in expected.items():
        answer = await origin.client.get(url, headers={"range": "bytes=0-9", "if-range": if_range})
        assert (answer.status_code, len(answer.content)) == (status, 10 if status == 206 else len(FILM))


async def test_a_download_is_named_after_the_upload(origin: Origin) -> None:
    video = await origin.video(is_public=True, filename='Ü"\r\nSet-Cookie: a=b.mov')
    answer = await origin.client.get(f"/v/{video.id}/480p.mp4", params={"download": "1"})
    assert answer.headers["content-disposition"] == (
        'attachment; filename="__Set-Cookie_ a=b-480p.mp4"; '
        "filename*=UTF-8''%C3%9C_Set-Cookie_%20a%3Db-480p.mp4"
    )
    assert "set-cookie" not in answer.headers


async def test_a_private_video_opens_with_its_token_only(origin: Origin) -> None:
    video = await origin.video(is_public=False)
    token = origin.urls.playback_token(video.id, int(time.time()) + 3600)
    film = await origin.client.get(origin.urls.rendition(video.id, "480p", video.film_key, token))
    assert (film.status_code, film.content) == (200, FILM)
    scope, age, immutable = film.headers["cache-control"].split(", ")
    assert (scope, immutable) == ("private", "immutable")
    assert 3590 <= int(age.removeprefix("max-age=")) <= 3600
    assert (await origin.client.get(origin.urls.poster(video.id, video.poster_key, token))).content == POSTER
    url = origin.urls.thumbnail(video.id, "480p", 0, video.still_key, token)
    assert (await origin.client.get(url)).content == STILL
    ranged = await origin.client.get(
        origin.urls.rendition(video.id, "480p", video.film_key, token), headers={"range": "bytes=3-5"}
    )
    assert (ranged.status_code, ranged.content) == (206, FILM[3:6])


async def test_a_private_video_without_its_token_looks_like_none_at_all(origin: Origin) -> None:
    private = await origin.video(is_public=False)
    for name in ("480p.mp4", "poster.jpg", "thumbnail-480p-0.jpg", "720p.mp4", "1080p.mp4"):
        ours = await origin.client.get(f"/v/{private.id}/{name}")
        nobodys = await origin.client.get(f"/v/{uuid4()}/{name}")
        assert ours.status_code == nobodys.status_code == 404
        assert ours.content == nobodys.content
        assert sorted(ours.headers) == sorted(nobodys.headers)
        head = await origin.client.head(f"/v/{private.id}/{name}")
        assert head.status_code == 404


async def test_other_tokens_open_nothing(origin: Origin) -> None:
    video, other = await origin.video(is_public=False), await origin.video(is_public=False)
    later = int(time.time()) + 3600
    refused = {
        origin.urls.playback_token(other.id, later): 403,
        origin.urls.playback_token(video.id, later)[:-1] + "!": 403,
        origin.signer.sign("upload", str(video.id), later): 403,
        Urls("", Signer(["s" * 32])).playback_token(video.id, later): 403,
        "": 403,
        origin.urls.playback_token(video.id, int(time.time())): 410,
        origin.urls.playback_token(video.id, 1): 410,
    }
    for token, status in refused.items():
        answer = await origin.client.get(origin.urls.rendition(video.id, "480p", video.film_key, token))
        assert (answer.status_code, token) == (status, token)
        assert answer.headers["cache-control"] == "no-store"
    no_mark = origin.urls.rendition(
        video.id, "480p", video.film_key, origin.urls.playback_token(video.id, later)
    )
    assert (await origin.client.get(no_mark.replace("/~", "/"))).status_code == 404


async def test_a_token_limits_a_public_video_too(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    good = origin.urls.playback_token(video.id, int(time.time()) + 60)
    over = origin.urls.playback_token(video.id, 1)
    assert (await origin.client.head(origin.urls.poster(video.id, video.poster_key, good))).status_code == 200
    assert (await origin.client.head(origin.urls.poster(video.id, video.poster_key, over))).status_code == 410


async def test_any_page_may_ask(origin: Origin) -> None:
    video = await origin.video(is_public=False)
    token = origin.urls.playback_token(video.id, int(time.time()) + 60)
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}
    for path in (f"/v/{video.id}/480p.mp4", f"/v/{video.id}/~{token}/480p.mp4", f"/v/{uuid4()}/x"):
        answer = await origin.client.options(
            path, headers={**asked, "access-control-request-headers": "range"}
        )
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Range" in answer.headers["access-control-allow-headers"]
        assert "GET" in answer.headers["access-control-allow-methods"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_refusals_are_guarded_like_everything_else(origin: Origin) -> None:
    answer = await origin.client.get(f"/v/{uuid4()}/480p.mp4")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    for name in ("x-content-type-options", "content-security-policy", "access-control-allow-origin"):
        assert name in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_not_finished_is_not_found(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    for name in ("720p.mp4", "1080p.mp4", "thumbnail-720p-0.jpg"):
        assert (await origin.client.get(f"/v/{video.id}/{name}")).status_code == 404


async def test_it_only_reads(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await origin.client.request(method, f"/v/{video.id}/480p.mp4", content=b"x")
        assert answer.status_code == 405


STRAY_PATHS = [
    "/v/{id}/",
    "/v/{id}",
    "/v/{id}/../../etc/passwd",
    "/v/{id}/..%2f..%2fetc%2fpasswd",
    "/v/{id}/%2e%2e/%2e%2e/etc/passwd",
    "/v/{id}/%252e%252e%252f480p.mp4",
    "/v/{id}/480p.mp4%00",
    "/v/{id}/480p.mp4%0d%0aSet-Cookie:%20x=1",
    "/v/{id}/480p.mp4;x",
    "/v/{id}/~/480p.mp4",
    "/v/{id}/~a.b.c/480p.mp4",
    "/v/{id}/~%2e%2e/480p.mp4",
    "/v/{id}/videos%2f{id}%2fsource%2fa",
    "/v/{id}/source",
    "/v/not-a-uuid/480p.mp4",
    "/v/00000000-0000-0000-0000-00000000000g/480p.mp4",
    "/v/{id}%00/480p.mp4",
    "/v/../v/{id}/source",
    "/v/" + "a" * 10_000,
    "/v/{id}/" + "a" * 10_000,
    "/v/{id}/~" + "a" * 10_000 + "/480p.mp4",
    "/v/{id}/%ff%fe",
    "/v/{id}/%c3%a4.mp4",
]


async def test_no_path_leads_anywhere_else(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    base = origin.client.base_url
    for path in STRAY_PATHS:
        raw = path.format(id=video.id).encode()
        answer = await origin.client.get(
            httpx.URL(scheme="http", host=base.host, port=base.port, raw_path=raw)
        )
        assert (path, answer.status_code in (400, 403, 404)) == (path, True)
        assert "set-cookie" not in answer.headers
        assert b"root:" not in answer.content


async def test_bytes_that_are_gone_are_an_error_not_an_empty_film(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    await origin.storage.delete(video.film_key)
    await origin.storage.delete(video.poster_key)
    for name in ("480p.mp4", "poster.jpg"):
        answer = await origin.client.get(f"/v/{video.id}/{name}")
        assert answer.status_code == 500
        assert answer.json()["code"] == "source_missing"


async def test_a_file_shorter_than_recorded_breaks_off(origin: Origin, tmp_path: Path) -> None:
    video = await origin.video(is_public=True)
    async with origin.storage.local(video.film_key) as path:
        os.truncate(path, 100)
    with pytest.raises(httpx.RemoteProtocolError):
        await origin.client.get(f"/v/{video.id}/480p.mp4")


async def test_viewers_who_leave_hold_nothing_open(origin: Origin) -> None:
    video = await origin.video(is_public=True)
    url = f"/v/{video.id}/480p.mp4"
    await origin.client.head(url)
    held = str(origin.storage._root)
    for _ in range(10):
        async with origin.client.stream("GET", url) as answer:
            async for _ in answer.aiter_raw(1000):
                break
    for _ in range(200):
        if not _open_files_below(held):
            break
        await origin.client.head(url)
    assert _open_files_below(held) == []


def _open_files_below(folder: str) -> list[str]:
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except FileNotFoundError:
            continue
        if target.startswith(folder):
            found.append(target)
    return found
